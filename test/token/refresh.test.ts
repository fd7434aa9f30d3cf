import assert from "node:assert/strict";
import { tokenResource } from "../../src/hosts/shared/resource";
import { FakeTurso } from "../support/fake-turso";

describe("a refresh of an AuthToken", () => {
  const turso = FakeTurso.use();
  const logic = () => tokenResource(turso.context({ clock: () => new Date() }));
  const token = (scope: { database: string } | { group: string }) => ({ scope, organization: "acme" });

  it("finds that its database was deleted and made again under its name, although the host does not answer", async () => {
    const { id, state } = await logic().create(token({ database: "reports" }));
    turso.emulator.platform.deleteDatabase("reports");
    await turso.emulator.platform.createDatabase("reports", "default");
    turso.emulator.fault({
      plane: "data",
      path: /./,
      when: "before",
      action: { type: "status", status: 404 },
    });
    const seen = await logic().read(id, state);
    assert.ok(!seen.gone);
    assert.equal(seen.state.rejected, true);
    assert.match(turso.warnings.join("\n"), /was deleted and made again under its name/);
    turso.emulator.clearFaults();
    const next = await logic().update(seen.state, token({ database: "reports" }));
    assert.notEqual(next.token, state.token);
    assert.deepEqual(await logic().read(id, next), { gone: false, state: next });
  });

  it("keeps a group's token although the first of its databases was replaced", async () => {
    const { id, state } = await logic().create(token({ group: "solo" }));
    turso.emulator.platform.deleteDatabase("lone");
    await turso.emulator.platform.createDatabase("lone", "solo");
    assert.deepEqual(await logic().read(id, state), { gone: false, state });
  });

  it("keeps a token that is accepted, and removes one whose target is gone", async () => {
    const { id, state } = await logic().create(token({ group: "solo" }));
    assert.deepEqual(await logic().read(id, state), { gone: false, state });
    const gone = { ...state, scope: { database: "never" } };
    assert.deepEqual(await logic().read("acme/databases/never", gone), { gone: true });
    assert.match(turso.warnings.join(), /no longer exists .*, so its token leaves the state\./);
  });

  it("marks a token that is rejected, so that it is minted again", async () => {
    const { id, state } = await logic().create(token({ database: "app" }));
    turso.emulator.platform.rotateGroup("default");
    assert.deepEqual(await logic().read(id, state), { gone: false, state: { ...state, rejected: true } });
  });

  for (const [what, plane, status] of [
    ["the API answers 500", "control", 500],
    ["the database answers 503", "data", 503],
  ] as const)
    it(`keeps the token with a warning if ${what}`, async () => {
      const { id, state } = await logic().create(token({ database: "app" }));
      turso.emulator.fault({
        plane,
        path: /./,
        when: "before",
        action: { type: "status", status },
        times: 99,
      });
      assert.deepEqual(await logic().read(id, state), { gone: false, state });
      assert.match(turso.warnings.join(), /The state stays as it is\./);
    });

  it("marks a token that is rejected where it was accepted before, although the API token may not look it up", async () => {
    const { id, state } = await logic().create(token({ database: "app" }));
    turso.emulator.platform.rotateGroup("default");
    turso.onLookUp({ type: "status", status: 403 }, 99);
    assert.deepEqual(await logic().read(id, state), { gone: false, state: { ...state, rejected: true } });
    assert.deepEqual(turso.warnings, [
      "acme/databases/app: the database rejects its token, so the next update mints a new one.",
    ]);
  });

  it("asks nobody about a token of a group without databases", async () => {
    const { id, state } = await logic().create(token({ group: "bare" }));
    turso.emulator.clearLog();
    assert.deepEqual(await logic().read(id, state), { gone: false, state });
    assert.equal(turso.emulator.log.filter(({ plane }) => plane === "data").length, 0);
  });

  it("accepts a database whose id is not known, then or now", async () => {
    const { id, state } = await logic().create(token({ database: "app" }));
    const { hostname = "", group = "" } = state.endpoint ?? {};
    for (const endpoint of [undefined, { hostname, group }]) {
      const old = { ...state, ...(endpoint && { endpoint }) };
      if (endpoint === undefined) delete old.endpoint;
      assert.deepEqual(await logic().read(id, old), { gone: false, state: old });
    }
  });

  it("says how to refresh with the new API token if the one in stack config was exchanged, and only then", async () => {
    const { id, state } = await logic().create(token({ database: "app" }));
    for (const [apiTokenOrigin, isSaid] of [
      ["stack config turso:apiToken", true],
      ["the environment's TURSO_API_TOKEN", false],
    ] as const) {
      turso.forgetMessages();
      turso.onLookUp({ type: "status", status: 401 });
      const settings = turso.settings({ apiTokenOrigin });
      const context = turso.context({ settings, clock: () => new Date() });
      await tokenResource(context).read(id, state);
      assert.equal(turso.warnings.join().includes("refresh with --run-program"), isSaid);
    }
  });
});

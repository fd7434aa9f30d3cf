import assert from "node:assert/strict";
import { rotationResource, tokenResource } from "../../../src/hosts/shared/resource";
import type { RotationState } from "../../../src/rotation/state";
import { FakeTurso, NOW, failure, inputs, state, unfinishedRun } from "../../support/fake-turso";
import { OWED } from "../results";

describe("a run of a list", () => {
  const turso = FakeTurso.use();
  const OLD = "2026-01-01T00:00:00.000Z";
  const both = { scope: { databases: ["app", "reports"] } };
  const before = state({ ...both, rotations: { app: OLD, reports: OLD } });
  const refuse = (name: string, times = 1): void =>
    turso.emulator.fault({
      path: new RegExp(`/${name}/auth/rotate$`),
      when: "before",
      action: { type: "status", status: 402, body: '{"error":"no"}' },
      times,
    });
  const REFUSED =
    "the API answered 402 (no). Nothing was changed. The organization's plan or payment does not allow it. See its billing page.";

  it("succeeds if one member failed, so that what depends on the others is updated", async () => {
    refuse("reports");
    const after = await turso.logic().update(before, inputs({ ...both, trigger: "2" }));
    assert.notEqual(after.rotationId, before.rotationId);
    assert.deepEqual(after.rotations, { app: NOW, reports: OLD });
    assert.deepEqual(
      [after.failures, after.pending],
      [{ reports: REFUSED }, { reports: { ...OWED, wasSeen: true } }],
    );
    turso.emulator.clearLog();
    const next = await turso.logic().update(after, inputs({ ...both, trigger: "2" }));
    assert.deepEqual(turso.rotateRequests(), ["POST ~/databases/reports/auth/rotate 200"]);
    assert.deepEqual([next.failures, next.pending], [{}, undefined]);
    assert.deepEqual(next.rotations, { app: NOW, reports: NOW });
  });

  it("fails if all members certainly stayed as they were, so that the trigger is not saved", async () => {
    refuse("app");
    refuse("reports");
    const { message } = await failure(turso.logic().update(before, inputs({ ...both, trigger: "2" })));
    assert.match(
      message,
      /^Rotating acme\/databases: none of 2 was rotated\. 2 \(app, reports\): the API answered 402/,
    );
  });

  it("saves what failed again if it only continued an earlier run", async () => {
    refuse("reports");
    const left = { ...before, pending: { reports: OWED }, failures: { reports: "why" } };
    const { state: after } = await unfinishedRun(turso.logic().update(left, inputs(both)));
    assert.deepEqual(
      [after.failures, after.pending],
      [{ reports: REFUSED }, { reports: { ...OWED, wasSeen: true } }],
    );
    assert.equal(after.rotationId, before.rotationId);
  });

  it("rotates the others if a name was never seen, and does nothing for one that is gone", async () => {
    const scope = { databases: ["app", "typo", "deleted"] };
    const olds = state({ scope: { databases: ["app", "deleted"] }, rotations: { app: OLD, deleted: OLD } });
    const after = await turso.logic().update(olds, inputs({ scope, trigger: "2" }));
    assert.deepEqual(turso.rotations(), ["database app"]);
    assert.deepEqual(after.rotations, { app: NOW, deleted: OLD });
    assert.deepEqual(Object.keys(after.failures), ["typo"]);
    assert.ok(
      turso.warnings.includes(
        "acme/databases/deleted: it no longer exists, so it has no tokens to invalidate.",
      ),
    );
  });

  it("adopts a name that joins, and rotates it with the next rotation", async () => {
    const olds = state({ scope: { databases: ["app"] } });
    const joined = await turso.logic().update(olds, inputs(both));
    assert.deepEqual([joined.rotations, joined.failures, joined.pending], [{ app: OLD }, {}, undefined]);
    assert.deepEqual(turso.rotations(), []);
    const after = await turso.logic().update(joined, inputs({ ...both, trigger: "2" }));
    assert.deepEqual(after.rotations, { app: NOW, reports: NOW });
  });

  it("asks again for a name that joined without existing, and adopts it once it does", async () => {
    const scope = { databases: ["app", "later"] };
    const first = await turso.logic().update(state({ scope: { databases: ["app"] } }), inputs({ scope }));
    assert.deepEqual([Object.keys(first.failures), first.pending], [["later"], undefined]);
    await turso.emulator.platform.createDatabase("later", "solo");
    const second = await turso.logic().update(first, inputs({ scope }));
    assert.deepEqual([second.failures, turso.rotations()], [{}, []]);
  });

  it("sends no further rotations after three unknown outcomes in a row", async () => {
    const databases = ["x1", "x2", "x3", "x4", "x5"];
    turso.emulator.platform.createGroup("many");
    for (const name of databases) await turso.emulator.platform.createDatabase(name, "many");
    turso.onRotate("after", { type: "drop" }, 9);
    const news = inputs({ scope: { databases }, parallelism: 1 });
    const { state: after } = await unfinishedRun(turso.logic().create(news));
    assert.equal(turso.rotateRequests().length, 3);
    assert.deepEqual(
      databases.map((name) => after.pending?.[name]?.status),
      ["unknown", "unknown", "unknown", "not-rotated", "not-rotated"],
    );
    assert.equal(
      after.failures["x5"],
      "the API gave no usable answer to 3 rotations in a row, so the run sent no further ones. Nothing was changed. Once the API responds again, run `pulumi up`.",
    );
  });
});

describe("a run that suspend holds back", () => {
  const turso = FakeTurso.use();

  it("adopts a new resource, and rotates it when suspend is false", async () => {
    const { state: created } = await turso.logic().create(inputs({ suspend: true }));
    assert.deepEqual([created.pending, created.rotations], [{ app: OWED }, {}]);
    const kept = await turso.logic().update(created, inputs({ suspend: true }));
    assert.deepEqual([kept.pending, turso.rotations()], [{ app: OWED }, []]);
    const after = await turso.logic().update(kept, inputs());
    assert.deepEqual([after.pending, turso.rotations()], [undefined, ["database app"]]);
  });

  it("keeps the trigger of the last rotation apart, however often it changes", async () => {
    let held: RotationState = state();
    for (const trigger of ["2", "3"])
      held = await turso.logic().update(held, inputs({ suspend: true, trigger }));
    assert.deepEqual([held.trigger, held.heldTrigger, turso.rotations()], ["3", "1", []]);
    const after = await turso.logic().update(held, inputs({ trigger: "3" }));
    assert.deepEqual([turso.rotations(), "heldTrigger" in after], [["database app"], false]);
  });
});

describe("a rotation that invalidates a token of the program", () => {
  const turso = FakeTurso.use();
  const context = () => turso.context();
  const token = { scope: { database: "reports" }, organization: "acme" };

  it("is a failure until the token is minted again", async () => {
    const run = context();
    const { state: minted } = await tokenResource(run).create(token);
    const verified = inputs({ verify: "auto" });
    const { state: hit } = await unfinishedRun(rotationResource(run).create(verified));
    const id = "acme/databases/reports";
    assert.deepEqual(Object.keys(hit.failures), [`token of ${id}`]);
    const [[print, dead] = []] = Object.entries(hit.casualties ?? {});
    assert.match(print ?? "", /^[0-9a-f]{64}$/);
    assert.equal(dead, id);

    const next = context();
    const rotations = rotationResource(next);
    assert.equal((await rotations.diff(hit, verified)).changes, true);
    assert.equal((await tokenResource(next).diff(minted, token)).changes, true);
    const [healed, renewed] = await Promise.all([
      rotations.update(hit, verified),
      tokenResource(next).update(minted, token),
    ]);
    assert.notEqual(renewed.token, minted.token);
    assert.deepEqual([healed.failures, healed.casualties], [{}, undefined]);
    assert.equal(turso.rotations().length, 1);
  });

  it("is not to blame for a token that was dead before", async () => {
    const { state: minted } = await tokenResource(context()).create(token);
    turso.emulator.platform.rotateGroup("default");
    const run = context();
    assert.equal((await tokenResource(run).diff(minted, token)).changes, false, "nobody asked the database");
    const { state: after } = await rotationResource(run).create(inputs({ verify: "auto" }));
    assert.deepEqual([after.failures, after.casualties], [{}, undefined]);
  });

  it("stays a failure while nobody mints it again, and a refresh forgets it", async () => {
    const casualties = { ["0".repeat(64)]: "acme/databases/gone" };
    const failures = { "token of acme/databases/gone": "why" };
    const olds = state({ casualties, failures });
    const after = await turso.logic().update(olds, inputs());
    assert.deepEqual([after.casualties, Object.keys(after.failures)], [casualties, Object.keys(failures)]);
    const read = await turso.logic().read("acme/databases/app", olds);
    assert.ok(!read.gone && read.state.casualties === undefined);
  });
});

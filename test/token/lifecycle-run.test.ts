import assert from "node:assert/strict";
import { rotationResource, tokenResource } from "../../src/hosts/shared/resource";
import { UNKNOWN } from "../../src/core/unknown";
import { TokenLifecycle } from "../../src/token/lifecycle";
import type { TokenInputs, TokenState } from "../../src/token/state";
import { parseSubject } from "../../src/values/scope";
import { FakeTurso } from "../support/fake-turso";

const inputs = (changes: Partial<TokenInputs> = {}): TokenInputs => ({
  scope: { database: "app" },
  organization: "acme",
  ...changes,
});

describe("an AuthToken in a run", () => {
  const turso = FakeTurso.use();
  const run = () => turso.context({ clock: () => new Date() });
  const rotation = (scope: { database: string } | { group: string }, trigger: number) => ({
    scope,
    organization: "acme",
    trigger,
    verify: "off" as const,
  });

  it("keeps its token and everything known of it when nothing that matters changed", async () => {
    const { state } = await tokenResource(run()).create(inputs({ expiration: "9d" }));
    const next = await tokenResource(run()).update(state, inputs({ expiration: "9d", renewBefore: "1d" }));
    assert.deepEqual(next, { ...state, renewBefore: "1d" });
    assert.ok(state.expiresAt !== undefined && state.endpoint !== undefined);
    const { state: endless } = await tokenResource(run()).create(inputs({ verify: "off" }));
    const kept = await tokenResource(run()).update(endless, inputs({ verify: "off", renewBefore: "1d" }));
    assert.deepEqual(kept, { ...endless, renewBefore: "1d" });
    assert.ok(!("expiresAt" in endless) && !("endpoint" in endless));
  });

  it("remembers where its token was accepted", async () => {
    const { state } = await tokenResource(run()).create(inputs());
    const { hostname, id } = turso.emulator.platform.database("app");
    assert.deepEqual(state.endpoint, { hostname, group: "default", databaseId: id });
  });

  it("has no endpoint if its group has no database, or if that could not be looked up", async () => {
    const { state } = await tokenResource(run()).create(inputs({ scope: { group: "bare" } }));
    assert.ok(!("endpoint" in state));
    turso.onLookUp({ type: "status", status: 403 }, 99);
    const { state: blind } = await tokenResource(run()).create(inputs());
    assert.ok(!("endpoint" in blind));
    assert.match(turso.warnings.at(-1) ?? "", /could not be verified \(the API answered 403/);
  });

  it("tries its new token where the last one was accepted, without a lookup, if the lookup would fail", async () => {
    const { state } = await tokenResource(run()).create(inputs());
    turso.emulator.clearLog();
    turso.onLookUp({ type: "status", status: 500 }, 99);
    const next = await tokenResource(run()).update(state, inputs({ expiration: "9d" }));
    assert.deepEqual(next.endpoint, state.endpoint);
    assert.deepEqual(
      turso.requests().filter((each) => each.startsWith("GET")),
      [],
    );
    assert.deepEqual(turso.warnings, []);
  });

  for (const [what, next] of [
    ["has left the program", undefined],
    ["was replaced by one that has not rotated", { rotations: {} }],
  ] as const)
    it(`is tried if its rotation ${what}, since a run that ended early may have left it dead`, async () => {
      const followed = { scope: { database: "app" }, organization: "acme" };
      const rotations = { app: new Date().toISOString() };
      const { state } = await tokenResource(run()).create(
        inputs({ rotation: { ...followed, rotations: { app: rotations.app } } }),
      );
      const later = inputs(next && { rotation: { ...followed, ...next } });
      turso.emulator.clearLog();
      assert.equal((await tokenResource(run()).update(state, later)).token, state.token);
      assert.equal(turso.emulator.log.length, 1, "a valid token is kept");
      turso.emulator.platform.rotateDatabase("app");
      const minted = await tokenResource(run()).update(state, later);
      assert.notEqual(minted.token, state.token);
      turso.emulator.clearLog();
      assert.equal((await tokenResource(run()).diff(minted, later)).changes, false);
      assert.deepEqual(turso.emulator.log, []);
    });

  it("is minted again if a rotation of the same run certainly invalidated it, and is not tried for that", async () => {
    const context = run();
    const { state } = await tokenResource(run()).create(inputs());
    await rotationResource(context).create(rotation({ group: "default" }, 1));
    turso.emulator.clearLog();
    assert.equal((await tokenResource(context).diff(state, inputs())).changes, true);
    assert.deepEqual(turso.emulator.log, []);
    assert.match(
      turso.messages.at(-1) ?? "",
      /a rotation in this run invalidated its token, so the update mints/,
    );
    const next = await tokenResource(context).update(state, inputs());
    assert.notEqual(next.token, state.token);
  });

  it("is kept while the rotation of an earlier run is only being proven", async () => {
    const { options } = turso.emulator.platform;
    const slow = { ...rotation({ database: "app" }, 1), verify: "auto" as const, verifyTimeout: "1s" };
    options.deathDelayMs = 3_600_000;
    const rotated = await rotationResource(run()).create(slow);
    assert.equal(rotated.state.pending?.["app"]?.status, "unproven");
    const { state } = await tokenResource(run()).create(inputs());
    const context = run();
    options.deathDelayMs = 0;
    await rotationResource(context).update(rotated.state, slow);
    assert.equal((await tokenResource(context).diff(state, inputs())).changes, false);
  });

  for (const [generation, isMinted] of [
    ["legacy-group", true],
    ["current", false],
  ] as const)
    it(`is tried after a rotation that may have reached it, and ${isMinted ? "minted again" : "kept"} on servers of the generation ${generation}`, async () => {
      const group = `g-${generation}`;
      turso.emulator.platform.createGroup(group, { serverGeneration: generation });
      for (const name of ["one", "two"])
        await turso.emulator.platform.createDatabase(`${name}-${generation}`, group);
      const mine = inputs({ scope: { database: `one-${generation}` } });
      const { state } = await tokenResource(run()).create(mine);
      const context = run();
      await rotationResource(context).create(rotation({ database: `two-${generation}` }, 1));
      assert.equal((await tokenResource(context).diff(state, mine)).changes, isMinted);
    });

  it("is tried only after a rotation that is under way, and minted again if that reached it", async () => {
    const { state } = await tokenResource(run()).create(inputs());
    const context = run();
    turso.emulator.fault({
      path: /reports\/auth\/rotate$/,
      when: "before",
      action: { type: "delay", ms: 300 },
    });
    const rotating = rotationResource(context).create(rotation({ database: "reports" }, 1));
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.equal((await tokenResource(context).diff(state, inputs())).changes, true);
    await rotating;
  });

  it("is a casualty of a rotation after the one that it survived", async () => {
    const group = "g-twice";
    turso.emulator.platform.createGroup(group, { serverGeneration: "current" });
    for (const name of ["mine", "other"])
      await turso.emulator.platform.createDatabase(`${name}-twice`, group);
    const mine = inputs({ scope: { database: "mine-twice" } });
    const { state } = await tokenResource(run()).create(mine);
    const context = run();
    await rotationResource(context).create(rotation({ database: "other-twice" }, 1));
    assert.equal((await tokenResource(context).diff(state, mine)).changes, false);
    const verified = { ...rotation({ group }, 1), verify: "auto" as const };
    const { state: hit } = await rotationResource(context).create(verified);
    assert.deepEqual(Object.keys(hit.failures), ["token of acme/databases/mine-twice"]);
  });

  it("waits for a rotation that could invalidate its token, and is minted after it", async () => {
    const context = run();
    turso.emulator.fault({
      path: /default\/auth\/rotate$/,
      when: "before",
      action: { type: "delay", ms: 300 },
    });
    const rotating = rotationResource(context).create(rotation({ group: "default" }, 1));
    await new Promise((resolve) => setTimeout(resolve, 100));
    const { state } = await tokenResource(context).create(inputs());
    await rotating;
    const database = turso.emulator.platform.database("app");
    assert.equal((await turso.emulator.platform.inspect(database, state.token)).state, "valid");
  });

  it("is minted with what it may do", async () => {
    const claims = ({ token }: TokenState): string =>
      Buffer.from(token.split(".")[1] ?? "", "base64url").toString();
    const { state: reading } = await tokenResource(run()).create(inputs({ readAttach: ["reports"] }));
    const { id } = turso.emulator.platform.database("reports");
    assert.ok(
      [id, "reports"].some((each) => claims(reading).includes(each)),
      claims(reading),
    );
    const permissions = [{ tables: ["orders"], actions: ["data_read" as const] }];
    const { state: limited } = await tokenResource(run()).create(inputs({ permissions }));
    assert.match(claims(limited), /orders.*data_read/);
  });

  it("is checked: a missing scope, the organization, and a scope that is not known yet", async () => {
    const logic = tokenResource(run());
    assert.deepEqual(await logic.check({}, { scope: null }), {
      additions: {},
      problems: [
        { property: "scope", reason: 'scope is missing: give it { database: "NAME" } or { group: "NAME" }.' },
      ],
    });
    const good = { scope: { database: "app" } };
    assert.deepEqual(await logic.check({}, good), { additions: { organization: "acme" }, problems: [] });
    const unknown = { scope: UNKNOWN, expiration: "1d", renewBefore: "2d" };
    assert.deepEqual((await logic.check({}, unknown)).problems, []);
    assert.deepEqual((await logic.check({}, { ...good, expiration: "soon" })).additions, {});
  });

  it("looks up the group of its database only when it is new", async () => {
    const news = {
      scope: { database: "app" },
      rotation: { scope: { group: "solo" }, organization: "acme", rotations: {} },
      expiration: "1d",
      renewBefore: "2d",
    };
    const { problems } = await tokenResource(run()).check({}, news);
    assert.match(problems[0]?.reason ?? "", /the database is in the group "default"/);
    assert.deepEqual(turso.warnings, [], "one problem at a time");
    assert.deepEqual((await tokenResource(run()).check({ organization: "acme" }, news)).problems, []);
  });

  it("says how long its token stays valid once it is deleted", () => {
    const lifecycle = new TokenLifecycle(run());
    const end = "until its database or group is rotated; it has no expiry.";
    assert.equal(
      lifecycle.farewell("x", {}),
      `x: the token is deleted from the stack; it stays valid ${end}`,
    );
    assert.equal(
      lifecycle.farewell("x", { expiresAt: "2026-01-01" }),
      "x: the token is deleted from the stack; it stays valid until it expires at 2026-01-01, or its database or group is rotated.",
    );
  });

  it("is found by get with the expiry of the token that the program passes", async () => {
    const { state } = await tokenResource(run()).create(inputs({ expiration: "1d" }));
    const found = TokenLifecycle.found(inputs(), state.token, new Date("2026-01-01"));
    const { stateVersion, token, expiresAt } = state;
    assert.deepEqual(found, {
      ...inputs(),
      stateVersion,
      token,
      expiresAt,
      mintedAt: "2026-01-01T00:00:00.000Z",
    });
    assert.equal(parseSubject(found).id, "acme/databases/app");
  });

  it("is replaced, and nothing else, if its scope changes", async () => {
    const olds = { ...inputs(), stateVersion: 1, token: "t", mintedAt: "2026-01-01" } as TokenState;
    const news = inputs({ scope: { group: "default" }, expiration: "1d" });
    assert.deepEqual(await tokenResource(run()).diff(olds, news), { changes: true, replaces: ["scope"] });
    assert.deepEqual(turso.messages, []);
  });
});

import assert from "node:assert/strict";
import type { RotationInputs } from "../../src/rotation/state";
import { FakeTurso, NOW, inputs, state } from "../support/fake-turso";
import { OWED } from "./results";

const CREATING = "creating it rotates";

describe("a TokenRotation that is created", () => {
  const turso = FakeTurso.use();

  const rows: [given: Partial<RotationInputs>, rotates: boolean, mints: boolean, waits: boolean][] = [
    [{}, true, false, false],
    [{ mint: {} }, true, true, false],
    [{ suspend: false, rotateOnCreate: true }, true, false, false],
    [{ rotateOnCreate: false }, false, false, false],
    [{ rotateOnCreate: false, mint: {} }, false, true, false],
    [{ rotateOnCreate: false, suspend: true }, false, false, false],
    [{ rotateOnCreate: false, suspend: true, mint: {} }, false, true, false],
    [{ suspend: true }, false, false, true],
    [{ suspend: true, mint: {} }, false, true, true],
  ];
  for (const [given, rotates, mints, waits] of rows) {
    const does = [rotates && "rotates", mints && "mints", waits && "waits to rotate"].filter(Boolean);
    it(`with ${JSON.stringify(given)} ${does.join(" and ") || "does nothing"}`, async () => {
      const { state: created } = await turso.logic().create(inputs(given));
      assert.deepEqual(turso.rotations(), rotates ? ["database app"] : []);
      assert.equal(created.rotatedAt, rotates ? NOW : undefined);
      assert.deepEqual(Object.keys(created.tokens ?? {}), mints ? ["app"] : []);
      assert.deepEqual(created.pending, waits ? { app: OWED } : undefined);
      assert.equal(
        turso.messages.some((text) => text.includes("adopted without rotating")),
        !rotates,
      );
    });

    it(`with ${JSON.stringify(given)} ${rotates ? "is announced" : "announces no rotation"} by the preview`, async () => {
      await turso.logic().check({}, { ...inputs(given) });
      assert.equal(
        turso.messages.some((text) => text.includes(CREATING)),
        rotates,
      );
    });
  }

  it("counts no age of a list that it adopts, not even if it mints", async () => {
    const news = inputs({ scope: { databases: ["app"] }, rotateOnCreate: false, mint: {} });
    const { state: created } = await turso.logic().create(news);
    assert.deepEqual([created.rotatedAt, Object.keys(created.tokens ?? {})], [undefined, ["app"]]);
  });

  it("and waits to rotate, with a token that could not be minted, has it minted by the next update", async () => {
    const news = inputs({ suspend: true, mint: {} });
    const action = { type: "status", status: 409, body: '{"error":"busy"}' } as const;
    turso.emulator.fault({ path: /auth\/tokens/, when: "before", action, times: 9 });
    const { state: created } = await turso.logic().create(news);
    assert.deepEqual(created.pending, { app: { ...OWED, isNotMinted: true } });
    turso.emulator.clearFaults();
    const { tokens, failures, pending } = await turso.logic().update(created, news);
    assert.deepEqual([Object.keys(tokens ?? {}), failures, pending], [["app"], {}, { app: OWED }]);
  });

  it("is announced in its first preview only", async () => {
    await turso.logic().check({ ...inputs() }, { ...inputs() });
    assert.deepEqual([turso.messages, turso.requests()], [[], []]);
  });

  it("warns in the preview about a name that its list contains twice", async () => {
    const scope = { databases: ["app", "app"] };
    await turso.logic().check({}, { ...inputs({ scope, rotateOnCreate: false }) });
    assert.deepEqual(turso.messages, ["acme/databases: named more than once, but rotated only once: app."]);
  });

  for (const [scope, lookups] of [
    [{ databases: ["app"] }, []],
    [{ databases: "all" }, ["GET ~/databases 200"]],
  ] as const)
    it(`${lookups.length > 0 ? "asks again who its members are" : "does not look up again what its check looked up"}, with ${JSON.stringify(scope)}`, async () => {
      const logic = turso.logic();
      await logic.check({}, { ...inputs({ scope }) });
      turso.emulator.clearLog();
      await logic.create(inputs({ scope }));
      assert.deepEqual(
        turso.requests().filter((request) => request.startsWith("GET")),
        lookups,
      );
    });
});

describe("the update of a TokenRotation", () => {
  const turso = FakeTurso.use();

  it("of a list counts age from now if it rotates all members, and not if it only continues", async () => {
    const scope = { databases: ["app", "reports"] };
    const olds = state({ scope, pending: { reports: OWED }, failures: { reports: "why" } });
    const continued = await turso.logic().update(olds, inputs({ scope }));
    assert.equal(continued.rotatedAt, olds.rotatedAt);
    const rotated = await turso.logic().update(olds, inputs({ scope, trigger: "2" }));
    assert.equal(rotated.rotatedAt, NOW);
  });

  it("announces nothing of its own if it is replaced", async () => {
    const news = inputs({ scope: { database: "reports" }, trigger: "2" });
    const { replaces } = await turso.logic().diff(state(), news);
    assert.deepEqual([replaces, turso.messages, turso.requests()], [["scope"], [], []]);
  });
});

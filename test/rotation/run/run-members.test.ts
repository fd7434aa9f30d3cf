import assert from "node:assert/strict";
import { NOW, failure } from "../../support/fake-turso";
import { Fleet, NAMES, inputs } from "../../support/fleet";

const rotates = (fleet: Fleet): string[] => fleet.order.filter((each) => each.startsWith("rotate"));

describe("a member that never rotated", () => {
  it("and was seen before its deletion is a warning, not a name that never existed", () =>
    Fleet.with({}, async (fleet) => {
      fleet.refuseRotation("t3");
      const { state } = await fleet.logic().create(inputs());
      assert.deepEqual(state.pending, { t3: { status: "not-rotated", wasSeen: true } });
      fleet.emulator.platform.deleteDatabase("t3");
      const next = await fleet.logic().update(state, inputs());
      assert.deepEqual([next.failures, next.pending], [{}, undefined]);
      assert.match(fleet.messages.join("\n"), /t3: it no longer exists, so it has no tokens to invalidate/);
    }));

  it("and that the API never knew stays a failure", () =>
    Fleet.with({}, async (fleet) => {
      const news = inputs({ scope: { databases: ["t1", "typo"] } });
      const { state } = await fleet.logic().create(news);
      assert.deepEqual(state.pending, { typo: { status: "not-rotated" } });
      const next = await fleet.logic().update(state, news);
      assert.deepEqual(Object.keys(next.failures), ["typo"]);
    }));

  it("rotates once suspend ends if it joined with rotateOnJoin under suspend", () =>
    Fleet.with({}, async (fleet) => {
      const [, ...rest] = NAMES;
      const { state } = await fleet.logic().create(inputs({ scope: { databases: rest } }));
      fleet.emulator.clearLog();
      const held = inputs({ suspend: true, rotateOnJoin: true });
      const joined = await fleet.logic().update(state, held);
      assert.deepEqual(rotates(fleet), []);
      assert.deepEqual(await fleet.accepted(joined), NAMES, "it has a token");
      assert.equal((await fleet.logic().diff(joined, held)).changes, false, "and waits");
      const next = await fleet.logic().update(joined, inputs({ rotateOnJoin: true }));
      assert.deepEqual(rotates(fleet), ["rotate t1"]);
      assert.deepEqual(await fleet.accepted(next), NAMES);
    }));

  it("still rotates once suspend ends if its token was renewed under suspend", () =>
    Fleet.with({}, async (fleet) => {
      const held = inputs({ suspend: true, scope: { databases: ["t1"] } });
      const { state } = await fleet.logic().create(held);
      const renewed = await fleet.logic().update(state, { ...held, mint: { expiration: "30d" } });
      assert.deepEqual(rotates(fleet), []);
      await fleet.logic().update(renewed, { ...held, mint: { expiration: "30d" }, suspend: false });
      assert.deepEqual(rotates(fleet), ["rotate t1"]);
    }));
});

describe("a member whose rotation has to wait", () => {
  it("gets a token that is due", () =>
    Fleet.with({}, async (fleet) => {
      const { mint, ...without } = inputs();
      assert.ok(mint);
      fleet.refuseRotation("t3", 2);
      const { state } = await fleet.logic().create(without);
      const next = await fleet.logic().update(state, inputs());
      assert.deepEqual([Object.keys(next.failures), next.rotations["t3"]], [["t3"], undefined]);
      assert.deepEqual(await fleet.accepted(next), NAMES);
    }));

  it("gets a token in place of a dead one, although suspend holds the rotation back", () =>
    Fleet.with({}, async (fleet) => {
      fleet.refuseRotation("t3");
      const { state } = await fleet.logic().create(inputs());
      fleet.emulator.platform.deleteDatabase("t3");
      await fleet.emulator.platform.createDatabase("t3", "tenants");
      const found = await fleet.logic().read("acme/databases", state);
      assert.ok(!found.gone);
      fleet.emulator.clearLog();
      const held = await fleet.logic().update(found.state, inputs({ suspend: true }));
      assert.deepEqual([rotates(fleet), await fleet.accepted(held)], [[], NAMES]);
      assert.deepEqual(held.pending, { t3: { status: "not-rotated", wasSeen: true } });
      assert.equal((await fleet.logic().diff(held, inputs({ suspend: true }))).changes, false);
      await fleet.logic().update(held, inputs());
      assert.deepEqual(rotates(fleet), ["rotate t3"]);
    }));

  it("gets a token if the rotation of a different one has invalidated its own", () =>
    Fleet.with({ serverGeneration: "legacy-group" }, async (fleet) => {
      const { state } = await fleet.logic().create(inputs());
      fleet.emulator.fault({
        path: /t3\/auth\/tokens\?expiration=7d/,
        when: "before",
        action: { type: "status", status: 409, body: '{"error":"busy"}' },
        times: Infinity,
      });
      const next = await fleet.logic().update(state, inputs({ trigger: "2", verify: "required" }));
      assert.deepEqual([Object.keys(next.failures), Object.keys(next.pending ?? {})], [["t3"], ["t3"]]);
      assert.deepEqual(await fleet.accepted(next), NAMES);
    }));

  it("does not hold up the run with an API that mints no more", () =>
    Fleet.with({}, async (fleet) => {
      const { state } = await fleet.logic().create(inputs());
      for (const name of NAMES.slice(1)) fleet.refuseRotation(name);
      fleet.emulator.fault({
        path: /t[234]\/auth\/tokens\?expiration=30d/,
        when: "before",
        action: { type: "status", status: 409, body: '{"error":"busy"}' },
        times: Infinity,
      });
      fleet.emulator.clearLog();
      const wanted = inputs({ trigger: "2", mint: { expiration: "30d" }, parallelism: 1 });
      const next = await fleet.logic().update(state, wanted);
      assert.deepEqual(Object.keys(next.failures).sort(), NAMES.slice(1));
      assert.deepEqual(
        fleet.order.filter((each) => /^mint t[234]/.test(each)),
        ["mint t2"],
      );
    }));
});

describe("a member that is not rotated", () => {
  it("gets a token in place of a dead one, although nothing has shown what the rotation of its group reaches", () =>
    Fleet.with({ serverGeneration: "legacy-group" }, async (fleet) => {
      const [joining, ...rest] = NAMES;
      const { state } = await fleet.logic().create(inputs({ scope: { databases: rest } }));
      // as long as a canary token is tried
      fleet.emulator.fault({
        path: "/v2/pipeline",
        when: "before",
        action: { type: "status", status: 503 },
        times: 7,
      });
      fleet.emulator.clearLog();
      const joins = inputs({ rotateOnJoin: true, verifyTimeout: "1s" });
      const next = await fleet.logic().update(state, joins);
      assert.deepEqual([rotates(fleet), next.reach], [[`rotate ${joining}`], state.reach]);
      assert.deepEqual(await fleet.accepted(next), NAMES);
    }));

  it("gets a token after a rotation in its group that is not verified", () =>
    Fleet.with({ serverGeneration: "legacy-group" }, async (fleet) => {
      const [, ...rest] = NAMES;
      const { state } = await fleet.logic().create(inputs({ scope: { databases: rest }, verify: "off" }));
      const next = await fleet.logic().update(state, inputs({ rotateOnJoin: true, verify: "off" }));
      assert.deepEqual(await fleet.accepted(next), NAMES);
    }));
});

describe("a single target that the API does not know", () => {
  it("is an error, and nothing is minted", () =>
    Fleet.with({}, async (fleet) => {
      await failure(fleet.logic().create(inputs({ scope: { database: "typo" } })));
      assert.deepEqual(fleet.order, []);
    }));
});

describe("a member whose rotation reaches the others", () => {
  const OLD = "2026-01-01T00:00:00.000Z";
  const joins = inputs({ scope: { databases: ["t1", "t2", "t3"] }, rotateOnJoin: true });

  for (const [serverGeneration, others] of [
    ["legacy-group", ["mint t1", "mint t2"]],
    ["current", []],
  ] as const)
    it(`gets ${others.length > 0 ? "new tokens for them" : "a token for itself alone"} on servers of the generation ${serverGeneration}`, () =>
      Fleet.with({ serverGeneration }, async (fleet) => {
        const { state } = await fleet.logic().create(inputs({ scope: { databases: ["t1", "t2"] } }));
        const olds = { ...state, rotations: { t1: OLD, t2: OLD } };
        fleet.emulator.clearLog();
        const next = await fleet.logic().update(olds, joins);
        assert.deepEqual(rotates(fleet), ["rotate t3"]);
        assert.deepEqual(fleet.order.filter((each) => /^mint t[12]$/.test(each)).sort(), others);
        assert.deepEqual(await fleet.accepted(next), ["t1", "t2", "t3"]);
        const at = others.length > 0 ? NOW : OLD;
        assert.deepEqual(next.rotations, { t1: at, t2: at, t3: NOW });
      }));

  it("leaves to the next run a token of them that could not be minted", () =>
    Fleet.with({ serverGeneration: "legacy-group" }, async (fleet) => {
      const { state } = await fleet.logic().create(inputs({ scope: { databases: ["t1", "t2"] } }));
      const action = { type: "status", status: 402, body: '{"error":"no"}' } as const;
      fleet.emulator.fault({ path: /t2\/auth\/tokens/, when: "before", action, times: 9 });
      const next = await fleet.logic().update(state, joins);
      assert.deepEqual(next.pending, { t2: { status: "not-minted" } });
      fleet.emulator.clearFaults();
      const last = await fleet.logic().update(next, joins);
      assert.deepEqual([last.failures, await fleet.accepted(last)], [{}, ["t1", "t2", "t3"]]);
    }));
});

describe("a rotation of a database", () => {
  it("warns about the tokens of its group where they stay valid", () =>
    Fleet.with({ serverGeneration: "current" }, async (fleet) => {
      await fleet.logic().create(inputs({ scope: { database: "t1" } }));
      assert.match(
        fleet.messages.join("\n"),
        /^acme\/databases\/t1: rotated, but a token of its group "tenants" from before the rotation is still accepted\. If one of those may have leaked, rotate the group\.$/m,
      );
    }));

  it("is refused for a database that was created after the preview looked", () =>
    Fleet.with({}, async (fleet) => {
      const logic = fleet.logic();
      const news = inputs({ scope: { database: "lone" }, groupImpact: "refuse" });
      await logic.check({}, { ...news });
      await fleet.emulator.platform.createDatabase("late", "solo");
      const { message } = await failure(logic.create(news));
      assert.match(message, /groupImpact is "refuse".*1 other database \(late\)/);
      assert.deepEqual(rotates(fleet), []);
    }));
});

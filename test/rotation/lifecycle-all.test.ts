import assert from "node:assert/strict";
import { NOW, failure } from "../support/fake-turso";
import { Fleet, NAMES, inputs } from "../support/fleet";

const EVERY = [...NAMES, "lone"].sort();
const ALL = { scope: { databases: "all" } } as const;

describe("a TokenRotation of all databases", () => {
  it("rotates all that exist, mints their tokens, and then sends no request without a change", () =>
    Fleet.with({}, async (fleet) => {
      const { id, state } = await fleet.logic().create(inputs(ALL));
      assert.equal(id, "acme/databases");
      assert.deepEqual(await fleet.accepted(state), EVERY);
      assert.deepEqual(Object.keys(state.rotations).sort(), EVERY);
      fleet.emulator.clearLog();
      assert.equal((await fleet.logic().diff(state, inputs(ALL))).changes, false);
      assert.deepEqual(fleet.emulator.log, []);
    }));

  it("rotates one that appears later with the next rotation, not for appearing", () =>
    Fleet.with({}, async (fleet) => {
      const { state } = await fleet.logic().create(inputs(ALL));
      await fleet.emulator.platform.createDatabase("later", "solo");
      assert.equal((await fleet.logic().diff(state, inputs(ALL))).changes, false);
      fleet.emulator.clearLog();
      const next = await fleet.logic().update(state, inputs({ ...ALL, trigger: "2" }));
      assert.equal(fleet.count("rotate"), 6);
      assert.deepEqual(await fleet.accepted(next), ["later", ...EVERY].sort());
    }));

  it("rotates what its own run has just created, although the preview did not know it", () =>
    Fleet.with({}, async (fleet) => {
      const { state } = await fleet.logic().create(inputs(ALL));
      const logic = fleet.logic();
      await logic.diff(state, inputs({ ...ALL, trigger: "2" }));
      await fleet.emulator.platform.createDatabase("later", "solo");
      const next = await logic.update(state, inputs({ ...ALL, trigger: "2" }));
      assert.ok("later" in next.rotations);
    }));

  it("forgets one that was deleted, without a failure", () =>
    Fleet.with({}, async (fleet) => {
      const { state } = await fleet.logic().create(inputs(ALL));
      fleet.emulator.platform.deleteDatabase("t2");
      const next = await fleet.logic().update(state, inputs({ ...ALL, trigger: "2" }));
      const left = EVERY.filter((name) => name !== "t2");
      assert.deepEqual([Object.keys(next.rotations).sort(), next.failures], [left, {}]);
      assert.deepEqual(Object.keys(next.tokens ?? {}).sort(), left);
    }));

  it("does only what is left after a run in which one failed", () =>
    Fleet.with({}, async (fleet) => {
      fleet.refuseRotation("t3");
      const { state } = await fleet.logic().create(inputs(ALL));
      assert.deepEqual(Object.keys(state.failures), ["t3"]);
      fleet.emulator.clearLog();
      const next = await fleet.logic().update(state, inputs(ALL));
      assert.deepEqual(
        fleet.order.filter((each) => each.startsWith("rotate")),
        ["rotate t3"],
      );
      assert.deepEqual(await fleet.accepted(next), EVERY);
    }));

  it("rotates nothing if a list becomes all, or all becomes a list", () =>
    Fleet.with({}, async (fleet) => {
      const { state } = await fleet.logic().create(inputs());
      fleet.emulator.clearLog();
      const all = await fleet.logic().update(state, inputs(ALL));
      assert.deepEqual(await fleet.accepted(all), NAMES, "the others join with the next rotation");
      const listed = await fleet.logic().update(all, inputs({ scope: { databases: ["t1", "lone"] } }));
      assert.equal(fleet.count("rotate"), 0);
      assert.deepEqual(await fleet.accepted(listed), ["lone", "t1"]);
    }));

  it("rotates by age although it has a record of none", () =>
    Fleet.with({}, async (fleet) => {
      const news = inputs({ ...ALL, rotateOnCreate: false, rotateEvery: "1d" });
      const adopting = { ...news };
      delete adopting.mint;
      const { state } = await fleet.logic().create(adopting);
      assert.equal(fleet.count("rotate"), 0);
      const next = await fleet.logic().update({ ...state, createdAt: "2026-01-01T00:00:00.000Z" }, adopting);
      assert.deepEqual(Object.keys(next.rotations).sort(), EVERY);
    }));

  it("does not count its age from a run that rotated nothing, because all outcomes were unknown", () =>
    Fleet.with({}, async (fleet) => {
      const { platform } = fleet.emulator;
      for (const name of EVERY.filter((each) => each !== "lone")) platform.deleteDatabase(name);
      const news = inputs({ ...ALL, verify: "off", rotateEvery: "1d" });
      const { state } = await fleet.logic().create(news);
      const lost = { status: "unknown", at: NOW, answer: "the API answered 500", canaries: [] } as const;
      const rotatedAt = "2026-01-01T00:00:00.000Z";
      const olds = { ...state, rotatedAt, pending: { lone: lost }, failures: { lone: "unknown" } };
      fleet.emulator.clearLog();
      const next = await fleet.logic().update(olds, news);
      assert.equal(fleet.count("rotate"), 0);
      assert.equal(next.rotatedAt, rotatedAt);
    }));

  it("lets a refresh find what appeared, so that the next update mints its token without a rotation", () =>
    Fleet.with({}, async (fleet) => {
      const { id, state } = await fleet.logic().create(inputs(ALL));
      await fleet.emulator.platform.createDatabase("later", "solo");
      fleet.emulator.platform.deleteDatabase("t2");
      const seen = await fleet.logic().read(id, state);
      assert.ok(!seen.gone);
      assert.deepEqual(seen.state.pending, { later: { status: "not-minted" } });
      fleet.emulator.clearLog();
      const next = await fleet.logic().update(seen.state, inputs(ALL));
      assert.deepEqual(fleet.order, ["mint later"]);
      assert.deepEqual(
        await fleet.accepted(next),
        ["later", ...EVERY].filter((name) => name !== "t2").sort(),
      );
    }));

  it("is an error where there are none, before anything is changed", () =>
    Fleet.with({}, async (fleet) => {
      for (const name of EVERY) fleet.emulator.platform.deleteDatabase(name);
      const { message } = await failure(fleet.logic().create(inputs(ALL)));
      assert.match(message, /^Listing all databases of acme: there are none\. Nothing was changed\./);
      const preview = fleet.logic();
      await preview.check({}, { ...inputs(ALL) });
      assert.match(
        fleet.messages.join("\n"),
        /creating it rotates\. Listing all databases of acme: there are none/,
      );
    }));
});

describe("a TokenRotation of all groups", () => {
  it("rotates each group, empty ones too, and mints a token for each", () =>
    Fleet.with({}, async (fleet) => {
      const { id, state } = await fleet.logic().create(inputs({ scope: { groups: "all" } }));
      assert.equal(id, "acme/groups");
      assert.deepEqual(Object.keys(state.rotations).sort(), ["solo", "tenants"]);
      assert.deepEqual(Object.keys(state.tokens ?? {}).sort(), ["solo", "tenants"]);
    }));

  it("mints a token for each database with per", () =>
    Fleet.with({}, async (fleet) => {
      const news = inputs({ scope: { groups: "all" }, mint: { per: "database" } });
      const { state } = await fleet.logic().create(news);
      assert.equal(fleet.count("rotate"), 2);
      assert.deepEqual(await fleet.accepted(state), EVERY);
      assert.equal((await fleet.logic().diff(state, news)).changes, false);
    }));
});

describe("the preview of a list", () => {
  for (const [what, changes, sentence] of [
    [
      "with mint",
      { maxUnavailable: 2 },
      " It rotates 4 targets in 1 group; at most 2 at a time are without a valid token, or all of a group together (4) where one rotation may reach them all.",
    ],
    [
      "without mint",
      { mint: undefined },
      " It rotates 4 targets in 1 group; each is without a valid token until one is minted for it.",
    ],
    [
      "of groups",
      { scope: { groups: ["tenants", "solo"] }, parallelism: 1 },
      " It rotates 2 targets in 2 groups; at most 1 at a time is without a valid token.",
    ],
  ] as const)
    it(`says how many targets, in how many groups, and at most how many without a token: ${what}`, () =>
      Fleet.with({}, async (fleet) => {
        const news = Object.entries({ ...inputs(), ...changes }).filter(([, value]) => value !== undefined);
        await fleet.logic().check({}, Object.fromEntries(news));
        assert.ok(fleet.messages[0]?.endsWith(sentence), fleet.messages[0]);
      }));
});

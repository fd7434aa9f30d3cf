import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { Fleet, inputs } from "../../support/fleet";

describe("what a rotation is seen to reach", () => {
  it("is not taken from a token of a database that was rotated itself, in the same run or since", () =>
    Fleet.with({ deathDelayMs: 3_000 }, async (fleet) => {
      const news = inputs({ scope: { databases: ["t1", "t2"] }, verifyTimeout: "1s" });
      const { state } = await fleet.logic().create(news);
      assert.deepEqual(Object.keys(state.pending ?? {}).sort(), ["t1", "t2"]);
      assert.equal(state.reach?.["tenants"]?.siblings, undefined);
      await sleep(3_000);
      const next = await fleet.logic().update(state, news);
      assert.equal(next.pending, undefined, "both are proven now");
      assert.equal(next.reach?.["tenants"]?.siblings, undefined);
      assert.deepEqual(next.rotations, state.rotations, "what follows them needs no new token");
    }));

  it("is learned from the first rotation of a group, and kept although the others rotate after it", () =>
    Fleet.with({}, async (fleet) => {
      const { state } = await fleet.logic().create(inputs());
      assert.deepEqual(state.reach?.["tenants"], {
        database: "rejected",
        group: "accepted",
        siblings: "accepted",
      });
    }));

  it("ends the run soon, although the tokens of the databases that rotate after the first live on", () =>
    Fleet.with({ deathDelayMs: ({ name }) => (name === "t1" ? 0 : 60_000) }, async (fleet) => {
      const start = performance.now();
      const { state } = await fleet.logic().create(inputs({ verifyTimeout: "12s" }));
      assert.ok(performance.now() - start < 8_000, "the first one's consumers waited for the others' proof");
      assert.deepEqual(Object.keys(state.pending ?? {}).sort(), ["t2", "t3", "t4"]);
      assert.deepEqual(await fleet.accepted(state), ["t1", "t2", "t3", "t4"]);
    }));
});

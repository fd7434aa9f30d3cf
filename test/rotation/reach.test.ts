import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { Fleet, inputs } from "../support/fleet";

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
});

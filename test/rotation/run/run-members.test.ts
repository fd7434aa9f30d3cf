import assert from "node:assert/strict";
import { failure } from "../../support/fake-turso";
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

describe("a single target that the API does not know", () => {
  it("is an error, and nothing is minted", () =>
    Fleet.with({}, async (fleet) => {
      await failure(fleet.logic().create(inputs({ scope: { database: "typo" } })));
      assert.deepEqual(fleet.order, []);
    }));
});

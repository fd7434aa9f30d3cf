import assert from "node:assert/strict";
import { RunLedger, fingerprint, type ManagedToken, type Rotation } from "../../src/core/run-ledger";
import { database, group, rotation, token } from "./ledger-values";

describe("the ledger of a run", () => {
  describe("that confirms rotations", () => {
    const CONFIRMED: [what: string, confirmed: Rotation, held: ManagedToken, expected: boolean][] = [
      ["its own target's", rotation(database("app"), "default"), token(database("app"), "default"), true],
      [
        "its own target's, of an unknown group",
        rotation(database("app"), ""),
        token(database("app"), "default"),
        true,
      ],
      ["its group's", rotation(group("default"), "default"), token(database("app"), "default"), true],
      ["its own group's", rotation(group("default"), "default"), token(group("default"), "default"), true],
      [
        "a database's of its group, which some servers do not reach",
        rotation(database("reports"), "default"),
        token(database("app"), "default"),
        false,
      ],
      [
        "a database's, for its group's token",
        rotation(database("app"), "default"),
        token(group("default"), "default"),
        false,
      ],
      [
        "a different organization's",
        rotation(database("app"), "default", "other"),
        token(database("app"), "default"),
        false,
      ],
    ];
    for (const [what, confirmed, held, expected] of CONFIRMED)
      it(`says that one ${expected ? "has certainly" : "may not have"} invalidated a token: ${what}`, async () => {
        const ledger = new RunLedger();
        await ledger.during([confirmed], () => Promise.resolve());
        assert.equal(ledger.hasInvalidated(held), false, "before it is confirmed");
        ledger.confirm([confirmed]);
        assert.equal(ledger.hasInvalidated(held), expected);
      });
  });

  describe("with tokens that an earlier run found dead", () => {
    const dead = token(database("app"), "default", "dead");
    const dying = { [fingerprint("dead")]: dead.id };
    const renewed = token(database("app"), "default", "new");

    it("says that such a token may be invalid, and no other one", () => {
      const ledger = new RunLedger();
      ledger.suspect(dying);
      ledger.suspect({ [fingerprint("second")]: dead.id });
      assert.equal(ledger.mayHaveInvalidated(dead), true);
      assert.equal(ledger.mayHaveInvalidated(token(database("app"), "default", "second")), true);
      assert.equal(ledger.mayHaveInvalidated(renewed), false);
      assert.equal(ledger.mayHaveInvalidated(token(database("reports"), "default", "dead")), false);
    });

    it("keeps those that are not minted again", async () => {
      const ledger = new RunLedger();
      ledger.holds(dead);
      ledger.holds(token(database("reports"), "default", "other"));
      assert.deepEqual(await ledger.stillDead(dying), dying);
    });

    it("keeps them when a different token of the same target is in use, or is replaced", async () => {
      const ledger = new RunLedger();
      const second = token(database("app"), "default", "second");
      for (const held of [dead, second, renewed]) ledger.holds(held);
      ledger.replace([second.token]);
      assert.deepEqual(await ledger.stillDead(dying), dying);
    });

    it("returns those of the replaced tokens that may still be on record as dead", () => {
      const ledger = new RunLedger();
      ledger.suspect({ ...dying, [fingerprint("earlier")]: dead.id });
      const earlier = [fingerprint("earlier"), fingerprint("unknown")];
      assert.deepEqual(ledger.replace(["dead", "alive"], earlier), [earlier[0], fingerprint("dead")]);
      assert.deepEqual(ledger.notReplaced({ ...dying, [fingerprint("unknown")]: dead.id }), {});
    });

    it("forgets those that are minted again, without waiting", async () => {
      const ledger = new RunLedger();
      ledger.replace([dead.token]);
      const start = performance.now();
      assert.deepEqual(await ledger.stillDead(dying), {});
      assert.deepEqual(await ledger.stillDead({}), {});
      assert.ok(performance.now() - start < 500);
    });

    it("waits for a token that is minted again at the same time", async () => {
      const ledger = new RunLedger();
      const left = ledger.stillDead(dying);
      setTimeout(() => ledger.replace([dead.token]), 100);
      assert.deepEqual(await left, {});
    });
  });
});

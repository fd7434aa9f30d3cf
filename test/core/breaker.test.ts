import assert from "node:assert/strict";
import { Breaker, UNKNOWN_IN_A_ROW } from "../../src/core/breaker";

describe("the breaker of a run", () => {
  const U = true;
  const OK = false;

  it("opens after three unknown outcomes in a row", () => assert.equal(UNKNOWN_IN_A_ROW, 3));

  for (const [outcomes, isOpen] of [
    [[], false],
    [[U, U], false],
    [[U, U, U], true],
    [[OK, OK, OK, OK], false],
    [[U, U, OK, U, U], false],
    [[U, U, OK, U, U, U], true],
    // requests that were under way when it opened
    [[U, U, U, OK], true],
    [[U, U, U, OK, U], true],
  ] as const)
    it(`is ${isOpen ? "open" : "closed"} after ${outcomes.map((each) => (each ? "unknown" : "known")).join(", ") || "nothing"}`, () => {
      const breaker = new Breaker();
      for (const isUnknown of outcomes) breaker.record(isUnknown);
      assert.equal(breaker.isOpen, isOpen);
    });
});

import assert from "node:assert/strict";
import { groupBy, own } from "../../src/values/record";

describe("a record", () => {
  it("has only its own members, whatever their names", () => {
    assert.equal(own({ a: 1 }, "a"), 1);
    assert.equal(own<unknown>({}, "constructor"), undefined);
  });

  it("groups items in the order of their keys' first items", () => {
    const groups = groupBy(["b1", "a1", "b2"], ([key]) => key);
    assert.deepEqual(
      [...groups],
      [
        ["b", ["b1", "b2"]],
        ["a", ["a1"]],
      ],
    );
  });
});

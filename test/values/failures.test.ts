import assert from "node:assert/strict";
import { describeUnfinished, summarise } from "../../src/values/failures";

/** Failures of this many targets, each with a cause of its own. */
const causes = (count: number): Record<string, string> =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`db${i}`, `cause ${i}.`]));

describe("the summary of failures", () => {
  for (const [what, failures, expected] of [
    ["no failure", {}, undefined],
    ["one target", { a: "It broke." }, "1 target needs another run. a: It broke."],
    [
      "targets with one cause",
      { a: "It broke.", b: "It broke." },
      "2 targets need another run. 2 (a, b): It broke.",
    ],
    [
      "two causes, in the order of their first targets",
      { a: "It broke.", b: "It is gone.", c: "It broke." },
      "3 targets need another run. 2 (a, c): It broke. b: It is gone.",
    ],
    [
      "more targets than a message lists",
      Object.fromEntries(["a", "b", "c", "d", "e", "f", "g"].map((name) => [name, "It broke."])),
      "7 targets need another run. 7 (a, b, c, d, e and 2 more): It broke.",
    ],
    [
      "as many causes as a message lists",
      causes(5),
      "5 targets need another run. db0: cause 0. db1: cause 1. db2: cause 2. db3: cause 3. db4: cause 4.",
    ],
    [
      "one cause more",
      causes(6),
      "6 targets need another run. db0: cause 0. db1: cause 1. db2: cause 2. db3: cause 3. db4: cause 4. And 1 more cause.",
    ],
    [
      "two causes more",
      causes(7),
      "7 targets need another run. db0: cause 0. db1: cause 1. db2: cause 2. db3: cause 3. db4: cause 4. And 2 more causes.",
    ],
  ] as [string, Record<string, string>, string | undefined][])
    it(`is ${expected === undefined ? "absent" : "one sentence per cause"}: ${what}`, () =>
      assert.equal(summarise(failures), expected));

  it("takes no cause for one that every object has", () =>
    assert.equal(
      summarise({ constructor: "toString" }),
      "1 target needs another run. constructor: toString",
    ));
});

describe("what a resource says that needs another run", () => {
  it("is the summary, after its id, and what comes next", () =>
    assert.equal(
      describeUnfinished("acme/databases", { a: "It broke." }),
      "acme/databases: 1 target needs another run. a: It broke. The next `pulumi up` does only what is left.",
    ));

  it("is nothing if nothing failed", () => assert.equal(describeUnfinished("acme/databases", {}), undefined));
});

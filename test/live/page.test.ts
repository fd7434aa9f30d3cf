import assert from "node:assert/strict";
import { code, resultOf } from "./page";
import { Watch, type Holder, type Verdict } from "./watch";

const STATUS: Record<Verdict, number> = { accepted: 200, rejected: 401, unclear: 503 };

/** A watch that saw these verdicts, one a second. */
function watched(minted: Holder["minted"], ...verdicts: Verdict[]): Watch {
  const watch = new Watch({ of: "database A", minted, on: "A" }, 0);
  for (const [i, verdict] of verdicts.entries())
    watch.see({ verdict, status: STATUS[verdict], text: "" }, i * 1000);
  return watch;
}

describe("the result of a watch", () => {
  const cases: [Holder["minted"], Verdict[], string][] = [
    ["before", [], "never tried"],
    ["before", ["rejected"], "rejected after 0.0 s"],
    ["before", ["accepted", "accepted", "rejected", "rejected"], "rejected after 2.0 s"],
    ["before", ["accepted", "unclear", "rejected"], "rejected after 2.0 s"],
    ["before", ["accepted", "accepted"], "still accepted after 1.0 s"],
    ["before", ["unclear", "accepted"], "still accepted after 1.0 s"],
    ["before", ["rejected", "accepted", "rejected"], "first rejected after 0.0 s, always after 2.0 s"],
    [
      "before",
      ["rejected", "accepted", "accepted"],
      "first rejected after 0.0 s, accepted again after 1.0 s",
    ],
    ["before", ["accepted", "unclear", "unclear"], "unclear from 1.0 s to 2.0 s"],
    ["after", ["accepted", "accepted"], "accepted after 0.0 s"],
    ["after", ["rejected", "accepted"], "accepted after 1.0 s"],
    ["after", ["rejected", "rejected"], "still rejected after 1.0 s"],
    ["after", ["accepted", "rejected"], "first accepted after 0.0 s, rejected again after 1.0 s"],
  ];
  for (const [minted, verdicts, result] of cases)
    it(`of a token minted ${minted} the rotation: ${verdicts.join(", ") || "nothing"} is "${result}"`, () =>
      assert.equal(resultOf(watched(minted, ...verdicts)), result));

  it("is settled once the expected verdict has lasted long enough", () => {
    assert.equal(watched("before", "accepted", "rejected", "rejected").isSettled(1_000), true);
    assert.equal(watched("before", "accepted", "rejected", "rejected").isSettled(1_001), false);
    assert.equal(watched("before", "rejected", "accepted", "rejected").isSettled(1), false);
    assert.equal(watched("before", "accepted", "accepted").isSettled(0), false);
    assert.equal(watched("after", "accepted", "accepted").isSettled(1_000), true);
    assert.equal(watched("after", "rejected", "rejected").isSettled(0), false);
  });

  it("keeps the first 20 changes and counts the others", () => {
    const verdicts = Array.from({ length: 25 }, (_, i): Verdict => (i % 2 ? "rejected" : "accepted"));
    const { changes, omittedChanges, requests } = watched("before", ...verdicts);
    assert.deepEqual([changes.length, omittedChanges, requests], [20, 5, 25]);
  });

  it("counts a changed text under the same status as a change", () => {
    const watch = new Watch({ of: "the group", minted: "before", on: "B" }, 0);
    for (const text of ["a", "a", "b"]) watch.see({ verdict: "rejected", status: 401, text }, 0);
    assert.deepEqual(
      watch.changes.map(({ text }) => text),
      ["a", "b"],
    );
  });
});

describe("code in a table", () => {
  it("survives backticks and bars", () => {
    assert.equal(code("plain"), "`plain`");
    assert.equal(code("a | b"), "`a \\| b`");
    assert.equal(code("`a` and ``b``"), "``` `a` and ``b`` ```");
  });
});

import assert from "node:assert/strict";
import { describeTime, textOf, width } from "../../src/status/table";
import { describeReach } from "../../src/status/words";
import { NOW, daysAgo, list, reportOf, rotation, token } from "./exports";

describe("the table", () => {
  it("lines up, whatever its cells hold", () => {
    const text = textOf(
      reportOf([
        list({ trigger: "日本語", rotateEvery: "30d" }),
        rotation({ trigger: "👩‍👩‍👧 e\u0301" }, { name: "a-much-longer-name-than-the-others" }),
        token({ expiresAt: daysAgo(-100), renewBefore: "7d" }),
      ]),
    );
    const lines = text.split("\n").slice(2, 8);
    assert.match(
      lines[0] ?? "",
      /^TARGET +RESOURCE +LAST ROTATED +BY +NEXT DUE +VERIFICATION +REACH +TOKEN EXPIRES +STATUS$/,
    );
    const ends = lines.map((line) => width(line.slice(0, /(?:STATUS|ok)$/.exec(line)?.index)));
    assert.deepEqual([lines.length, ...new Set(ends)], [6, ends[0]]);
  });

  it("shows what is unresolved as sentences below, and the counts last", () => {
    const text = textOf(
      reportOf([list({ failures: { app: "No.", reports: "No." } }), token({ rejected: true })]),
    );
    assert.match(
      text,
      /\n\nUnresolved:\n {2}acme\/databases\/app, acme\/databases\/reports: No\.\n {2}acme\/databases\/app: the database rejects its token, and it has not been minted again yet\.\n\n2 targets and 1 token: 3 unresolved\.\n$/,
    );
  });

  it("says so where a stack has nothing of this package", () => {
    assert.match(textOf(reportOf([])), /^shop\/dev: it has no TokenRotation and no AuthToken\.\n/);
  });

  it("marks what is suspended", () => {
    assert.match(textOf(reportOf([rotation({ suspend: true })])), / ok, suspended\n/);
  });

  it("tells times in UTC and how far away they are", () => {
    assert.equal(describeTime(daysAgo(3), NOW), "2026-05-29 12:00 (3 days ago)");
    assert.equal(describeTime(daysAgo(-0.5), NOW), "2026-06-02 00:00 (in 12 hours)");
  });
});

describe("what a rotation was seen to reach", () => {
  const cases = [
    [{ database: "rejected", group: "accepted" }, "database only"],
    [{ database: "rejected", siblings: "accepted" }, "database only"],
    [{ database: "rejected", siblings: "rejected" }, "whole group"],
    [{ database: "rejected", group: "rejected" }, "whole group"],
    [{ group: "rejected" }, "whole group"],
    [{ database: "rejected" }, "database"],
    [{ database: "accepted" }, "old tokens accepted"],
    [{}, "not seen"],
  ] as const;
  for (const [seen, words] of cases)
    it(`${JSON.stringify(seen)} is "${words}"`, () => assert.equal(describeReach(seen), words));
});

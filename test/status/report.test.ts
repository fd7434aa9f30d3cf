import assert from "node:assert/strict";
import { readExport } from "../../src/status/export";
import { byProblem, reportOn, summary } from "../../src/status/report";
import {
  NOW,
  ROTATION,
  daysAgo,
  exportOf,
  list,
  only,
  problems,
  reportOf,
  rotation,
  token,
  urnOf,
} from "./exports";

const interrupted = (name: string) => ({
  pending_operations: [{ type: "updating", resource: { urn: urnOf(ROTATION, name), type: ROTATION } }],
});

describe("the report on a stack", () => {
  it("counts targets, tokens and problems, and is fine only without any problem", () => {
    const fine = reportOf([list(), token()]);
    assert.deepEqual(fine.counts, { targets: 2, tokens: 1, overdue: 0, unresolved: 0, expired: 0 });
    assert.deepEqual([fine.ok, fine.version, fine.checkedAt], [true, 1, NOW.toISOString()]);
    assert.equal(summary(fine), "2 targets and 1 token: nothing is overdue, unresolved or expired.");
    const bad = reportOf([
      list({ rotateEvery: "1d", failures: { app: "No." } }),
      token({ expiresAt: daysAgo(1) }),
    ]);
    assert.equal(bad.ok, false);
    assert.equal(summary(bad), "2 targets and 1 token: 1 unresolved, 1 expired, 2 overdue.");
  });

  it("is fine for a stack without resources of this package", () => {
    const { ok, rows, stacks } = reportOf([]);
    assert.deepEqual([ok, rows, stacks], [true, [], [{ stack: "shop/dev", source: "a.json" }]]);
  });

  it("names stacks by their source too where two have the same name", () => {
    const both = ["a.json", "b.json"].map((source) => readExport(exportOf([rotation()]), source));
    const { stacks, rows } = reportOn(both, { now: NOW, graceMs: 0 });
    const names = ["shop/dev, a.json", "shop/dev, b.json"];
    assert.deepEqual([stacks.map(({ stack }) => stack), rows.map(({ stack }) => stack)], [names, names]);
  });

  it("reports an interrupted update at its resource, or in a row of its own", () => {
    const sentence =
      "unresolved: an update was interrupted while updating it; run `pulumi refresh`, then `pulumi up`";
    for (const name of ["rotation", "new"]) {
      const { rows } = reportOf(name === "new" ? [] : [rotation()], interrupted(name));
      assert.deepEqual([only(rows).resource, ...problems(only(rows))], [name, sentence]);
      assert.equal(only(rows).status, "unresolved");
    }
  });

  it("gathers the targets of one sentence", () => {
    const { rows } = reportOf([list({ failures: { app: "No.", reports: "No." } }, {})], interrupted("new"));
    assert.deepEqual(
      byProblem(rows).map(({ targets }) => targets),
      [["acme/databases/app", "acme/databases/reports"], ["new"]],
    );
  });
});

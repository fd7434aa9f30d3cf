import assert from "node:assert/strict";
import type { BlastRadius } from "../../src/core/blast-radius";
import { describeRoll } from "../../src/rotation/report";
import type { RotationInputs } from "../../src/rotation/state";
import { inputs } from "../support/fake-turso";
import { endpointIn } from "./tokens";

/** One database in each of the groups named. */
const inGroups = (...groups: string[]): BlastRadius[] =>
  groups.map((group, i) => ({
    target: { kind: "database", name: `d${i}` },
    endpoint: endpointIn(group),
    databases: [],
    neighbours: [],
    endpoints: new Map(),
  }));

describe("how a list rolls", () => {
  const mint = {};
  const ROWS: [what: string, groups: string[], changes: Partial<RotationInputs>, expected: string][] = [
    [
      "without mint, each target waits for its token",
      ["a", "b"],
      {},
      "2 targets in 2 groups; each is without a valid token until one is minted for it.",
    ],
    [
      "with mint null, as without it",
      ["a"],
      { mint: null as never },
      "1 target in 1 group; each is without a valid token until one is minted for it.",
    ],
    ["one target", ["a"], { mint }, "1 target in 1 group; at most 1 at a time is without a valid token."],
    [
      "fewer targets than run in parallel",
      ["a", "b"],
      { mint },
      "2 targets in 2 groups; at most 2 at a time are without a valid token.",
    ],
    [
      "more targets than run in parallel by default",
      ["a", "b", "c", "d", "e", "f", "g", "h", "i"],
      { mint },
      "9 targets in 9 groups; at most 8 at a time are without a valid token.",
    ],
    [
      "more targets than run in parallel",
      ["a", "b", "c"],
      { mint, parallelism: 2 },
      "3 targets in 3 groups; at most 2 at a time are without a valid token.",
    ],
    [
      "maxUnavailable, which counts more than parallelism",
      ["a", "b", "c"],
      { mint, parallelism: 3, maxUnavailable: 1 },
      "3 targets in 3 groups; at most 1 at a time is without a valid token.",
    ],
    [
      "several targets in a group, which one rotation may reach",
      ["a", "b", "b", "b", "c", "c"],
      { mint, parallelism: 2 },
      "6 targets in 3 groups; at most 2 at a time are without a valid token, or all of a group together (3) where one rotation may reach them all.",
    ],
  ];
  for (const [what, groups, changes, expected] of ROWS)
    it(`is one sentence: ${what}`, () =>
      assert.equal(describeRoll(inGroups(...groups), inputs(changes)), ` It rotates ${expected}`));
});

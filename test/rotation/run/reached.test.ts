import assert from "node:assert/strict";
import { membersFoundDead, membersReached, tasksReached } from "../../../src/rotation/run/reached";
import type { Result } from "../../../src/rotation/next-state";
import type { Reach, Verify } from "../../../src/rotation/state";
import {
  AT,
  adoptedResult,
  errorOf,
  failedLookup,
  failedResult,
  goneResult,
  resultsOf,
  rotatedResult,
  unknownResult,
} from "../results";
import { ACCEPTED, Organization, REJECTED, database } from "./organization";
import { settingsWith } from "./settings";

const organization = new Organization({ team: ["a", "b", "c"], other: ["x"] });
const task = organization.task(database("a"));

/** What the rotation of `a` reached of a resource with the given targets, and the warnings. */
function reachedOf(result: Result | undefined, targets: string[], others: Record<string, Result> = {}) {
  const warnings: string[] = [];
  const reached = membersReached(
    {
      targets: new Set(targets),
      notify: (level, { name }, text) => warnings.push(`${level} ${name}: ${text}`),
    },
    [task],
    resultsOf({ ...others, ...(result && { a: result }) }),
  );
  return { reached: Object.fromEntries(reached), warnings };
}

const rotatedIn = (reach: Record<string, Reach>) => rotatedResult({ reach });

describe("what a rotation was seen to reach", () => {
  const everything = ["a", "b", "c", "x"];
  for (const [what, result, targets, expected] of [
    ["members of its group", rotatedIn({ team: { siblings: "rejected" } }), everything, ["b", "c"]],
    ["only members of the resource", rotatedIn({ team: { siblings: "rejected" } }), ["a", "c"], ["c"]],
    [
      "nobody else if other databases accept their tokens",
      rotatedIn({ team: { siblings: "accepted" } }),
      everything,
      [],
    ],
    ["nobody else if that was not tried", rotatedIn({ team: { database: "rejected" } }), everything, []],
    [
      "nobody else by what is known of a different group",
      rotatedIn({ other: { siblings: "rejected" } }),
      everything,
      [],
    ],
    ["nobody else if nothing was seen", rotatedResult(), everything, []],
    ["nobody if its outcome is unknown", unknownResult(), everything, []],
    ["nobody if it failed", failedResult(), everything, []],
    ["nobody without a result", undefined, everything, []],
  ] as const)
    it(`is ${what}`, () => {
      const { reached, warnings } = reachedOf(result, [...targets]);
      assert.deepEqual(reached, Object.fromEntries(expected.map((name) => [name, AT])));
      assert.deepEqual(warnings, []);
    });

  for (const [what, result, isReached] of [
    ["includes a member whose rotation failed", failedResult(), true],
    ["includes a member that was only adopted", adoptedResult(), true],
    ["includes a member whose rotation is of an earlier run", rotatedResult({ isNew: false }), true],
    ["includes a member that an earlier run may have rotated", unknownResult({ isNew: false }), true],
    ["leaves out a member that the run rotated itself", rotatedResult(), false],
    ["leaves out a member that the run may have rotated itself", unknownResult(), false],
    ["leaves out a member that is gone", goneResult(), false],
    ["leaves out a name that the API does not know", { kind: "missing", error: errorOf() }, false],
  ] as const)
    it(what, () => {
      const { reached } = reachedOf(rotatedIn({ team: { siblings: "rejected" } }), everything, { b: result });
      assert.deepEqual(reached, { ...(isReached && { b: AT }), c: AT });
    });

  it("is nobody where the group is not known", () => {
    const run = { targets: new Set(everything), notify: () => assert.fail("nothing is known") };
    const results = resultsOf({ a: rotatedIn({ "": { siblings: "rejected", group: "accepted" } }) });
    const blind = organization.task(database("a"), { lookup: failedLookup(403) });
    assert.deepEqual(membersReached(run, [blind], results), new Map());
  });

  it("warns about a token of the group that is still accepted", () => {
    assert.deepEqual(reachedOf(rotatedIn({ team: { group: "accepted" } }), everything), {
      reached: {},
      warnings: [
        'warning a: rotated, but a token of its group "team" from before the rotation is still accepted. If one of those may have leaked, rotate the group.',
      ],
    });
    assert.deepEqual(reachedOf(rotatedIn({ team: { group: "rejected" } }), everything).warnings, []);
  });
});

describe("the members that are found dead after a rotation", () => {
  const NOT_TRIED = rotatedIn({ team: { database: "rejected" } });
  const TOKENS: Record<string, string> = { a: "a", b: "b", c: "dead", x: "dead" };

  /** Those of a resource with the given targets, where `a` has the result. */
  async function deadAfter(
    result: Result,
    {
      others = {},
      targets = ["a", "b", "c", "x"],
      tokens = TOKENS,
      verify = "auto",
      before,
    }: {
      others?: Record<string, Result>;
      targets?: string[];
      tokens?: typeof TOKENS;
      verify?: Verify;
      before?: Record<string, Reach>;
    } = {},
  ) {
    const asked = new Organization({}, "database", {
      probe: (_, token) => (token === "dead" ? REJECTED : ACCEPTED),
    });
    const run = settingsWith(asked.client, [], { targets: new Set(targets), verify });
    const results = resultsOf({ ...others, a: result });
    const tasks = [task, organization.task(database("b"))];
    const dead = await membersFoundDead(run, (name) => tokens[name], tasks, results, before);
    return { dead, asked: asked.probed };
  }

  it("are those of its group whose tokens are rejected", async () =>
    assert.deepEqual(await deadAfter(NOT_TRIED), { dead: ["c"], asked: ["b at b", "dead at c"] }));

  it("are all others of its group if verify is off", async () =>
    assert.deepEqual(await deadAfter(rotatedResult(), { verify: "off" }), { dead: ["b", "c"], asked: [] }));

  for (const [what, result, changes] of [
    ["it was seen what the rotation reaches", rotatedIn({ team: { siblings: "accepted" } }), {}],
    [
      "a different rotation has shown what those of the group reach",
      NOT_TRIED,
      { others: { b: rotatedIn({ team: { siblings: "accepted" } }) } },
    ],
    ["it failed", failedResult(), {}],
    [
      "verify is off, and an earlier rotation did not reach them",
      rotatedResult(),
      { verify: "off", before: { team: { siblings: "accepted" } } },
    ],
    ["the others are no members of the resource", NOT_TRIED, { targets: ["a", "x"] }],
    ["the others have no tokens", NOT_TRIED, { tokens: { a: "a" } }],
    ["the run has rotated the others too", NOT_TRIED, { others: { b: rotatedResult(), c: rotatedResult() } }],
  ] as const)
    it(`are none, and no token is tried, if ${what}`, async () =>
      assert.deepEqual(await deadAfter(result, { ...changes } as Parameters<typeof deadAfter>[1]), {
        dead: [],
        asked: [],
      }));
});

describe("the tasks of members that were reached", () => {
  it("know where their tokens are tried, as far as a lookup found them", () => {
    const blind = organization.task(database("x"), { lookup: failedLookup(403) });
    const tasks = tasksReached(["b", "x"], [blind, task]);
    assert.deepEqual(
      tasks.map(({ target, isAdopted, lookup }) => [
        target,
        isAdopted,
        "endpoint" in lookup && lookup.endpoint,
      ]),
      [[database("b"), true, { group: "team", hostname: "b" }]],
    );
  });
});

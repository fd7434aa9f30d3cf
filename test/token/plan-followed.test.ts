import assert from "node:assert/strict";
import { reasonToMint } from "../../src/token/plan";
import { NEWER, OLDER, followed, inputs, state } from "./plan-values";

describe("the reason to mint a new token after a rotation of", () => {
  const DATABASE = { database: "app" };
  const NEVER = "2020-01-01T00:00:00.000Z";
  const happened = "its rotation happened";
  const inGroup = { endpoint: { hostname: "h", group: "mine" } };

  const ROWS: [
    what: string,
    scope: object,
    followedScope: object,
    token: object,
    before: Record<string, string> | undefined,
    after: Record<string, string>,
    reason: string | undefined,
  ][] = [
    [
      "a list in which a different database was rotated",
      DATABASE,
      { databases: ["app", "b"] },
      {},
      { app: OLDER, b: OLDER },
      { app: OLDER, b: NEWER },
      undefined,
    ],
    [
      "a list which a different database joined",
      DATABASE,
      { databases: ["app", "b"] },
      {},
      { app: OLDER },
      { app: OLDER, b: NEWER },
      undefined,
    ],
    [
      "a list which a different database left",
      DATABASE,
      { databases: ["app"] },
      {},
      { app: OLDER, b: OLDER },
      { app: OLDER },
      undefined,
    ],
    [
      "a list in which its own database was rotated",
      DATABASE,
      { databases: ["app", "b"] },
      {},
      { app: OLDER, b: OLDER },
      { app: NEWER, b: OLDER },
      happened,
    ],
    [
      "a list of groups in which its own group was rotated",
      { group: "mine" },
      { groups: ["mine", "b"] },
      inGroup,
      { mine: OLDER, b: OLDER },
      { mine: NEWER, b: OLDER },
      happened,
    ],
    [
      "a list of groups in which a different group was rotated, for a group's token",
      { group: "mine" },
      { groups: ["mine", "b"] },
      {},
      { mine: OLDER, b: OLDER },
      { mine: OLDER, b: NEWER },
      undefined,
    ],
    [
      "a list of groups in which the database's own group was rotated",
      DATABASE,
      { groups: ["mine", "b"] },
      inGroup,
      { mine: OLDER, b: OLDER },
      { mine: NEWER, b: OLDER },
      happened,
    ],
    [
      "a list of groups in which a different group was rotated",
      DATABASE,
      { groups: ["mine", "b"] },
      inGroup,
      { mine: OLDER, b: OLDER },
      { mine: OLDER, b: NEWER },
      undefined,
    ],
    [
      "a list of groups in which one was rotated, and the database's group is unknown",
      DATABASE,
      { groups: ["mine", "b"] },
      {},
      { mine: OLDER, b: OLDER },
      { mine: OLDER, b: NEWER },
      happened,
    ],
    [
      "the group of its database",
      DATABASE,
      { group: "mine" },
      {},
      { mine: OLDER },
      { mine: NEWER },
      happened,
    ],
    [
      "a list that it newly follows, with only older rotations",
      DATABASE,
      { databases: ["app", "b"] },
      {},
      undefined,
      { app: OLDER, b: NEVER },
      undefined,
    ],
    [
      "a list that it newly follows, with a newer rotation of a different database",
      DATABASE,
      { databases: ["app", "b"] },
      {},
      undefined,
      { app: OLDER, b: NEWER },
      undefined,
    ],
  ];
  for (const [what, scope, followedScope, token, before, after, reason] of ROWS)
    it(`${what} is ${reason === undefined ? "absent" : `"${reason}"`}`, () => {
      const olds = state({
        ...token,
        scope,
        ...(before && { rotation: followed({ scope: followedScope, rotations: before }) }),
      });
      const news = inputs({ scope, rotation: followed({ scope: followedScope, rotations: after }) });
      assert.equal(reasonToMint(olds, news, new Date("2026-01-10T00:00:00.000Z")), reason);
    });
});

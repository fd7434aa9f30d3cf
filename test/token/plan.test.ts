import assert from "node:assert/strict";
import { UNKNOWN } from "../../src/core/unknown";
import { hasChanged, reasonToMint, replacedBy } from "../../src/token/plan";
import type { TokenInputs, TokenState } from "../../src/token/state";

const EXPIRES = "2026-02-01T00:00:00.000Z";

/** Arguments as a preview may know them: any of them may be unknown. */
type Given = Partial<Record<keyof TokenInputs, unknown>>;

const inputs = (changes: Given = {}): TokenInputs =>
  ({ scope: { database: "app" }, organization: "acme", ...changes }) as TokenInputs;

const state = (changes: Given & Partial<Record<keyof TokenState, unknown>> = {}): TokenState =>
  ({
    ...inputs(),
    stateVersion: 1,
    token: "a.b.c",
    mintedAt: "2026-01-01T00:00:00.000Z",
    expiresAt: EXPIRES,
    ...changes,
  }) as TokenState;

/** When a rotation happened: before the token was minted, or after it. */
const OLDER = "2025-12-31T23:59:59.999Z";
const NEWER = "2026-01-01T00:00:00.001Z";

const followed = (changes: Record<string, unknown> = {}) => ({
  rotations: { app: OLDER },
  scope: { database: "app" },
  organization: "acme",
  ...changes,
});

describe("the reason to mint a new token", () => {
  const ROWS: [olds: Parameters<typeof state>[0], news: Given, reason: string | undefined, now?: string][] = [
    [{}, {}, undefined],
    [{ rejected: true }, {}, "the database rejects its token"],
    [{ rejected: true }, { authorization: "read-only" }, "the database rejects its token"],
    // its rotation
    [{ rotation: followed() }, { rotation: followed() }, undefined],
    [
      { rotation: followed() },
      { rotation: followed({ rotations: { app: NEWER } }) },
      "its rotation happened",
    ],
    [{ rotation: followed() }, { rotation: followed({ rotations: UNKNOWN }) }, "may rotate"],
    [{ rotation: followed() }, { rotation: followed({ rotations: { app: UNKNOWN } }) }, "may rotate"],
    [{ rotation: followed() }, { rotation: UNKNOWN }, "may rotate"],
    [{ rotation: followed() }, { rotation: followed({ rotations: {} }) }, undefined],
    [
      { rotation: followed({ scope: { databases: "all" } }) },
      { rotation: followed({ scope: { databases: "all" }, rotations: { app: NEWER } }) },
      "its rotation happened",
    ],
    [
      { rotation: followed({ scope: { databases: "all" }, rotations: { app: OLDER, other: OLDER } }) },
      { rotation: followed({ scope: { databases: "all" }, rotations: { app: OLDER, other: NEWER } }) },
      undefined,
    ],
    [
      { rotation: followed({ scope: { groups: "all" }, rotations: { one: OLDER, two: OLDER } }) },
      { rotation: followed({ scope: { groups: "all" }, rotations: { one: OLDER, two: NEWER } }) },
      "its rotation happened",
    ],
    [{}, { rotation: followed({ rotations: { app: "2026-01-01T00:00:00.000Z" } }) }, undefined],
    [{ rotation: followed() }, { rotation: followed({ rotations: undefined }) }, undefined],
    [{ rotation: followed({ rotations: {} }) }, { rotation: followed() }, "its rotation happened"],
    [{ rotation: followed() }, { rotation: followed({ rotateEvery: "9d" }) }, undefined],
    [{ rotation: followed() }, { rotation: followed({ scope: { group: "default" } }) }, undefined],
    [{}, { rotation: followed() }, undefined],
    [{}, { rotation: followed({ rotations: { app: NEWER } }) }, "its rotation happened"],
    [{}, { rotation: followed({ rotations: {} }) }, undefined],
    [{ rotation: followed({ rotations: undefined }) }, { rotation: followed() }, undefined],
    [
      { rotation: followed({ rotations: undefined }) },
      { rotation: followed({ rotations: { app: NEWER } }) },
      "its rotation happened",
    ],
    [{ rotation: followed() }, {}, undefined],
    [{ rotation: followed() }, { rotation: null }, undefined],
    // the arguments that the token itself contains
    [{}, { authorization: "read-only" }, "authorization changed"],
    [{ authorization: "read-only" }, {}, "authorization changed"],
    [{ authorization: "read-only" }, { authorization: "read-only" }, undefined],
    [{}, { expiration: "1d" }, "expiration changed"],
    [{ expiration: "1d" }, { expiration: "24h" }, "expiration changed"],
    [{}, { expiration: UNKNOWN }, "expiration changed"],
    [{}, { readAttach: ["b"] }, "readAttach changed"],
    [{ readAttach: ["a", "b"] }, { readAttach: ["b", "a"] }, "readAttach changed"],
    // the arguments that it does not contain
    [{}, { verify: "off", verifyTimeout: "9s" }, undefined],
    // its trigger
    [{ trigger: 1 }, { trigger: 2 }, "its trigger changed"],
    [{ trigger: 1 }, { trigger: UNKNOWN }, "its trigger changed"],
    [{ trigger: { a: 1, b: 2 } }, { trigger: { b: 2, a: 1 } }, undefined],
    [{}, { trigger: 1 }, undefined],
    [{ trigger: null }, { trigger: 1 }, undefined],
    [{ trigger: 1 }, {}, undefined],
    [{ trigger: 1 }, { trigger: null }, undefined],
    // its expiry; without another time it is 2026-01-10
    [{}, { renewBefore: "21d" }, undefined],
    [{}, { renewBefore: "22d" }, `its token expires at ${EXPIRES}`],
    [{}, { renewBefore: "22d" }, undefined, "2026-01-09T23:59:59.999Z"],
    [{}, { renewBefore: UNKNOWN }, undefined, EXPIRES],
    [{}, { renewBefore: null }, undefined],
    [{}, {}, `its token expires at ${EXPIRES}`, EXPIRES],
    [{}, {}, undefined, "2026-01-31T23:59:59.999Z"],
    [{ expiresAt: undefined }, { renewBefore: "22d" }, undefined, "2036-01-01T00:00:00.000Z"],
  ];

  for (const [olds, news, expected, now = "2026-01-10T00:00:00.000Z"] of ROWS)
    it(`is ${expected === undefined ? "absent" : `"${expected}"`} from ${show(olds)} to ${show(news)} at ${now}`, () =>
      assert.equal(reasonToMint(state(olds), inputs(news), new Date(now)), expected));
});

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

describe("a token's resource", () => {
  for (const [news, expected] of [
    [{}, []],
    [{ scope: { database: "App" } }, ["scope"]],
    [{ scope: { group: "app" } }, ["scope"]],
    [{ scope: { database: "app", group: null } }, []],
    [{ scope: { database: UNKNOWN } }, ["scope"]],
    [{ organization: "other" }, ["organization"]],
    [{ organization: UNKNOWN, scope: UNKNOWN }, ["scope", "organization"]],
    [{ authorization: "read-only", trigger: 2, rotation: followed() }, []],
  ] as [Given, string[]][])
    it(`is ${expected.length > 0 ? "replaced" : "kept"} under ${show(news)}`, () =>
      assert.deepEqual(replacedBy(state(), inputs(news)), expected));
});

describe("a token's state", () => {
  const ROWS: [olds: Given, news: Given, expected: boolean][] = [
    [{}, {}, false],
    [{ trigger: { a: 1, b: 2 } }, { trigger: { b: 2, a: 1 } }, false],
    ...["authorization", "expiration", "trigger", "renewBefore", "verify", "verifyTimeout"].flatMap(
      (key): [Given, Given, boolean][] => [
        [{}, { [key]: "x" }, true],
        [{ [key]: "x" }, {}, true],
        [{ [key]: "x" }, { [key]: "y" }, true],
        [{ [key]: "x" }, { [key]: "x" }, false],
        [{ [key]: "x" }, { [key]: UNKNOWN }, true],
      ],
    ),
    [{}, { readAttach: ["a"] }, true],
    [{}, { scope: { group: "default" } }, true],
    [{}, { organization: "other" }, true],
    [{}, { rotation: followed() }, true],
    [{ rotation: followed() }, {}, true],
    [{ rotation: followed() }, { rotation: followed() }, false],
    [{ rotation: followed() }, { rotation: followed({ rotations: { app: NEWER } }) }, true],
    [{ rotation: followed() }, { rotation: followed({ scope: { group: "default" } }) }, true],
    [{ rotation: followed() }, { rotation: followed({ organization: "other" }) }, true],
    [{ rotation: followed() }, { rotation: followed({ rotations: UNKNOWN }) }, true],
    // what the token does not depend on
    [{ rotation: followed() }, { rotation: followed({ rotateEvery: "9d" }) }, false],
    [{ rotation: followed() }, { rotation: followed({ rotateEvery: UNKNOWN }) }, false],
  ];

  for (const [olds, news, expected] of ROWS)
    it(`${expected ? "changes" : "stays the same"} from ${show(olds)} to ${show(news)}`, () =>
      assert.equal(hasChanged(state(olds), inputs(news)), expected));
});

function show(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) => (member === UNKNOWN ? "(unknown)" : member));
}

import assert from "node:assert/strict";
import { UNKNOWN } from "../../src/core/unknown";
import { hasChanged, hasLostRotation, reasonToMint, replacedBy } from "../../src/token/plan";
import { EXPIRES, NEWER, OLDER, followed, inputs, show, state, type Given } from "./plan-values";

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

describe("the rotation that a token followed", () => {
  const [app, none] = [followed(), followed({ rotations: {} })];
  for (const [what, before, now, expected] of [
    ["is still there", app, app, false],
    ["has left the program", app, undefined, true],
    ["is a new one", app, none, true],
    ["is a new one that has rotated", app, followed({ rotations: { app: NEWER } }), false],
    ["has not rotated", none, undefined, false],
    ["was none", undefined, none, false],
    ["is not known yet", app, UNKNOWN, false],
    ["has failed", app, followed({ rotations: undefined }), false],
  ] as const)
    it(`is ${expected ? "lost" : "not lost"} if it ${what}`, () =>
      assert.equal(hasLostRotation(state({ rotation: before }), inputs({ rotation: now })), expected));
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

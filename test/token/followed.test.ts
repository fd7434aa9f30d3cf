import assert from "node:assert/strict";
import { UNKNOWN } from "../../src/core/unknown";
import { followedPart } from "../../src/token/followed";
import type { FollowedRotation } from "../../src/token/state";
import type { Scope } from "../../src/values/scope";
import { NEWER, OLDER, followed } from "./plan-values";

const unknown = UNKNOWN as never;
const APP = { database: "app" };
const LIST = { databases: ["b", "app", "c"] };

describe("the part of its rotation that a token keeps", () => {
  const ROWS: [
    what: string,
    rotation: object | undefined | null,
    mine: Scope,
    expected: object | undefined,
  ][] = [
    ["is all of a single target", followed(), APP, followed()],
    [
      "is the token's own target of a list",
      followed({ scope: LIST, rotations: { app: OLDER, b: NEWER } }),
      APP,
      followed({ rotations: { app: OLDER } }),
    ],
    [
      "is known although another target's rotation is not known yet",
      followed({ scope: LIST, rotations: { app: OLDER, b: UNKNOWN } }),
      APP,
      followed({ rotations: { app: OLDER } }),
    ],
    [
      "holds the unknown rotation of the token's own target",
      followed({ scope: LIST, rotations: { app: UNKNOWN, b: OLDER } }),
      APP,
      followed({ rotations: { app: UNKNOWN } }),
    ],
    [
      "has no rotations if the token's own target was never rotated",
      followed({ scope: LIST, rotations: { b: OLDER } }),
      APP,
      followed({ rotations: {} }),
    ],
    [
      "keeps the other arguments of the rotation",
      followed({ scope: LIST, rotateEvery: "9d" }),
      APP,
      followed({ rotateEvery: "9d" }),
    ],
    [
      "has all rotations of the groups that may contain the token's database",
      followed({ scope: { groups: ["a", "b"] }, rotations: { a: OLDER, b: NEWER } }),
      APP,
      followed({ scope: { groups: ["a", "b"] }, rotations: { a: OLDER, b: NEWER } }),
    ],
    ["is nothing without a rotation", undefined, APP, undefined],
    ["is nothing for null", null, APP, undefined],
    ["is nothing while the rotation is not known yet", unknown, APP, undefined],
    ["is nothing while the rotation's scope is not known yet", followed({ scope: UNKNOWN }), APP, undefined],
    [
      "is nothing while a member of the rotation's scope is not known yet",
      followed({ scope: { databases: ["app", UNKNOWN] } }),
      APP,
      undefined,
    ],
    ["is nothing while the token's scope is not known yet", followed(), { database: unknown }, undefined],
    ["is nothing while the rotations are not known yet", followed({ rotations: UNKNOWN }), APP, undefined],
    ["is nothing if a failed rotation has no rotations", followed({ rotations: undefined }), APP, undefined],
    ["is nothing if a failed rotation has no scope", followed({ scope: undefined }), APP, undefined],
  ];
  for (const [what, rotation, mine, expected] of ROWS)
    it(what, () => assert.deepEqual(followedPart(rotation as FollowedRotation | undefined, mine), expected));
});

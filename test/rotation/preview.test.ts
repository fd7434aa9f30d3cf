import assert from "node:assert/strict";
import { UNKNOWN, hasUnknown } from "../../src/core/unknown";
import { preview } from "../../src/rotation/preview";
import type { Declaration, RotationState } from "../../src/rotation/state";
import { parseSubject } from "../../src/values/scope";
import { NOW, inputs, state } from "../support/fake-turso";
import { LOST, OWED } from "./results";
import { endpointIn, jwt, keptTokens } from "./tokens";

const AT = "2026-01-01T00:00:00.000Z";
const unknown = UNKNOWN as never;

const previewed = (olds: RotationState | undefined, news: Declaration) => {
  const subject = hasUnknown([news.scope, news.organization]) ? undefined : parseSubject(news);
  const old = olds && { subject: parseSubject(olds), state: olds };
  return preview(old, { subject, inputs: news }, new Date(NOW));
};

const unknownIn = (outputs: object): string[] =>
  Object.entries(outputs).flatMap(([name, value]) => (value === UNKNOWN ? [name] : []));

/** The outputs that any rotation changes, besides `rotations`. */
const ROTATES = ["failures", "reach", "rotatedAt", "rotationCount", "rotationId", "verification"];
const UNDECIDED = [...ROTATES, "rotations"];

describe("the preview of a create", () => {
  const ROWS: [what: string, news: Partial<Declaration>, expected: string[]][] = [
    ["of a rotation", {}, UNDECIDED],
    ["of a rotation that mints", { mint: {} }, [...UNDECIDED, "tokens"]],
    ["that adopts its target", { rotateOnCreate: false }, ["rotationId"]],
    ["while it is suspended", { suspend: true }, ["rotationId"]],
    [
      "that adopts its target and mints",
      { rotateOnCreate: false, mint: {} },
      ["failures", "rotationId", "tokens"],
    ],
  ];
  for (const [what, news, expected] of ROWS)
    it(`${what} leaves ${expected.join(", ")} unknown`, () => {
      const outputs = previewed(undefined, inputs(news));
      assert.deepEqual(unknownIn(outputs).sort(), ["createdAt", ...expected].sort());
      assert.deepEqual([outputs["trigger"], outputs["stateVersion"]], ["1", 1]);
    });

  it("knows what an adopted target is: never rotated", () => {
    const { rotations, rotationCount, failures } = previewed(undefined, inputs({ rotateOnCreate: false }));
    assert.deepEqual(
      { rotations, rotationCount, failures },
      { rotations: {}, rotationCount: 0, failures: {} },
    );
  });

  it("does not show the followers, which the state does not keep", () => {
    const followers = [{ scope: { database: "app" } }];
    assert.ok(!("followers" in previewed(undefined, { ...inputs(), followers })));
    assert.ok(!("followers" in previewed(state(), { ...inputs(), followers })));
  });
});

describe("the preview of an update", () => {
  const listed = (...databases: string[]) => ({ scope: { databases } });
  const minted = {
    mint: {},
    tokens: { app: jwt() },
    endpoints: { app: endpointIn("default") },
    expirations: {},
  };

  const ROWS: [
    what: string,
    olds: Partial<RotationState>,
    news: Partial<Declaration>,
    expected: string[],
    rotations?: Record<string, unknown>,
  ][] = [
    ["that changes nothing", {}, {}, []],
    ["that changes nothing about its token", minted, { mint: {} }, []],
    ["of an argument that rotates nothing", {}, { verifyTimeout: "5s", groupImpact: "refuse" }, []],
    ["with a changed trigger", {}, { trigger: "2" }, UNDECIDED],
    [
      "with a changed trigger, which also mints",
      minted,
      { mint: {}, trigger: "2" },
      [...UNDECIDED, "tokens"],
    ],
    ["with a trigger that is not known yet", {}, { trigger: unknown }, [...UNDECIDED, "trigger"]],
    ["with a scope that is not known yet", {}, { scope: unknown }, [...UNDECIDED, "scope"]],
    [
      "with a trigger that is not known yet, which also mints",
      minted,
      { mint: {}, trigger: unknown },
      [...UNDECIDED, "tokens", "trigger"],
    ],
    ["that is due by age", { rotateEvery: "1d" }, { rotateEvery: "1d" }, UNDECIDED],
    ["with a changed trigger, while it is suspended", {}, { trigger: "2", suspend: true }, []],
    ["that a member joins", listed("app"), listed("app", "b"), [], { app: AT }],
    [
      "that a member joins, with a token for it",
      { ...listed("app"), ...minted },
      { ...listed("app", "b"), mint: {} },
      ["failures", "tokens"],
      { app: AT },
    ],
    [
      "that a member joins with rotateOnJoin",
      listed("app"),
      { ...listed("app", "b"), rotateOnJoin: true },
      ROTATES,
      { app: AT, b: UNKNOWN },
    ],
    [
      "that a member joins with rotateOnJoin, while it is suspended",
      listed("app"),
      { ...listed("app", "b"), rotateOnJoin: true, suspend: true },
      [],
      { app: AT },
    ],
    [
      "that only mints a token that expired",
      { mint: {}, ...keptTokens({ app: NOW }) },
      { mint: {} },
      ["failures", "tokens"],
    ],
    ["that starts to mint", {}, { mint: {} }, ["failures", "tokens"]],
    [
      "that completes a target whose rotation is pending",
      { ...listed("app", "b"), pending: { b: OWED }, failures: { b: "it failed" } },
      listed("app", "b"),
      ROTATES,
      { app: AT, b: UNKNOWN },
    ],
    [
      "that resolves a lost response",
      { ...listed("app", "b"), pending: { app: LOST } },
      listed("app", "b"),
      ROTATES,
      { app: UNKNOWN },
    ],
    [
      "that completes a target and mints",
      { ...listed("app", "b"), ...minted, tokens: { app: jwt(), b: jwt() }, failures: { b: "it failed" } },
      { ...listed("app", "b"), mint: {} },
      [...ROTATES, "tokens"],
      { app: AT, b: UNKNOWN },
    ],
    ["after a failure of a member that left", { failures: { gone: "it failed" } }, {}, ["failures"]],
    [
      "of a rotation whose casualties are not minted again yet",
      { casualties: { "0a": "acme/databases/b" } },
      {},
      ["failures"],
    ],
  ];
  for (const [what, olds, news, expected, rotations] of ROWS)
    it(`${what} leaves ${expected.length > 0 ? expected.join(", ") : "nothing"} unknown`, () => {
      const outputs = previewed(state(olds), inputs(news));
      assert.deepEqual(unknownIn(outputs).sort(), [...expected].sort());
      if (rotations) assert.deepEqual(outputs["rotations"], rotations);
    });

  it("keeps what nothing happens to, with the new arguments", () => {
    assert.deepEqual(previewed(state(), inputs({ verify: "required" })), state({ verify: "required" }));
    assert.deepEqual(previewed(state(minted), inputs({ mint: {} })), state(minted));
  });

  it("counts age from now if the last rotation lies in the future", () => {
    const olds = state({ rotateEvery: "1d", rotatedAt: "2027-01-01T00:00:00.000Z" });
    assert.equal(previewed(olds, inputs({ rotateEvery: "1d" }))["rotatedAt"], NOW);
  });
});

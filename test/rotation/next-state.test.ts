import assert from "node:assert/strict";
import { nextState } from "../../src/rotation/next-state";
import type { Result } from "../../src/rotation/attempt";
import type { Pending, RotationState, Verification } from "../../src/rotation/state";
import { NOW, state } from "../support/fake-turso";
import { AT, LOST, UNPROVEN, failedResult, resultsOf, rotatedResult, unknownResult } from "./results";

const BEFORE = state({ verification: "verified", rotationCount: 7 });
const OWED: Pending = { status: "not-rotated" };

const single = (result: Result, before: RotationState = BEFORE): RotationState =>
  nextState(
    before,
    { isList: false, coversAllTargets: true, results: resultsOf({ app: result }) },
    new Date(NOW),
  );

const list = (
  results: Record<string, Result>,
  coversAllTargets: boolean,
  before: RotationState = BEFORE,
): RotationState =>
  nextState(before, { isList: true, coversAllTargets, results: resultsOf(results) }, new Date(NOW));

describe("the next state of a single target", () => {
  const ROWS: [
    what: string,
    result: Result,
    isNew: boolean,
    verification: Verification,
    pending?: Pending,
  ][] = [
    ["a verified rotation", rotatedResult(), true, "verified"],
    ["an unverified rotation", rotatedResult({ verification: "unverified" }), true, "unverified"],
    ["a rotation without verification", rotatedResult({ verification: "skipped" }), true, "skipped"],
    [
      "a rotation that still has to be verified",
      rotatedResult({ verification: "unverified", pending: UNPROVEN }),
      true,
      "unverified",
      UNPROVEN,
    ],
    ["the verification of an earlier rotation", rotatedResult({ isNew: false }), false, "verified"],
    [
      "an earlier rotation that can no longer be verified",
      rotatedResult({ isNew: false, verification: "unverified" }),
      false,
      "unverified",
    ],
    ["a failure", failedResult(), false, "verified", OWED],
    ["an unknown outcome", unknownResult(), false, "verified", LOST],
  ];

  for (const [what, result, isNew, verification, pending] of ROWS)
    it(`${isNew ? "counts a rotation" : "keeps the last rotation"} after ${what}`, () => {
      const { rotationId, ...after } = single(result);
      const { rotationId: idBefore, ...before } = BEFORE;
      assert.equal(rotationId !== idBefore, isNew);
      assert.deepEqual(after, {
        ...before,
        rotationCount: isNew ? 8 : 7,
        rotatedAt: isNew ? AT : BEFORE.rotatedAt,
        verification,
        ...(pending && { pending: { app: pending } }),
      });
    });

  it("has a new ID for each rotation", () => {
    assert.notEqual(single(rotatedResult()).rotationId, single(rotatedResult()).rotationId);
  });

  it("forgets the verification of the rotation before, because the new one replaces it", () => {
    const unverified = state({ verification: "unverified" });
    assert.equal(single(rotatedResult(), unverified).verification, "verified");
  });

  it("has no verification before the first rotation", () => {
    const { verification: none, rotatedAt: never, ...created } = BEFORE;
    assert.ok(none && never);
    const after = single(failedResult(), created);
    assert.equal("verification" in after, false);
    assert.equal("rotatedAt" in after, false);
  });
});

describe("the next state of a list", () => {
  it("counts a run once, however many targets rotated", () => {
    const after = list({ app: rotatedResult(), reports: rotatedResult() }, true);
    assert.equal(after.rotationCount, 8);
    assert.notEqual(after.rotationId, BEFORE.rotationId);
  });

  it("counts a run in which only one target was rotated anew", () => {
    const after = list({ app: rotatedResult({ isNew: false }), reports: rotatedResult() }, false);
    assert.equal(after.rotationCount, 8);
  });

  it("does not count a run that only verified earlier rotations", () => {
    const after = list({ app: rotatedResult({ isNew: false }) }, false);
    assert.deepEqual([after.rotationId, after.rotationCount], [BEFORE.rotationId, 7]);
  });

  for (const [what, coversAllTargets, result, rotatedAt] of [
    ["starts with a run that covers all targets", true, rotatedResult(), NOW],
    ["starts with such a run even if it failed", true, failedResult(), NOW],
    [
      "does not start again for a target that joined or was retried",
      false,
      rotatedResult(),
      BEFORE.rotatedAt,
    ],
  ] as const)
    it(`has an age that ${what}`, () =>
      assert.equal(list({ app: result }, coversAllTargets).rotatedAt, rotatedAt));

  it("records only the targets that still need work, by name", () => {
    const unproven = rotatedResult({ verification: "unverified", pending: UNPROVEN });
    const after = list(
      { app: rotatedResult(), reports: failedResult(), lost: unknownResult(), slow: unproven },
      true,
    );
    assert.deepEqual(after.pending, { reports: OWED, lost: LOST, slow: UNPROVEN });
    assert.equal("pending" in list({ app: rotatedResult() }, true), false);
  });
});

describe("the verification of a list", () => {
  const of = (verification: Verification) => rotatedResult({ verification });
  const V = "verified";
  const S = "skipped";
  const U = "unverified";

  for (const [members, expected] of [
    [[V], V],
    [[V, V], V],
    [[S, V], S],
    [[V, S], S],
    [[V, U], U],
    [[U, S], U],
    [[S, U, V], U],
  ] as [Verification[], Verification][])
    it(`is the worst of its members: ${members.join(", ")}`, () => {
      const results = Object.fromEntries(members.map((each, i) => [`db-${i}`, of(each)]));
      assert.equal(list(results, true, state({ verification: "skipped" })).verification, expected);
    });

  for (const [before, own, expected] of [
    [V, V, V],
    [U, V, U],
    [S, V, S],
    [V, U, U],
    [V, S, S],
    [U, S, U],
    [S, U, U],
  ] as const)
    it(`is the worse of the recorded (${before}) and its own (${own}) after a run that covers only some targets`, () =>
      assert.equal(list({ app: of(own) }, false, state({ verification: before })).verification, expected));

  for (const before of [V, S, U] as const)
    it(`is only its own after a run that covers all targets: ${before} before`, () =>
      assert.equal(list({ app: of(V) }, true, state({ verification: before })).verification, V));

  for (const coversAllTargets of [true, false])
    it(`stays as it was after a run that rotated nothing: ${coversAllTargets ? "all" : "some"} targets`, () =>
      assert.equal(list({ app: failedResult(), b: unknownResult() }, coversAllTargets).verification, V));

  it("is its own if none is recorded", () => {
    const { verification: none, ...created } = BEFORE;
    assert.ok(none);
    assert.equal(list({ app: of(V) }, false, created).verification, V);
  });
});

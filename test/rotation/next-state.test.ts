import assert from "node:assert/strict";
import { nextState } from "../../src/rotation/next-state";
import type { Result } from "../../src/rotation/next-state";
import type { RotationState } from "../../src/rotation/state";
import type { Target } from "../../src/values/scope";
import { NOW, state } from "../support/fake-turso";
import {
  AT,
  LOST,
  OWED,
  UNPROVEN,
  adoptedResult,
  errorOf,
  failedResult,
  goneResult,
  missingResult,
  resultsOf,
  rotatedResult,
  unknownResult,
} from "./results";

const BEFORE = state({ verification: "verified", rotationCount: 7 });
const { rotatedAt: BEFORE_AT } = BEFORE;
const REASON = errorOf().reason;

const membersOf = (names: readonly string[]): Target[] => names.map((name) => ({ kind: "database", name }));

const single = (result: Result, before: RotationState = BEFORE): RotationState =>
  nextState(
    before,
    { isList: false, isFull: true, members: membersOf(["app"]), results: resultsOf({ app: result }) },
    new Date(NOW),
  );

const list = (
  results: Record<string, Result>,
  isFull: boolean,
  before: RotationState = BEFORE,
  members: readonly string[] = Object.keys(results),
): RotationState =>
  nextState(
    before,
    { isList: true, isFull, members: membersOf(members), results: resultsOf(results) },
    new Date(NOW),
  );

describe("the next state of a single target", () => {
  interface Row {
    result: Result;
    /** What differs from the state before. */
    changes: Partial<RotationState>;
    /** Whether what follows the rotation is to mint a new token. */
    hasNewId: boolean;
  }
  const counted = { rotationCount: 8, rotatedAt: AT, rotations: { app: AT } };
  const ROWS: Record<string, Row> = {
    "a verified rotation": { result: rotatedResult(), hasNewId: true, changes: counted },
    "an unverified rotation": {
      result: rotatedResult({ verification: "unverified" }),
      hasNewId: true,
      changes: { ...counted, verification: "unverified" },
    },
    "a rotation without verification": {
      result: rotatedResult({ verification: "skipped" }),
      hasNewId: true,
      changes: { ...counted, verification: "skipped" },
    },
    "a rotation that still has to be verified": {
      result: rotatedResult({ verification: "unverified", pending: UNPROVEN, error: errorOf() }),
      hasNewId: true,
      changes: {
        ...counted,
        verification: "unverified",
        pending: { app: UNPROVEN },
        failures: { app: REASON },
      },
    },
    "the verification of an earlier rotation": {
      result: rotatedResult({ isNew: false }),
      hasNewId: false,
      changes: {},
    },
    "an earlier rotation that can no longer be verified": {
      result: rotatedResult({ isNew: false, verification: "unverified" }),
      hasNewId: false,
      changes: { verification: "unverified" },
    },
    "a failure": {
      result: failedResult(),
      hasNewId: false,
      changes: { pending: { app: OWED }, failures: { app: REASON } },
    },
    "an unknown outcome": {
      result: unknownResult(),
      hasNewId: true,
      changes: {
        rotations: { app: LOST.at },
        verification: "unverified",
        pending: { app: LOST },
        failures: { app: REASON },
      },
    },
    "an outcome that stays unknown": {
      result: unknownResult({ isNew: false }),
      hasNewId: false,
      changes: { verification: "unverified", pending: { app: LOST }, failures: { app: REASON } },
    },
  };

  for (const [what, { result, hasNewId, changes }] of Object.entries(ROWS))
    it(`${hasNewId ? "has a new ID" : "keeps its ID"} after ${what}`, () => {
      const { rotationId, ...after } = single(result);
      const { rotationId: idBefore, ...before } = BEFORE;
      assert.equal(rotationId !== idBefore, hasNewId);
      assert.deepEqual(after, { ...before, ...changes });
    });

  it("forgets a failure that is resolved", () => {
    const before = state({ failures: { app: "old" }, pending: { app: LOST } });
    const after = single(rotatedResult({ isNew: false }), before);
    assert.deepEqual([after.failures, after.pending], [{}, undefined]);
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

  for (const [what, isFull, result, rotatedAt] of [
    ["starts with a run that covers all targets", true, rotatedResult(), NOW],
    ["starts with such a run even if it failed", true, failedResult(), NOW],
    ["does not start again for a target that joined or was retried", false, rotatedResult(), BEFORE_AT],
  ] as const)
    it(`has an age that ${what}`, () => assert.equal(list({ app: result }, isFull).rotatedAt, rotatedAt));

  it("records only the targets that still need work, by name", () => {
    const unproven = rotatedResult({ verification: "unverified", pending: UNPROVEN, error: errorOf() });
    const after = list(
      { app: rotatedResult(), reports: failedResult(), lost: unknownResult(), slow: unproven },
      true,
    );
    assert.deepEqual(after.pending, { reports: OWED, lost: LOST, slow: UNPROVEN });
    assert.deepEqual(after.failures, { reports: REASON, lost: REASON, slow: REASON });
    assert.equal("pending" in list({ app: rotatedResult() }, true), false);
  });

  const OLD = "2026-01-01T00:00:00.000Z";
  for (const [what, result, rotations, failures, pending] of [
    ["a rotation", rotatedResult(), AT, undefined, undefined],
    ["the verification of an earlier rotation", rotatedResult({ isNew: false }), OLD, undefined, undefined],
    ["a failure", failedResult(), OLD, REASON, OWED],
    ["an unknown outcome", unknownResult(), LOST.at, REASON, LOST],
    ["an outcome that stays unknown", unknownResult({ isNew: false }), OLD, REASON, LOST],
    ["an adoption", adoptedResult(), OLD, undefined, undefined],
    ["a name that was never seen", missingResult(), OLD, REASON, undefined],
    ["a member that is gone", goneResult(), OLD, undefined, undefined],
  ] as const)
    it(`has for a member, after ${what}, the right entries`, () => {
      const before = state({ rotations: { m: OLD }, failures: { m: "old" }, pending: { m: UNPROVEN } });
      const after = list({ m: result }, false, before);
      assert.deepEqual(
        [after.rotations["m"], after.failures["m"], after.pending?.["m"]],
        [rotations, failures, pending],
      );
    });

  it("has no rotation of a member that was adopted, until it rotates", () => {
    const after = list({ new: adoptedResult() }, false, BEFORE, ["app", "new"]);
    assert.deepEqual(after.rotations, BEFORE.rotations);
    assert.deepEqual([after.rotationId, after.rotatedAt], [BEFORE.rotationId, BEFORE_AT]);
  });

  it("keeps the entries of members that the run left alone, and forgets those of members that left", () => {
    const before = state({
      rotations: { kept: OLD, left: OLD },
      failures: { kept: "why", left: "why" },
      pending: { kept: LOST, left: LOST },
    });
    const after = list({ app: rotatedResult() }, false, before, ["app", "kept"]);
    assert.deepEqual(after.rotations, { app: AT, kept: OLD });
    assert.deepEqual(after.failures, { kept: "why" });
    assert.deepEqual(after.pending, { kept: LOST });
  });

  it("takes no entry for a member's because every object has a member of that name", () => {
    const after = list({ app: rotatedResult() }, false, BEFORE, ["app", "constructor", "toString"]);
    assert.deepEqual([after.rotations, after.failures], [{ app: AT }, {}]);
  });

  it("has a new ID, but counts no rotation, after a run that may have rotated one member", () => {
    const after = list({ app: failedResult(), reports: unknownResult() }, true);
    assert.notEqual(after.rotationId, BEFORE.rotationId);
    assert.equal(after.rotationCount, 7);
  });
});

import assert from "node:assert/strict";
import { nextState } from "../../src/rotation/next-state";
import type { Result } from "../../src/rotation/next-state";
import type { RotationState, Verification } from "../../src/rotation/state";
import { NOW, state } from "../support/fake-turso";
import { failedResult, goneResult, resultsOf, rotatedResult, unknownResult } from "./results";

const BEFORE = state({ verification: "verified" });

const list = (
  results: Record<string, Result>,
  isFull: boolean,
  before: RotationState = BEFORE,
): RotationState => {
  const members = Object.keys(results).map((name) => ({ kind: "database", name }) as const);
  const run = { isList: true, isFull, members, results: resultsOf(results) };
  return nextState(before, run, new Date(NOW));
};

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

  for (const isFull of [true, false]) {
    const which = isFull ? "all" : "some";
    it(`stays as it was after a run that rotated nothing: ${which} targets`, () =>
      assert.equal(list({ app: failedResult(), b: goneResult() }, isFull).verification, V));

    it(`is unverified after a run that may have rotated something: ${which} targets`, () =>
      assert.equal(list({ app: rotatedResult(), b: unknownResult() }, isFull).verification, U));
  }

  it("is its own if none is recorded", () => {
    const { verification: none, ...created } = BEFORE;
    assert.ok(none);
    assert.equal(list({ app: of(V) }, false, created).verification, V);
  });
});

describe("a target that was not rotated", () => {
  for (const [what, seen, expected] of [
    ["is remembered as one that exists, or did", ["app"], { status: "not-rotated", wasSeen: true }],
    ["may be a typing error if it was never seen", ["other"], { status: "not-rotated" }],
    ["may be a typing error if nothing was looked up", undefined, { status: "not-rotated" }],
  ] as const)
    it(what, () => {
      const members = [{ kind: "database", name: "app" }] as const;
      const results = resultsOf({ app: failedResult() });
      const run = {
        isList: true,
        isFull: true,
        members,
        results,
        ...(seen && { seen: new Set<string>(seen) }),
      };
      assert.deepEqual(nextState(BEFORE, run, new Date(NOW)).pending, { app: expected });
    });
});

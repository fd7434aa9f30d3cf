import assert from "node:assert/strict";
import { dueSince, planUpdate as planAt } from "../../src/rotation/plan";
import type { RotationInputs, RotationState } from "../../src/rotation/state";
import { UNKNOWN } from "../../src/core/unknown";
import { namesOf, parseSubject } from "../../src/values/scope";
import { NOW, inputs, state } from "../support/fake-turso";
import { LOST, OWED, UNPROVEN } from "./results";

const planUpdate = (olds: RotationState, news: RotationInputs) =>
  planAt(
    { subject: parseSubject(olds), state: olds },
    { subject: parseSubject(news), inputs: news },
    new Date(NOW),
  );

describe("the age of a rotation", () => {
  for (const [rotatedAt, rotateEvery, reason] of [
    ["2026-02-28T12:00:00.000Z", "1d", "age"],
    ["2026-02-28T12:00:00.001Z", "1d", undefined],
    ["2025-12-01T12:00:00.000Z", "90d", "age"],
    ["2025-12-01T12:00:01.000Z", "90d", undefined],
    ["2026-03-01T12:04:00.000Z", "1s", undefined],
    ["2020-01-01T00:00:00.000Z", undefined, undefined],
  ] as const)
    it(`${reason ? "rotates" : "keeps"} at ${NOW} what was rotated at ${rotatedAt} for ${rotateEvery ?? "ever"}`, () => {
      const every = rotateEvery === undefined ? {} : { rotateEvery };
      const plan = planUpdate(state({ rotatedAt, ...every }), inputs(every));
      assert.deepEqual([plan.reason, plan.changes, plan.replaces], [reason, reason !== undefined, []]);
    });

  it("counts from the creation of the resource while there was no rotation", () => {
    const { rotatedAt: none, ...olds } = state({ createdAt: "2026-02-01T12:00:00.000Z", rotateEvery: "4w" });
    assert(none);
    assert.equal(planUpdate(olds, inputs({ rotateEvery: "4w" })).reason, "age");
    assert.equal(planUpdate(olds, inputs({ rotateEvery: "5w" })).reason, undefined);
  });

  const every = { rotateEvery: "1d" };
  const due = state({ rotatedAt: "2020-01-01T00:00:00.000Z", ...every });

  it("is less important than a changed trigger", () =>
    assert.equal(planUpdate(due, inputs({ ...every, trigger: "2" })).reason, "trigger"));

  for (const [what, pending, reason] of [
    ["a rotation that did not happen", OWED, "age"],
    ["a rotation that is not verified", UNPROVEN, "age"],
    ["a rotation whose outcome is unknown: it may be the one that is due", LOST, undefined],
  ] as const)
    it(`${reason ? "rotates" : "only resolves"} what an earlier run left: ${what}`, () => {
      const plan = planUpdate({ ...due, pending: { app: pending } }, inputs(every));
      assert.equal(plan.reason, reason);
      assert.deepEqual(namesOf(plan.rotates), reason ? ["app"] : []);
      assert.deepEqual(namesOf(plan.unfinished), reason ? [] : ["app"]);
    });

  for (const [at, rotateEvery, isAhead] of [
    ["2026-03-01T12:05:00.000Z", "1d", false],
    ["2026-03-01T12:05:00.001Z", "1d", true],
    ["2036-01-01T00:00:00.000Z", "1d", true],
    ["2036-01-01T00:00:00.000Z", undefined, false],
  ] as const)
    it(`${isAhead ? "starts again" : "stands"} at ${NOW} if the last rotation is recorded at ${at} and due every ${rotateEvery ?? "never"}`, () => {
      const { rotatedAt: first, ...adopted } = state({ createdAt: at });
      assert(first);
      for (const olds of [state({ rotatedAt: at }), adopted]) {
        const news = inputs(rotateEvery && { rotateEvery });
        const plan = planUpdate({ ...olds, ...news }, news);
        assert.deepEqual([plan.isAhead, plan.changes, plan.reason], [isAhead, isAhead, undefined]);
      }
    });
});

describe("an update that suspend holds back", () => {
  const suspended = { suspend: true };
  const every = { rotateEvery: "1d" };
  const due = state({ ...suspended, ...every, rotatedAt: "2020-01-01T00:00:00.000Z" });
  const both = { scope: { databases: ["app", "reports"] } };
  const parts = (olds: RotationState, news: RotationInputs) => {
    const { reason, held, rotates, unfinished } = planUpdate(olds, news);
    return { reason, held, rotates: namesOf(rotates), unfinished: namesOf(unfinished) };
  };
  const NONE = { reason: undefined, held: undefined, rotates: [], unfinished: [] };

  for (const [what, olds, news, expected] of [
    ["nothing is due", state(), inputs(suspended), NONE],
    ["the trigger changed", state(), inputs({ ...suspended, trigger: "2" }), { ...NONE, held: "trigger" }],
    ["the age is reached", due, inputs({ ...suspended, ...every }), { ...NONE, held: "age" }],
    [
      "a name joined, under rotateOnJoin",
      state({ scope: { databases: ["app"] } }),
      inputs({ ...suspended, ...both, rotateOnJoin: true }),
      NONE,
    ],
    [
      "an earlier run left a rotation that did not happen",
      state({ pending: { app: OWED }, failures: { app: "why" } }),
      inputs(suspended),
      NONE,
    ],
    [
      "an earlier run left an unknown outcome",
      state({ pending: { app: LOST } }),
      inputs(suspended),
      { ...NONE, unfinished: ["app"] },
    ],
    [
      "an earlier run left an unverified rotation",
      state({ pending: { app: UNPROVEN } }),
      inputs(suspended),
      { ...NONE, unfinished: ["app"] },
    ],
  ] as const)
    it(`rotates nothing: ${what}`, () => assert.deepEqual(parts(olds, news), expected));

  const held = state({ ...suspended, trigger: "2", heldTrigger: "1" });

  it("rotates once it is false, because the trigger of the last rotation is kept apart", () =>
    assert.deepEqual(parts(held, inputs({ suspend: false, trigger: "2" })), {
      ...NONE,
      reason: "trigger",
      rotates: ["app"],
    }));

  it("rotates nothing then if the trigger is the old one again", () =>
    assert.deepEqual(parts(held, inputs({ suspend: false, trigger: "1" })), NONE));

  it("is undecided while a preview does not know suspend", () =>
    assert.deepEqual(parts(state(), { ...inputs({ trigger: "2" }), suspend: UNKNOWN as never }), NONE));
});

describe("the time since when a rotation by age is due", () => {
  const now = new Date(NOW);
  const rotatedAt = "2026-02-01T00:00:00.000Z";
  const createdAt = "2026-01-01T00:00:00.000Z";

  for (const [what, dates, rotateEvery, expected] of [
    ["after the last rotation", { rotatedAt, createdAt }, "1w", "2026-02-08T00:00:00.000Z"],
    ["after the creation", { createdAt }, "1w", "2026-01-08T00:00:00.000Z"],
    ["now", { rotatedAt: "2026-02-22T12:00:00.000Z", createdAt }, "1w", NOW],
    ["later", { rotatedAt, createdAt }, "60d", undefined],
    ["never", { rotatedAt, createdAt }, undefined, undefined],
    ["never, with null", { rotatedAt, createdAt }, null, undefined],
  ] as const)
    it(`is ${expected ?? "absent"}: ${what}`, () =>
      assert.equal(dueSince(dates, rotateEvery, now)?.toISOString(), expected));
});

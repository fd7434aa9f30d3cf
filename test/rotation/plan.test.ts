import assert from "node:assert/strict";
import type { Json } from "../../src/values/json";
import { dueSince, planUpdate as planAt } from "../../src/rotation/plan";
import type { RotationInputs, RotationState } from "../../src/rotation/state";
import { UNKNOWN, hasUnknown } from "../../src/core/unknown";
import { parseSubject } from "../../src/values/scope";
import { NOW, inputs, state } from "../support/fake-turso";

/** What a preview knows of the arguments. */
const preview = (changes: Record<string, unknown>): RotationInputs => ({ ...inputs(), ...changes });

const planUpdate = (state: RotationState, inputs: RotationInputs) => {
  const subject = hasUnknown([inputs.scope, inputs.organization]) ? undefined : parseSubject(inputs);
  return planAt({ subject: parseSubject(state), state }, { subject, inputs }, new Date(NOW));
};

/** The part of a plan that decides whether anything happens. */
const planned = (olds: RotationState, news: RotationInputs) => {
  const { reason, isUndecided, replaces, changes } = planUpdate(olds, news);
  return { reason, isUndecided, replaces, changes };
};
const STATE_ONLY = { reason: undefined, isUndecided: false, replaces: [], changes: true };
const NOTHING = { ...STATE_ONLY, changes: false };

describe("the trigger of an update", () => {
  const ROTATE = true;
  const KEEP = false;
  const matrix: [before: Json | undefined, after: Json | undefined, expected: boolean][] = [
    ["1", "1", KEEP],
    ["1", "2", ROTATE],
    ["1", 1, ROTATE],
    [0, false, ROTATE],
    ["true", true, ROTATE],
    ["", "", KEEP],
    ["", "x", ROTATE],
    ["x", "", ROTATE],
    [0, 1, ROTATE],
    [false, true, ROTATE],
    ["a", "a ", ROTATE],
    [{ a: 1, b: 2 }, { b: 2, a: 1 }, KEEP],
    [{ a: { b: [1, { c: 2, d: 3 }] } }, { a: { b: [1, { d: 3, c: 2 }] } }, KEEP],
    [{ a: { b: [1, { c: 2 }] } }, { a: { b: [1, { c: 3 }] } }, ROTATE],
    [{ a: 1 }, { a: 1, b: null }, KEEP],
    [{ a: 1, b: null }, { a: 1 }, KEEP],
    [{ a: 1 }, { a: 1, b: 2 }, ROTATE],
    [{ a: 1, b: 2 }, { a: 1 }, ROTATE],
    [{ a: 1 }, { a: "1" }, ROTATE],
    [{ a: 1 }, '{"a":1}', ROTATE],
    [[1, 2], [2, 1], ROTATE],
    [[1, 2], [1, 2], KEEP],
    [[], {}, ROTATE],
    [[], [[]], ROTATE],
    [[null], [], ROTATE],
    // from absent to a value, or back, is a new baseline
    [undefined, "1", KEEP],
    ["1", undefined, KEEP],
    [null, "1", KEEP],
    ["1", null, KEEP],
    [undefined, null, KEEP],
    [undefined, undefined, KEEP],
    [null, {}, KEEP],
  ];
  for (const [before, after, expected] of matrix)
    it(`${expected ? "rotates" : "keeps"} from ${JSON.stringify(before)} to ${JSON.stringify(after)}`, () => {
      const olds = { ...state(), trigger: before };
      const news = preview({ trigger: after });
      const plan = planUpdate(olds as RotationState, news);
      assert.equal(plan.reason, expected ? "trigger" : undefined);
      assert.equal(plan.isUndecided, false);
      assert.deepEqual(plan.replaces, []);
    });

  for (const trigger of [UNKNOWN, { a: UNKNOWN }, [1, [UNKNOWN]], { a: { b: [UNKNOWN] } }])
    it(`is undecided, and a change, while a preview does not know it: ${describeShape(trigger)}`, () =>
      assert.deepEqual(planned(state(), preview({ trigger })), { ...STATE_ONLY, isUndecided: true }));
});

describe("an update", () => {
  it("without a change does nothing", () => {
    assert.deepEqual(planned(state(), inputs()), NOTHING);
  });

  for (const [what, olds, news] of [
    ["rotateOnCreate false", state(), inputs({ rotateOnCreate: false })],
    ["rotateOnCreate true", state({ rotateOnCreate: false }), inputs({ rotateOnCreate: true })],
    ["groupImpact refuse", state(), inputs({ groupImpact: "refuse" })],
    ["an absent groupImpact", state({ groupImpact: "warn" }), inputs()],
    ["a first trigger", preview({ ...state(), trigger: undefined }) as RotationState, inputs()],
  ] as const)
    it(`to ${what} saves it and does not rotate`, () => assert.deepEqual(planned(olds, news), STATE_ONLY));

  for (const key of ["rotateOnCreate", "groupImpact"])
    it(`whose ${key} is not known yet changes state only`, () =>
      assert.deepEqual(planned(state(), preview({ [key]: UNKNOWN })), STATE_ONLY));

  it("whose rotateEvery is not known yet is undecided, even under a changed trigger", () =>
    assert.deepEqual(planned(state(), preview({ trigger: "2", rotateEvery: UNKNOWN })), {
      ...STATE_ONLY,
      isUndecided: true,
    }));

  it("with a pending rotation is a change, so that the update resolves it", () => {
    const pending = { app: { status: "unknown", at: NOW, answer: "it broke" } } as const;
    assert.deepEqual(planned(state({ pending }), inputs()), STATE_ONLY);
    assert.deepEqual(planned(state({ pending }), inputs({ trigger: "2" })), {
      ...STATE_ONLY,
      reason: "trigger",
    });
  });

  for (const [what, news, replaces] of [
    ["a different database", { scope: { database: "reports" } }, ["scope"]],
    ["a database whose name differs in case", { scope: { database: "App" } }, ["scope"]],
    ["a group of the same name", { scope: { group: "app" } }, ["scope"]],
    ["a different organization", { organization: "other" }, ["organization"]],
    ["both", { scope: { group: "x" }, organization: "other" }, ["scope", "organization"]],
    ["a scope not known yet", { scope: UNKNOWN }, ["scope"]],
    ["a name not known yet", { scope: { database: UNKNOWN } }, ["scope"]],
    ["an organization not known yet", { organization: UNKNOWN }, ["organization"]],
  ] as const)
    it(`to ${what} replaces the resource`, () => {
      const plan = planUpdate(state(), preview(news));
      assert.deepEqual([plan.replaces, plan.changes], [replaces, true]);
    });

  it("to the same scope with an absent member does not replace the resource", () => {
    const news = preview({ scope: { group: null, database: "app" } });
    assert.deepEqual(planned(state(), news), NOTHING);
  });
});

describe("the age of a rotation", () => {
  for (const [rotatedAt, rotateEvery, reason] of [
    ["2026-02-28T12:00:00.000Z", "1d", "age"],
    ["2026-02-28T12:00:00.001Z", "1d", undefined],
    ["2025-12-01T12:00:00.000Z", "90d", "age"],
    ["2025-12-01T12:00:01.000Z", "90d", undefined],
    ["2026-03-02T00:00:00.000Z", "1s", undefined],
    ["2020-01-01T00:00:00.000Z", undefined, undefined],
  ] as const)
    it(`${reason ? "rotates" : "keeps"} at ${NOW} what was rotated at ${rotatedAt} for ${rotateEvery ?? "ever"}`, () => {
      const every = rotateEvery === undefined ? {} : { rotateEvery };
      const plan = planned(state({ rotatedAt, ...every }), inputs(every));
      assert.deepEqual(plan, { ...NOTHING, reason, changes: reason !== undefined });
    });

  it("counts from the creation of the resource while there was no rotation", () => {
    const { rotatedAt: none, ...olds } = state({ createdAt: "2026-02-01T12:00:00.000Z", rotateEvery: "4w" });
    assert(none);
    assert.equal(planned(olds, inputs({ rotateEvery: "4w" })).reason, "age");
    assert.equal(planned(olds, inputs({ rotateEvery: "5w" })).reason, undefined);
  });

  it("is less important than a changed trigger, and than what an earlier run did not finish", () => {
    const olds = state({ rotatedAt: "2020-01-01T00:00:00.000Z", rotateEvery: "1d" });
    assert.equal(planned(olds, inputs({ rotateEvery: "1d", trigger: "2" })).reason, "trigger");
    const pending = { app: { status: "not-rotated" } } as const;
    assert.equal(planned({ ...olds, pending }, inputs({ rotateEvery: "1d" })).reason, undefined);
  });
});

describe("an update of a list", () => {
  const scope = { databases: ["app", "reports"] };
  const olds = state({ scope });
  const planOf = (news: Record<string, unknown>, before: RotationState = olds) => {
    const { added, ...plan } = planUpdate(before, preview({ scope, ...news }));
    return { ...plan, added: added.map(({ kind, name }) => `${kind} ${name}`) };
  };
  const KEPT = { added: [], unfinished: [], isUndecided: false, replaces: [], changes: true };
  const joined = { scope: { databases: ["new", "app", "reports", "last"] } };

  it("without a change does nothing", () => assert.deepEqual(planOf({}), { ...KEPT, changes: false }));

  it("rotates the targets that joined, and only those", () =>
    assert.deepEqual(planOf(joined), { ...KEPT, added: ["database new", "database last"] }));

  it("does not rotate the targets that joined if rotateOnCreate is false", () =>
    assert.deepEqual(planOf({ ...joined, rotateOnCreate: false }), KEPT));

  it("rotates all targets under a changed trigger, which includes those that joined", () =>
    assert.deepEqual(planOf({ ...joined, trigger: "2" }), { ...KEPT, reason: "trigger" }));

  for (const [what, databases] of [
    ["a target left", ["app"]],
    ["the order changed", ["reports", "app"]],
    ["a name is repeated", ["app", "reports", "app"]],
  ] as const)
    it(`saves the list and rotates nothing if ${what}`, () =>
      assert.deepEqual(planOf({ scope: { databases } }), KEPT));

  for (const [what, from, to] of [
    ["a single target to a list", { database: "app" }, { databases: ["app"] }],
    ["a list to a single target", scope, { database: "app" }],
    ["databases to groups", scope, { groups: ["app", "reports"] }],
    ["a list to a scope that is not known yet", scope, UNKNOWN],
  ] as const)
    it(`replaces the resource from ${what}`, () =>
      assert.deepEqual(planOf({ scope: to }, state({ scope: from })).replaces, ["scope"]));

  it("is undecided, and replaces nothing, while a member is not known yet", () =>
    assert.deepEqual(planOf({ scope: { databases: ["app", UNKNOWN] } }), { ...KEPT, isUndecided: true }));

  const lost = { status: "unknown", at: NOW, answer: "it broke" } as const;
  const unfinished = state({ scope, pending: { reports: lost, left: { status: "not-rotated" } } });

  it("continues with the members that an earlier run did not finish, not with those that left", () =>
    assert.deepEqual(planOf({}, unfinished), { ...KEPT, unfinished: ["reports"] }));

  it("continues there under a changed trigger too, and rotates all", () =>
    assert.deepEqual(planOf({ trigger: "2" }, unfinished), {
      ...KEPT,
      reason: "trigger",
      unfinished: ["reports"],
    }));

  it("continues there and rotates what joined in one run", () =>
    assert.deepEqual(planOf(joined, unfinished), {
      ...KEPT,
      added: ["database new", "database last"],
      unfinished: ["reports"],
    }));

  it("does not take a name for unfinished because every object has a member of that name", () => {
    const databases = ["app", "constructor", "toString"];
    const before = state({ scope: { databases }, pending: { app: { status: "not-rotated" } } });
    assert.deepEqual(planOf({ scope: { databases } }, before).unfinished, ["app"]);
  });
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

function describeShape(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) => (member === UNKNOWN ? "(unknown)" : member));
}

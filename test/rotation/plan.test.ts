import assert from "node:assert/strict";
import type { Json } from "../../src/values/json";
import { planUpdate as planAt } from "../../src/rotation/plan";
import type { RotationInputs, RotationState } from "../../src/rotation/state";
import { UNKNOWN, hasUnknown } from "../../src/core/unknown";
import { namesOf, parseSubject } from "../../src/values/scope";
import { NOW, inputs, state } from "../support/fake-turso";
import { LOST } from "./results";

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
    ["1", 1, KEEP],
    [true, "true", KEEP],
    [0, false, ROTATE],
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
    [{ a: 1 }, { a: "1" }, KEEP],
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

  it("whose suspend is not known yet is undecided, even under a changed trigger", () =>
    assert.deepEqual(planned(state(), preview({ trigger: "2", suspend: UNKNOWN })), {
      ...STATE_ONLY,
      isUndecided: true,
    }));

  it("with a pending rotation is a change, so that the update resolves it", () => {
    const pending = { app: LOST };
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

describe("a first trigger", () => {
  for (const [before, after, expected] of [
    [undefined, "1", true],
    [null, "1", true],
    [undefined, UNKNOWN, false],
    ["1", "2", false],
    ["1", undefined, false],
    [undefined, undefined, false],
  ] as const)
    it(`is ${expected ? "a baseline" : "no baseline"} from ${describeShape(before)} to ${describeShape(after)}`, () => {
      const plan = planUpdate({ ...state(), trigger: before } as RotationState, preview({ trigger: after }));
      assert.equal(plan.isBaseline, expected);
    });
});

describe("an update of a resource with", () => {
  for (const [what, changes, unfinished] of [
    ["failures of an earlier run", { failures: { app: "why" } }, ["app"]],
    ["failures of other names", { failures: { "token of acme/databases/x": "why" } }, []],
    ["tokens that its rotations invalidated", { casualties: { "0a": "acme/databases/x" } }, []],
  ] as [string, Partial<RotationState>, string[]][])
    it(`${what} is a change, and does not rotate`, () => {
      const plan = planUpdate(state(changes), inputs());
      assert.deepEqual([plan.changes, plan.reason, plan.rotates], [true, undefined, []]);
      assert.deepEqual(namesOf(plan.unfinished), unfinished);
    });
});

function describeShape(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) => (member === UNKNOWN ? "(unknown)" : member));
}

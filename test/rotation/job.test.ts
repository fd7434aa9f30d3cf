import assert from "node:assert/strict";
import { recordOf, tasksFor, tasksOf } from "../../src/rotation/job";
import type { Plan } from "../../src/rotation/plan";
import type { Pending, RotationState } from "../../src/rotation/state";
import type { TaskPlan } from "../../src/rotation/run/run";
import { parseSubject, type Target } from "../../src/values/scope";
import { NOW, inputs, state } from "../support/fake-turso";
import { LOST, NOTHING, OWED, UNPROVEN } from "./results";
import { endpointIn, jwt } from "./tokens";

const target = (name: string): Target => ({ kind: "database", name });
const APP = target("app");
const NEW = target("new");
const OLD = "2026-01-01T00:00:00.000Z";

describe("the record that an update hands to its run", () => {
  const recordAfter = (olds: RotationState, plan: Partial<Plan> = {}, news = inputs({ trigger: "2" })) =>
    recordOf(olds, news, { ...NOTHING, ...plan }, new Date(NOW));
  const { trigger: old, ...created } = state();
  const { rotatedAt: at, verification, ...fresh } = state();

  it("has the new arguments, and only those", () => {
    const olds = state({ rotateEvery: "1d", groupImpact: "warn" });
    assert.deepEqual(recordAfter(olds), state({ trigger: "2" }));
  });

  const tokens: Partial<RotationState> = {
    tokens: { app: jwt() },
    endpoints: { app: endpointIn("default") },
    expirations: { app: NOW },
    gone: ["lost"],
  };

  it("keeps all that happened so far", () => {
    const happened: Partial<RotationState> = {
      mint: {},
      reach: { default: { group: "rejected" } },
      ...tokens,
      cause: "age",
      joined: ["app"],
      pending: { app: OWED },
      failures: { app: "why" },
      casualties: { "0a": "acme/databases/x" },
      replaced: ["0b"],
    };
    const news = inputs({ trigger: "2", mint: {} });
    assert.deepEqual(recordAfter(state(happened), {}, news), state({ ...happened, trigger: "2" }));
  });

  it("forgets the tokens of a resource that mints no more", () =>
    assert.deepEqual(recordAfter(state({ mint: {}, ...tokens })), state({ trigger: "2" })));

  for (const reason of ["trigger", "age"] as const)
    it(`has the cause of a rotation by ${reason} of all targets, which joined none`, () => {
      const plan = { reason, rotates: [APP, NEW], joined: [NEW] };
      const { cause, joined } = recordAfter(state({ joined: ["app"] }), plan);
      assert.deepEqual([cause, joined], [reason, undefined]);
    });

  for (const [what, before, plan, joined] of [
    ["names a target that rotates because it joined", undefined, { rotates: [NEW], joined: [NEW] }, ["new"]],
    ["names it once", ["new"], { rotates: [NEW], joined: [NEW] }, ["new"]],
    ["does not name one that joined without a rotation", ["app"], { joined: [NEW] }, ["app"]],
  ] as [string, string[] | undefined, Partial<Plan>, string[]][])
    it(what, () => {
      const record = recordAfter(state({ cause: "trigger", ...(before && { joined: before }) }), plan);
      assert.deepEqual([record.cause, record.joined], ["trigger", joined]);
    });

  it("has no entry for what never happened", () => {
    assert.deepEqual([at, verification], [OLD, "skipped"]);
    assert.deepEqual(recordAfter(fresh), { ...fresh, trigger: "2" });
  });

  it("counts its age from now if the last rotation lies in the future", () => {
    const olds = state({ rotatedAt: "2036-01-01T00:00:00.000Z" });
    const { createdAt, rotatedAt } = recordAfter(olds, { isAhead: true });
    assert.deepEqual([createdAt, rotatedAt], [olds.createdAt, NOW]);
  });

  it("counts its age from now if its creation lies in the future, and claims no rotation", () => {
    const record = recordAfter({ ...fresh, createdAt: "2036-01-01T00:00:00.000Z" }, { isAhead: true });
    assert.deepEqual([record.createdAt, "rotatedAt" in record], [NOW, false]);
  });

  for (const [what, olds, plan, heldTrigger] of [
    [
      "keeps the trigger of the last rotation while suspend holds a changed one back",
      state(),
      "trigger",
      "1",
    ],
    ["keeps it however often the trigger changes", state({ trigger: "2", heldTrigger: "1" }), "trigger", "1"],
    ["keeps no trigger apart while suspend holds back an age", state(), "age", undefined],
    ["forgets it once suspend ends", state({ trigger: "2", heldTrigger: "1" }), undefined, undefined],
    ["keeps no trigger apart if there was none", created as RotationState, "trigger", undefined],
  ] as const)
    it(what, () => {
      assert.equal(old, "1");
      const record = recordAfter(olds, plan && { held: plan });
      assert.deepEqual(
        [record.trigger, "heldTrigger" in record, record.heldTrigger],
        ["2", heldTrigger !== undefined, heldTrigger],
      );
    });
});

describe("the tasks of a create", () => {
  const resolved = { ...parseSubject(inputs()), targets: [APP, NEW] };

  it("are to rotate each target, which may not exist", () =>
    assert.deepEqual(tasksFor(resolved, false), [
      { target: APP, isAdopted: false, isKnown: false },
      { target: NEW, isAdopted: false, isKnown: false },
    ]));

  it("are to adopt each target, which was looked up before", () =>
    assert.deepEqual(tasksFor({ ...resolved, targets: [APP] }, true), [
      { target: APP, isAdopted: true, isKnown: true },
    ]));
});

describe("the tasks of an update", () => {
  const tasks = (plan: Partial<Plan>, changes: Partial<RotationState> = {}): TaskPlan[] => {
    const olds = state({ scope: { databases: ["app"] }, rotations: {}, ...changes });
    return tasksOf({ subject: parseSubject(olds), state: olds }, { ...NOTHING, ...plan });
  };

  it("are none if the plan names no target", () => assert.deepEqual(tasks({}), []));

  for (const [what, name, changes, isKnown] of [
    ["a member from before without a failure", "app", {}, true],
    ["a member from before whose last run failed", "app", { failures: { app: "why" } }, false],
    [
      "one that has rotated, although its last run failed",
      "app",
      { failures: { app: "why" }, rotations: { app: OLD } },
      true,
    ],
    [
      "one that was seen before its rotation failed",
      "app",
      { failures: { app: "why" }, pending: { app: { status: "not-rotated", wasSeen: true } } },
      true,
    ],
    [
      "one whose rotation failed before it was seen",
      "app",
      { failures: { app: "why" }, pending: { app: OWED } },
      false,
    ],
    [
      "one with a failure that left something other to do",
      "app",
      { failures: { app: "why" }, pending: { app: UNPROVEN } },
      false,
    ],
    ["one that joined", "new", {}, false],
    ["one that joined again after a rotation", "new", { rotations: { new: OLD } }, true],
    ["one that has a name of every object", "constructor", {}, false],
  ] as [string, string, Partial<RotationState>, boolean][])
    it(`${isKnown ? "know" : "do not know"} that the target of a rotation existed: ${what}`, () => {
      const rotates = [target(name)];
      assert.deepEqual(tasks({ rotates }, changes), [{ target: rotates[0], isAdopted: false, isKnown }]);
      const [unfinished] = tasks({ unfinished: rotates }, changes);
      assert.equal(unfinished?.isKnown, isKnown);
    });

  for (const [what, left, isAdopted] of [
    ["a rotation that did not happen", OWED, false],
    ["an unknown outcome", LOST, false],
    ["an unverified rotation", UNPROVEN, false],
    ["a token to mint", { status: "not-minted" }, true],
  ] as [string, Pending, boolean][])
    it(`continue with what an earlier run left: ${what}`, () =>
      assert.deepEqual(tasks({ unfinished: [APP] }, { pending: { app: left } }), [
        { target: APP, isAdopted, isKnown: true, pending: left },
      ]));

  it("look up again a member that joined and was not there", () =>
    assert.deepEqual(tasks({ unfinished: [APP] }, { failures: { app: "why" } }), [
      { target: APP, isAdopted: true, isKnown: false },
    ]));

  it("mint a token without a rotation, with what an earlier run left", () =>
    assert.deepEqual(tasks({ mints: [APP] }, { pending: { app: OWED } }), [
      { target: APP, isAdopted: true, isKnown: true, pending: OWED },
    ]));

  for (const [what, plan, isHeld] of [
    ["adopt what joined", {}, false],
    ["adopt what joined, and hold its rotation back", { holdsJoined: true }, true],
    ["adopt what joined once, although it needs a token too", { mints: [NEW] }, false],
  ] as [string, Partial<Plan>, boolean][])
    it(what, () =>
      assert.deepEqual(tasks({ joined: [NEW], ...plan }), [
        { target: NEW, isAdopted: true, isKnown: false, isHeld },
      ]),
    );

  it("rotate what joined, or continue with it, and do not adopt it as well", () => {
    assert.deepEqual(tasks({ joined: [NEW], rotates: [NEW] }), [
      { target: NEW, isAdopted: false, isKnown: false },
    ]);
    assert.equal(tasks({ joined: [NEW], unfinished: [NEW] }, { pending: { new: OWED } }).length, 1);
  });

  it("are in the order in which they are done: rotations, what was left, tokens, and what joined", () => {
    const [a, b, c] = [target("a"), target("b"), target("c")];
    const all = tasks({ joined: [NEW], mints: [c], unfinished: [b], rotates: [a] });
    assert.deepEqual(
      all.map((each) => each.target.name),
      ["a", "b", "c", "new"],
    );
  });
});

import assert from "node:assert/strict";
import { UNKNOWN, hasUnknown } from "../../src/core/unknown";
import { membersOf, planUpdate, type Plan } from "../../src/rotation/plan";
import type { RotationInputs, RotationState } from "../../src/rotation/state";
import { namesOf, parseSubject } from "../../src/values/scope";
import { NOW, inputs, state } from "../support/fake-turso";
import { LOST, OWED } from "./results";
import { endpointIn, jwt } from "./tokens";

const now = new Date(NOW);

/** What a preview knows of the arguments. */
const preview = (changes: Record<string, unknown>): RotationInputs => ({ ...inputs(), ...changes });

/** A plan with the names of its targets. */
const named = ({ rotates, joined, unfinished, mints, ...plan }: Plan) => ({
  ...plan,
  rotates: namesOf(rotates),
  joined: namesOf(joined),
  unfinished: namesOf(unfinished),
  mints: namesOf(mints),
});

/** The plan of an update that saves its arguments and does nothing else. */
const KEPT = {
  rotates: [] as string[],
  joined: [] as string[],
  unfinished: [] as string[],
  mints: [] as string[],
  isBaseline: false,
  isAhead: false,
  isUndecided: false,
  replaces: [],
  changes: true,
};

describe("an update of a list", () => {
  const scope = { databases: ["app", "reports"] };
  const olds = state({ scope });
  const planOf = (news: Record<string, unknown>, before: RotationState = olds) => {
    const inputs = preview({ scope, ...news });
    const subject = hasUnknown(inputs.scope) ? undefined : parseSubject(inputs);
    return named(planUpdate({ subject: parseSubject(before), state: before }, { subject, inputs }, now));
  };
  const more = { scope: { databases: ["new", "app", "reports", "last"] } };
  const joined = ["new", "last"];
  const all = more.scope.databases;

  it("without a change does nothing", () => assert.deepEqual(planOf({}), { ...KEPT, changes: false }));

  it("adopts the targets that joined, without a rotation", () =>
    assert.deepEqual(planOf(more), { ...KEPT, joined }));

  it("rotates the targets that joined, and only those, if rotateOnJoin is true", () =>
    assert.deepEqual(planOf({ ...more, rotateOnJoin: true }), { ...KEPT, joined, rotates: joined }));

  for (const [what, news, expected] of [
    [
      "until suspend ends if rotateOnJoin is true",
      { rotateOnJoin: true, suspend: true },
      { holdsJoined: true },
    ],
    ["for good if rotateOnJoin is false", { rotateOnJoin: false, suspend: true }, {}],
    ["for good if rotateOnJoin is absent", { suspend: true }, {}],
  ] as const)
    it(`does not rotate under suspend what joined, ${what}`, () =>
      assert.deepEqual(planOf({ ...more, ...news }), { ...KEPT, joined, ...expected }));

  it("rotates no member because rotateOnJoin becomes true later", () =>
    assert.deepEqual(planOf({ rotateOnJoin: true }), KEPT));

  for (const rotateOnJoin of [true, false])
    it(`rotates all targets under a changed trigger, which includes those that joined: rotateOnJoin ${rotateOnJoin}`, () =>
      assert.deepEqual(planOf({ ...more, rotateOnJoin, trigger: "2" }), {
        ...KEPT,
        joined,
        rotates: all,
        reason: "trigger",
      }));

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

  const left = state({ scope, pending: { reports: LOST, left: OWED } });

  it("continues with the members that an earlier run did not finish, not with those that left", () =>
    assert.deepEqual(planOf({}, left), { ...KEPT, unfinished: ["reports"] }));

  it("rotates all under a changed trigger, which rotates those anew", () =>
    assert.deepEqual(planOf({ trigger: "2" }, left), {
      ...KEPT,
      reason: "trigger",
      rotates: scope.databases,
    }));

  it("rotates under age only the members whose outcome is known, and resolves the others", () => {
    const every = { rotateEvery: "1d" };
    const before = { ...left, ...every, rotatedAt: "2020-01-01T00:00:00.000Z" };
    assert.deepEqual(planOf(every, before), {
      ...KEPT,
      reason: "age",
      rotates: ["app"],
      unfinished: ["reports"],
    });
  });

  it("continues there and adopts what joined in one run", () =>
    assert.deepEqual(planOf(more, left), { ...KEPT, joined, unfinished: ["reports"] }));

  it("does not take a name for unfinished because every object has a member of that name", () => {
    const databases = ["app", "constructor", "toString"];
    const before = state({ scope: { databases }, pending: { app: OWED } });
    assert.deepEqual(planOf({ scope: { databases } }, before).unfinished, ["app"]);
  });
});

describe("an update of all databases", () => {
  const scope = { databases: "all" } as const;
  const { rotations: some, ...rest } = state({ scope });
  const empty: RotationState = { ...rest, rotations: {} };
  /** `targets`: those that the run has listed; a preview lists none. */
  const planOf = (before: RotationState, changes: Partial<RotationInputs>, ...targets: string[]) => {
    const news = inputs({ scope, ...changes });
    const subject = parseSubject(news);
    const listed = { ...subject, targets: targets.map((name) => ({ kind: "database", name }) as const) };
    const wanted = { subject: targets.length > 0 ? listed : subject, inputs: news };
    return named(planUpdate({ subject: parseSubject(before), state: before }, wanted, now));
  };

  it("without a change does nothing", () => {
    assert.ok(some);
    assert.deepEqual(planOf(state({ scope }), {}), { ...KEPT, changes: false });
  });

  it("rotates under a changed trigger all that the run finds, which includes those that joined", () =>
    assert.deepEqual(planOf(state({ scope }), { trigger: "2" }, "app", "new"), {
      ...KEPT,
      reason: "trigger",
      rotates: ["app", "new"],
      joined: ["new"],
    }));

  it("has a reason to rotate although no member is recorded yet, because there may be some", () =>
    assert.deepEqual(planOf(empty, { trigger: "2" }), { ...KEPT, reason: "trigger" }));

  it("is a change if only its age is due and no member is recorded yet", () => {
    const every = { rotateEvery: "1d" };
    assert.deepEqual(planOf({ ...empty, ...every }, every), { ...KEPT, reason: "age" });
  });

  it("is held back by suspend, whether or not a member is recorded", () => {
    for (const before of [empty, state({ scope })])
      assert.deepEqual(planOf(before, { trigger: "2", suspend: true }), { ...KEPT, held: "trigger" });
  });
});

describe("the members without asking the API", () => {
  const record = state({
    rotations: { rotated: NOW, twice: NOW },
    pending: { left: LOST, twice: OWED },
    tokens: { minted: jwt(), app: jwt() },
    endpoints: { app: endpointIn("default") },
  });
  const databases = (...names: string[]) => names.map((name) => ({ kind: "database", name }) as const);
  const groups = (...names: string[]) => names.map((name) => ({ kind: "group", name }) as const);
  const subjectOf = (scope: RotationInputs["scope"]) => parseSubject(inputs({ scope }));

  it("are those that the scope names, whatever is recorded", () =>
    assert.deepEqual(membersOf(subjectOf({ databases: ["x", "app"] }), record), databases("x", "app")));

  it("are, with all, those that have a rotation, pending work or a token", () => {
    const expected = ["rotated", "twice", "left", "minted", "app"];
    const all = { databases: "all" } as const;
    assert.deepEqual(membersOf(subjectOf(all), { ...record, mint: {} }), databases(...expected));
    assert.deepEqual(membersOf(subjectOf(all), record), databases(...expected));
    assert.deepEqual(membersOf(subjectOf(all), state({ rotations: {} })), []);
  });

  it("are, with all groups and a token for each database, the groups of those databases", () =>
    assert.deepEqual(
      membersOf(subjectOf({ groups: "all" }), { ...record, mint: { per: "database" } }),
      groups("rotated", "twice", "left", "default"),
    ));
});

import assert from "node:assert/strict";
import { UNKNOWN } from "../../src/core/unknown";
import { dueTokens, planUpdate } from "../../src/rotation/plan";
import type { MintSettings, RotationInputs, RotationState } from "../../src/rotation/state";
import { namesOf, parseSubject } from "../../src/values/scope";
import { NOW, inputs, state } from "../support/fake-turso";
import { UNPROVEN } from "./results";
import { endpointIn, jwt, keptTokens } from "./tokens";

const IN_A_DAY = "2026-03-02T12:00:00.000Z";
const unknown = UNKNOWN as never;

describe("a rotation's token", () => {
  const ROWS: [
    what: string,
    before: MintSettings | undefined,
    /** When it expires; undefined: there is none. */
    expiry: string | undefined,
    mint: MintSettings | undefined | null,
    expected: boolean,
  ][] = [
    ["is not minted", {}, undefined, undefined, false],
    ["is not minted, by null", {}, undefined, null, false],
    ["is missing", {}, undefined, {}, true],
    ["is there and never expires", {}, "never", {}, false],
    ["has the same contents", { expiration: "1d" }, "never", { expiration: "1d" }, false],
    ["is to have different contents", { expiration: "1d" }, "never", { expiration: "2d" }, true],
    ["is to have contents that are unknown", {}, "never", { expiration: unknown }, true],
    ["was not declared before", undefined, "never", {}, true],
    [
      "is only to be renewed at a different time",
      { renewBefore: "2d" },
      "never",
      { renewBefore: "1d" },
      false,
    ],
    ["is only to be renewed at an unknown time", {}, "never", { renewBefore: unknown }, false],
    ["expires now", {}, NOW, {}, true],
    ["expired before", {}, "2026-03-01T11:59:59.000Z", {}, true],
    ["expires a second later", {}, "2026-03-01T12:00:01.000Z", {}, false],
    ["is to be renewed now", {}, IN_A_DAY, { renewBefore: "1d" }, true],
    ["is to be renewed a second later", {}, "2026-03-02T12:00:01.000Z", { renewBefore: "1d" }, false],
    ["is not to be renewed early, by null", {}, IN_A_DAY, { renewBefore: null as never }, false],
    ["has expired, while its renewal is unknown", {}, NOW, { renewBefore: unknown }, true],
  ];
  for (const [what, before, expiry, mint, expected] of ROWS)
    it(`is ${expected ? "due" : "not due"} if it ${what}`, () => {
      const olds = state({
        ...(before && { mint: before }),
        ...keptTokens(expiry === undefined ? {} : { app: expiry === "never" ? undefined : expiry }),
      });
      assert.equal(dueTokens(olds, mint as MintSettings | undefined, new Date(NOW))("app"), expected);
    });

  it("is due under a name that every object has, and where the state keeps no tokens at all", () => {
    assert.equal(dueTokens(state({ mint: {}, tokens: {} }), {}, new Date(NOW))("constructor"), true);
    assert.equal(dueTokens(state({ mint: {} }), {}, new Date(NOW))("app"), true);
  });
});

describe("the plan of an update that mints", () => {
  const planned = (olds: RotationState, news: RotationInputs) => {
    const plan = planUpdate(
      { subject: parseSubject(olds), state: olds },
      { subject: parseSubject(news), inputs: news },
      new Date(NOW),
    );
    const { rotates, unfinished, mints, changes } = plan;
    return { rotates: namesOf(rotates), unfinished: namesOf(unfinished), mints: namesOf(mints), changes };
  };
  const nothing = { rotates: [], unfinished: [], mints: [], changes: false };
  const single = { mint: {}, ...keptTokens({ app: NOW }) };

  it("mints a token that is due, and nothing else", () =>
    assert.deepEqual(planned(state(single), inputs({ mint: {} })), {
      ...nothing,
      mints: ["app"],
      changes: true,
    }));

  it("leaves a token that is not due", () =>
    assert.deepEqual(
      planned(state({ ...single, ...keptTokens({ app: undefined }) }), inputs({ mint: {} })),
      nothing,
    ));

  it("mints nothing without `mint`", () =>
    assert.deepEqual(planned(state(keptTokens({ app: NOW })), inputs()), nothing));

  it("leaves a token to the rotation of its target", () => {
    const plan = planned(state(single), inputs({ mint: {}, trigger: "2" }));
    assert.deepEqual([plan.rotates, plan.mints], [["app"], []]);
  });

  it("mints none, and sends no request, for a member that is gone, until a refresh finds it again", () => {
    const olds = state({ scope: { databases: ["app", "lost"] }, mint: {}, tokens: { app: jwt() } });
    assert.deepEqual(planned(olds, inputs(olds)).mints, ["lost"]);
    assert.deepEqual(planned({ ...olds, gone: ["lost"] }, inputs(olds)), nothing);
  });

  it("leaves a token to what an earlier run did not finish, and mints those of other targets", () => {
    const scope = { databases: ["app", "reports"] };
    const olds = state({ ...single, scope, pending: { app: UNPROVEN } });
    assert.deepEqual(planned(olds, inputs({ scope, mint: {} })), {
      rotates: [],
      unfinished: ["app"],
      mints: ["reports"],
      changes: true,
    });
  });

  describe("one token for each database of a group", () => {
    const mint = { per: "database" } as const;
    const scope = { group: "default" };
    const expiries = { app: undefined, reports: undefined, lone: undefined, lost: undefined };
    const endpoints = {
      app: endpointIn("default"),
      reports: endpointIn("default"),
      lone: endpointIn("solo"),
    };
    for (const [what, changes, expected] of [
      ["none is due", {}, []],
      ["one of them is", { reports: NOW }, ["default"]],
      ["only one of a different group is", { lone: NOW }, []],
      ["only one of an unknown group is", { lost: NOW }, []],
    ] as [string, Record<string, string>, string[]][])
      it(`mints those of ${JSON.stringify(expected)} if ${what}`, () => {
        const olds = state({ scope, mint, endpoints, ...keptTokens({ ...expiries, ...changes }) });
        assert.deepEqual(planned(olds, inputs({ scope, mint })).mints, expected);
      });

    it("mints them if there are none yet", () =>
      assert.deepEqual(planned(state({ scope, mint }), inputs({ scope, mint })).mints, ["default"]));

    it("mints none, and sends no request, for a group that has no databases", () => {
      const minted = { scope, mint, tokens: {}, endpoints: {} };
      assert.deepEqual(planned(state(minted), inputs({ scope, mint })).mints, []);
      assert.deepEqual(planned(state({ ...minted, mint: {} }), inputs({ scope, mint })).mints, ["default"]);
    });

    it("concerns groups only, and only if it is asked for", () => {
      const kept = { endpoints, tokens: { app: jwt(NOW), default: jwt() } };
      assert.deepEqual(planned(state({ ...kept, scope, mint: {} }), inputs({ scope, mint: {} })).mints, []);
      const ofApp = { ...kept, endpoints: { app: endpointIn("app") }, tokens: { app: jwt() } };
      assert.deepEqual(planned(state({ ...ofApp, mint }), inputs({ mint })).mints, []);
      const ofLost = { ...ofApp, tokens: { lost: jwt() }, endpoints: { lost: endpointIn("app") } };
      assert.deepEqual(planned(state({ ...ofLost, mint }), inputs({ mint })).mints, ["app"]);
    });
  });
});

describe("the plan of an update", () => {
  it("replaces a list whose organization changes, although its members may come and go", () => {
    const scope = { databases: ["app"] };
    const olds = state({ scope });
    const news = inputs({ scope, organization: "other" });
    const saved = { subject: parseSubject(olds), state: olds };
    const plan = planUpdate(saved, { subject: parseSubject(news), inputs: news }, new Date(NOW));
    assert.deepEqual(plan.replaces, ["organization"]);
  });

  it("names no targets while the organization is unknown", () => {
    const olds = state();
    const news = inputs({ organization: unknown, trigger: "2" });
    const saved = { subject: parseSubject(olds), state: olds };
    const plan = planUpdate(saved, { subject: undefined, inputs: news }, new Date(NOW));
    assert.deepEqual(
      [plan.rotates, plan.unfinished, plan.mints, plan.replaces],
      [[], [], [], ["organization"]],
    );
  });
});

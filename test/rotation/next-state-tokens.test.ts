import assert from "node:assert/strict";
import type { Result } from "../../src/rotation/next-state";
import type { RotationState } from "../../src/rotation/state";
import { NOW, state } from "../support/fake-turso";
import {
  AT,
  LOST,
  UNPROVEN,
  errorOf,
  adoptedResult,
  failedResult,
  goneResult,
  rotatedResult,
  unknownResult,
} from "./results";
import { endpointIn, jwt, minterOf, targets, stateAfter as after } from "./tokens";

describe("the tokens of the next state", () => {
  const members = targets("database", "app", "kept");
  const before = state({
    mint: {},
    tokens: { app: "old", kept: "same", left: "gone" },
    endpoints: { app: endpointIn("a"), kept: endpointIn("b"), left: endpointIn("app") },
  });

  it("are absent if the resource mints none", () => {
    const { tokens, endpoints } = after(state(), { app: rotatedResult() }, { members });
    assert.deepEqual([tokens, endpoints], [undefined, undefined]);
  });

  it("are the new ones, and those that the run left alone, without those of members that left", () => {
    const minter = minterOf({ app: { token: "new", group: "moved" } });
    const { tokens, endpoints } = after(before, { app: rotatedResult() }, { members, minter });
    assert.deepEqual(tokens, { app: "new", kept: "same" });
    assert.deepEqual(endpoints, { app: endpointIn("moved"), kept: endpointIn("b") });
  });

  it("are new ones only, for a resource that had none", () => {
    const minter = minterOf({ app: { token: "new", group: "a" } });
    const { tokens, endpoints } = after(state({ mint: {} }), { app: rotatedResult() }, { members, minter });
    assert.deepEqual([tokens, endpoints], [{ app: "new" }, { app: endpointIn("a") }]);
  });

  it("are recorded with their expiry, unless they never expire", () => {
    const soon = "2026-04-01T00:00:00.000Z";
    const minter = minterOf({ app: { token: jwt(soon), group: "a" }, new: { token: jwt(), group: "b" } });
    const expirations = { app: NOW, kept: AT, left: AT, new: NOW };
    const run = { members: targets("database", "app", "kept", "new"), minter };
    const result = after({ ...before, expirations }, { app: rotatedResult() }, run);
    assert.deepEqual(result.expirations, { app: soon, kept: AT });
  });

  it("are, with one for each database, those of the databases of the groups", () => {
    const tokens = { app: "a", other: "o", lost: "l", default: "of the group" };
    const endpoints = { app: endpointIn("default"), other: endpointIn("solo") };
    const groups = targets("group", "default");
    const run = { members: groups, minter: minterOf({}) };
    const perDatabase = state({ mint: { per: "database" }, tokens, endpoints });
    const kept = after(perDatabase, {}, run);
    assert.deepEqual(kept.tokens, { app: "a", default: "of the group" });
    assert.deepEqual(kept.endpoints, { app: endpointIn("default") });
    const perGroup = after(state({ mint: {}, tokens, endpoints }), {}, run);
    assert.deepEqual(perGroup.tokens, { default: "of the group" });
  });

  for (const [what, minted, names, expected] of [
    ["while it is not known what databases there are", [], {}, ["app", "default", "lost"]],
    ["until each database has one", [], { default: ["app", "reports"] }, ["app", "default"]],
    ["but not once each database has one", ["reports"], { default: ["app", "reports"] }, ["app", "reports"]],
    ["if a database has its name", [], { default: ["app", "default"] }, ["app", "default"]],
  ] as const)
    it(`keep, with one for each database, the group's own from before ${what}`, () => {
      const tokens = { app: "a", default: "of the group", lost: "of a database that is gone" };
      const endpoints = Object.fromEntries(Object.keys(tokens).map((name) => [name, endpointIn("default")]));
      const before = state({ mint: { per: "database" }, tokens, endpoints });
      const news = minted.map((name) => [name, { token: "new", group: "default" }] as const);
      const byTarget = Object.fromEntries(Object.entries(names).map(([name, each]) => [name, [...each]]));
      const minter = minterOf(Object.fromEntries(news), {}, [], byTarget);
      const kept = after(before, {}, { members: targets("group", "default"), minter });
      assert.deepEqual(Object.keys(kept.tokens ?? {}), expected);
      assert.deepEqual(Object.keys(kept.endpoints ?? {}), expected);
    });

  it("leave a target that lacks one as pending, with the reason, whatever else is to be done for it", () => {
    const minter = minterOf({}, { app: errorOf(), kept: errorOf({ answer: "no" }) });
    const result = after(before, { app: unknownResult(), kept: adoptedResult() }, { members, minter });
    assert.deepEqual(result.pending, { app: { ...LOST, isNotMinted: true }, kept: { status: "not-minted" } });
    const next = "See the billing page. The next `pulumi up` mints it.";
    assert.deepEqual(result.failures, {
      app: `${errorOf().reason} Minting its token failed: the API answered 402. It may have been rotated, so its old token may be invalid. ${next}`,
      kept: `minting its token failed: no. This run did not rotate it. ${next}`,
    });
  });

  it("leave a rotation that is held back as pending if they could not be minted", () => {
    const minter = minterOf({}, { app: errorOf() });
    const held = { status: "not-rotated", wasSeen: true } as const;
    const { pending } = after(before, { app: { kind: "adopted", pending: held } }, { members, minter });
    assert.deepEqual(pending, { app: { ...held, isNotMinted: true } });
  });

  describe("that an earlier run could not mint", () => {
    const lacking = state({
      mint: {},
      pending: { app: { ...LOST, isNotMinted: true } },
      failures: { app: "no token" },
    });

    for (const [what, result, expected] of [
      ["is proven", rotatedResult({ isNew: false }), { status: "not-minted" }],
      [
        "is still not proven",
        rotatedResult({ isNew: false, pending: UNPROVEN }),
        { ...UNPROVEN, isNotMinted: true },
      ],
      ["failed", failedResult(), { status: "not-rotated", isNotMinted: true }],
    ] as const)
      it(`stay pending, with the reason, if the rotation ${what}`, () => {
        const { pending, failures } = after(lacking, { app: result }, { members, minter: minterOf({}) });
        assert.deepEqual(pending, { app: expected });
        const why = result.kind === "failed" ? result.error.reason : "no token";
        assert.deepEqual(failures, { app: why });
      });

    for (const [what, result, complete] of [
      ["this run minted all that there are", rotatedResult({ isNew: false }), ["app"]],
      ["their target no longer exists", goneResult(), []],
    ] as const)
      it(`do not stay pending if ${what}`, () => {
        const minter = minterOf({}, {}, complete);
        const { pending, failures } = after(lacking, { app: result }, { members, minter });
        assert.deepEqual([pending, failures], [undefined, {}]);
      });
  });
});

describe("the members that are gone, in the next state", () => {
  const members = targets("database", "app", "lost", "back");
  const before = state({ mint: {}, gone: ["lost", "back", "left"] });
  const goneAfter = (results: Record<string, Result>) =>
    after(before, results, { members, minter: minterOf({}) }).gone;

  it("are those that were gone before, without those that left the list", () =>
    assert.deepEqual(goneAfter({}), ["lost", "back"]));

  it("are those that the run did not find, without those that it did", () =>
    assert.deepEqual(goneAfter({ app: goneResult(), lost: adoptedResult(), back: rotatedResult() }), [
      "app",
    ]));

  it("are not recorded if there are none, or if no tokens are minted", () => {
    assert.equal("gone" in after(state({ mint: {} }), {}, { members, minter: minterOf({}) }), false);
    assert.equal("gone" in after(before, { app: goneResult() }, { members }), false);
  });
});

describe("the rotations of the next state", () => {
  const OLD = "2026-01-01T00:00:00.000Z";
  const members = targets("database", "app", "other");

  it("include those that invalidated the tokens of members without a result", () => {
    const reached = new Map([["other", AT]]);
    const before = state({ rotations: { app: OLD, other: OLD } });
    const { rotations } = after(before, { app: rotatedResult() }, { members, isFull: false, reached });
    assert.deepEqual(rotations, { app: AT, other: AT });
    assert.deepEqual(after(before, {}, { members, isFull: false }).rotations, { app: OLD, other: OLD });
  });
});

describe("the reach in the next state", () => {
  const members = targets("database", "app", "other");
  const reachAfter = (before: RotationState, results: Record<string, Result>) =>
    after(before, results, { members }).reach;

  it("is absent while nothing was seen", () => {
    assert.equal("reach" in after(state(), { app: rotatedResult() }, { members }), false);
    assert.equal(reachAfter(state(), { app: unknownResult(), other: adoptedResult() }), undefined);
  });

  it("is, in each group, what the members' rotations were seen to reach together", () =>
    assert.deepEqual(
      reachAfter(state(), {
        app: rotatedResult({ reach: { g: { database: "rejected", siblings: "accepted" } } }),
        other: rotatedResult({ reach: { g: { group: "accepted" }, h: { database: "rejected" } } }),
      }),
      {
        g: { database: "rejected", siblings: "accepted", group: "accepted" },
        h: { database: "rejected" },
      },
    ));

  it("replaces what was seen in the same group, and keeps that of others", () => {
    const before = state({ reach: { g: { group: "rejected" }, h: { group: "rejected" } } });
    const seen = rotatedResult({ reach: { g: { database: "rejected" } } });
    assert.deepEqual(reachAfter(before, { app: seen }), {
      g: { database: "rejected" },
      h: { group: "rejected" },
    });
    assert.deepEqual(reachAfter(before, { app: rotatedResult() }), before.reach);
  });
});

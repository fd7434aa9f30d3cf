import assert from "node:assert/strict";
import { refresh } from "../../src/rotation/refresh";
import type { Pending, RotationState } from "../../src/rotation/state";
import { parseSubject, type Scope } from "../../src/values/scope";
import { state } from "../support/fake-turso";
import { AT, LOST, failedLookup, goneOf } from "./results";
import { ACCEPTED, Organization, UNCLEAR, database } from "./run/organization";
import { contextIn } from "./run/runner";

const TEAM = { team: ["a", "b"], solo: ["lone"] };
const BOTH = { databases: ["a", "b"] };
const NOT_MINTED = { status: "not-minted" };

/** The state of a list that mints, whose tokens are valid. */
const minting = (organization: Organization, changes: Partial<RotationState> = {}): RotationState =>
  state({
    scope: BOTH,
    mint: {},
    verify: "auto",
    verifyTimeout: "1s",
    rotations: { a: AT, b: AT },
    tokens: { a: organization.token(database("a")), b: organization.token(database("b")) },
    endpoints: { a: { hostname: "a", group: "team" }, b: { hostname: "b", group: "team" } },
    expirations: {},
    ...changes,
  });

/** What a refresh keeps, and what it says. */
async function refreshing(organization: Organization, olds: RotationState, scope: Scope = olds.scope) {
  const messages: string[] = [];
  const subject = parseSubject({ organization: "acme", scope });
  const result = await refresh(contextIn(organization, messages), { subject, state: olds });
  assert.deepEqual(organization.order, [], "it rotates and mints nothing");
  return { next: result.gone ? undefined : result.state, isGone: result.gone, messages };
}

describe("a refresh of tokens", () => {
  it("changes nothing and says nothing if each is accepted", async () => {
    const organization = new Organization(TEAM);
    const olds = minting(organization);
    assert.deepEqual(await refreshing(organization, olds), { next: olds, isGone: false, messages: [] });
    assert.deepEqual(organization.lookedUp, ["database a", "databases of team", "database b"]);
  });

  for (const [what, isRotated, ids] of [
    ["that are rejected", true, undefined],
    ["of a database that was made again", false, { a: "new" }],
    ["that are both, once", true, { a: "new" }],
  ] as const)
    it(`leaves those ${what} to the next update`, async () => {
      const organization = new Organization(TEAM, "database", ids ? { ids } : {});
      const endpoints = {
        a: { hostname: "a", group: "team", databaseId: "old" },
        b: { hostname: "b", group: "team", databaseId: "old" },
      };
      const olds = minting(organization, { endpoints });
      if (isRotated) organization.rotated(database("a"));
      assert.deepEqual(await refreshing(organization, olds), {
        next: { ...olds, pending: { a: NOT_MINTED } },
        isGone: false,
        messages: [
          "warning acme/databases: the databases reject the tokens of a, so the next update mints new ones.",
        ],
      });
    });

  it("notes of a rejected one that it is to be minted too, once the outcome of its rotation is known", async () => {
    const organization = new Organization(TEAM);
    const olds = minting(organization, { pending: { a: LOST } });
    organization.rotated(database("a"));
    assert.deepEqual((await refreshing(organization, olds)).next?.pending, {
      a: { ...LOST, isNotMinted: true },
    });
  });

  it("of databases that were gone leaves those that are there again to the next update", async () => {
    const organization = new Organization(TEAM);
    organization.answers.lookUp = ({ name }) => (name === "b" ? goneOf("database", "b") : undefined);
    const olds = minting(organization, { tokens: {}, endpoints: {}, gone: ["a", "b"] });
    const { next } = await refreshing(organization, olds);
    assert.deepEqual([next?.gone, next?.pending], [["b"], { a: NOT_MINTED }]);
    organization.answers.lookUp = () => undefined;
    const later = await refreshing(organization, olds);
    assert.ok(later.next && !("gone" in later.next));
  });

  it("forgets what other resources' tokens went through, which refresh themselves", async () => {
    const organization = new Organization(TEAM);
    const olds = minting(organization);
    const { next } = await refreshing(organization, { ...olds, casualties: { "0": "acme/databases/x" } });
    assert.deepEqual(next, olds);
  });

  it("keeps them if the resource no longer mints", async () => {
    const organization = new Organization(TEAM);
    const { mint, ...olds } = minting(organization);
    assert.ok(mint);
    assert.deepEqual(await refreshing(organization, olds), { next: olds, isGone: false, messages: [] });
  });
});

describe("a refresh of all databases", () => {
  const ALL: Scope = { databases: "all" };

  it("drops what was deleted, and leaves the tokens of what joined to the next update", async () => {
    const organization = new Organization({ team: ["b"], solo: ["lone"] });
    const { next, messages } = await refreshing(organization, minting(organization, { scope: ALL }));
    assert.deepEqual([Object.keys(next?.tokens ?? {}), next?.pending], [["b"], { lone: NOT_MINTED }]);
    assert.deepEqual(messages, [
      "info acme/databases: lone joined the organization; the next update mints their tokens, without a rotation.",
    ]);
  });

  it("does not mention what joined if it mints nothing", async () => {
    const organization = new Organization(TEAM);
    const olds = state({ scope: ALL, rotations: { a: AT } });
    assert.deepEqual(await refreshing(organization, olds), { next: olds, isGone: false, messages: [] });
  });

  it("keeps the members on record if they cannot be listed, and warns why", async () => {
    const organization = new Organization(TEAM);
    organization.answers.lookUp = ({ name }) => (name === "databases" ? failedLookup(403) : undefined);
    const olds = minting(organization, { scope: ALL });
    const { next, messages } = await refreshing(organization, olds);
    assert.deepEqual([next, messages.length], [olds, 1]);
    assert.match(messages[0] ?? "", /^warning .* The state stays as it is\.$/);
  });
});

describe("a refresh of a rotation that was not proven", () => {
  const scope = { databases: ["a", "b", "lone"] };
  /** What an earlier run left of `a`, and whether its old tokens are rejected by now. */
  function unproven(changes: Partial<RotationState> = {}, isRotated = true) {
    const organization = new Organization(TEAM);
    const target = database("a");
    const canaries = [
      { label: "database", target, token: organization.token(target), hostname: "a" },
    ] as const;
    if (isRotated) organization.rotated(target);
    const pending: Record<string, Pending> = { a: { status: "unproven", at: AT, canaries } };
    const rest = { scope, verify: "auto", verifyTimeout: "1s", verification: "unverified", pending } as const;
    return {
      organization,
      olds: state({ ...rest, rotations: { a: AT }, failures: { a: "not proven" }, ...changes }),
    };
  }

  it("finishes the proof, and asks for no other member", async () => {
    const { organization, olds } = unproven();
    const { next, messages } = await refreshing(organization, olds);
    assert.deepEqual([next?.pending, next?.failures, messages], [undefined, {}, []]);
    assert.deepEqual([next?.rotationId, next?.rotations], [olds.rotationId, { a: AT }]);
    assert.deepEqual(organization.lookedUp, ["database a", "databases of team"]);
  });

  it("keeps what is still not proven", async () => {
    const { organization, olds } = unproven({ verifyTimeout: "1s" }, false);
    organization.answers.probe = () => ACCEPTED;
    const { next, messages } = await refreshing(organization, olds);
    assert.deepEqual([next?.pending, next?.verification], [olds.pending, "unverified"]);
    assert.match(messages.join("\n"), /^warning acme\/databases\/a: rotated, but /);
  });

  for (const isRotated of [true, false])
    it(`leaves a token that an earlier run could not mint to the next update, ${isRotated ? "also if it finishes" : "if it cannot finish"} the proof`, async () => {
      const { organization, olds } = unproven({ mint: {}, tokens: {}, endpoints: {} }, isRotated);
      const left = { ...olds.pending?.["a"], isNotMinted: true } as Pending;
      const { next } = await refreshing(organization, { ...olds, pending: { a: left } });
      assert.deepEqual(next?.pending, { a: isRotated ? NOT_MINTED : left });
      assert.deepEqual(next.failures, { a: "not proven" });
    });

  it("tries nothing under verify off, nor without a canary token's answer", async () => {
    const off = unproven({ verify: "off" });
    assert.deepEqual(await refreshing(off.organization, off.olds), {
      next: off.olds,
      isGone: false,
      messages: [],
    });
    assert.deepEqual([off.organization.log, off.organization.probed], [[], []]);
    const silent = unproven();
    silent.organization.answers.probe = () => UNCLEAR;
    assert.deepEqual((await refreshing(silent.organization, silent.olds)).next?.pending, silent.olds.pending);
  });

  it("does not resolve one whose outcome is unknown, which only an update does", async () => {
    const { organization, olds } = unproven({ pending: { a: LOST } });
    assert.deepEqual((await refreshing(organization, olds)).next, olds);
    assert.deepEqual([organization.log, organization.lookedUp], [[], []]);
  });
});

describe("a refresh of a single target", () => {
  const olds = state({ scope: { database: "a" }, rotations: { a: AT } });

  it("removes it from the state if the API says that it does not exist", async () => {
    const organization = new Organization(TEAM);
    organization.answers.lookUp = () => goneOf("database", "a");
    assert.deepEqual(await refreshing(organization, olds), {
      next: undefined,
      isGone: true,
      messages: [
        "warning acme/databases/a no longer exists (the API answered 404 (database a not found)), so it leaves the state.",
      ],
    });
  });

  it("keeps it if that could not be found out", async () => {
    const organization = new Organization(TEAM);
    organization.answers.lookUp = () => failedLookup(500);
    const { next, messages } = await refreshing(organization, olds);
    assert.deepEqual([next, messages.length], [olds, 1]);
  });

  it("asks for it once", async () => {
    const organization = new Organization(TEAM);
    assert.deepEqual(await refreshing(organization, olds), { next: olds, isGone: false, messages: [] });
    assert.deepEqual(organization.lookedUp, ["database a"]);
  });
});

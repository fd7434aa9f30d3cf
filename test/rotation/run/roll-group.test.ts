import assert from "node:assert/strict";
import type { Attempt } from "../../../src/rotation/run/attempt";
import { isDark } from "../../../src/rotation/run/prove";
import { AT, adoptedResult, failedLookup, failedResult, rotatedResult } from "../results";
import { ACCEPTED, Organization, REJECTED, UNCLEAR, database, refusedWith } from "./organization";
import { roll } from "./roller";

const TEAM = { team: ["a", "b", "c"] };
const A = database("a");
const tasksOf = (organization: Organization, names = TEAM.team) =>
  names.map((name) => organization.task(database(name)));

/** How many tokens were minted only to compare an old one of the database with. */
const controlsOf = ({ minted }: Organization, name: string): number =>
  minted.filter(({ target, options }) => target.name === name && options.expiration === "1h").length;

describe("the first rotation of a group", () => {
  it("is proven once if its old token is rejected while it is watched", async () => {
    const organization = new Organization(TEAM);
    const { results } = await roll(organization, tasksOf(organization), { mints: false });
    assert.equal(controlsOf(organization, "a"), 1);
    const [a] = results.values();
    assert.ok(a?.kind === "rotated");
    assert.deepEqual([a.verification, a.reach?.["team"]?.siblings], ["verified", "accepted"]);
  });

  it("is not watched if it is the only one: nothing depends on what it reaches", async () => {
    const organization = new Organization(TEAM, "database", { probe: () => ACCEPTED });
    await roll(organization, [organization.task(A)], { mints: false });
    assert.equal(controlsOf(organization, "a"), 1);
  });

  it("counts as a rotation of each member that it reached", async () => {
    const organization = new Organization(TEAM, "group");
    const { results } = await roll(organization, tasksOf(organization));
    for (const result of results.values()) {
      assert.ok(result.kind === "rotated");
      assert.deepEqual([result.isNew, result.verification], [true, "verified"]);
    }
  });

  it("is that of a member which may be rotated, not of one that is adopted", async () => {
    const organization = new Organization(TEAM);
    const [a, b, c] = tasksOf(organization);
    assert.ok(a && b && c);
    await roll(organization, [{ ...a, isAdopted: true }, b, c], { mints: false });
    const leads = organization.minted.filter(
      ({ target, options }) => target.kind === "group" && options.expiration === "7d",
    );
    assert.equal(leads.length, 1);
  });
});

describe("targets that could not be looked up", () => {
  const lookup = failedLookup(403);
  const unseen = (organization: Organization) =>
    TEAM.team.map((name) => organization.task(database(name), { lookup }));

  it("are rotated before any of their tokens is minted, because they may be in one group", async () => {
    const organization = new Organization(TEAM, "group");
    const { kinds, minter } = await roll(organization, unseen(organization));
    assert.deepEqual(kinds, { a: "rotated", b: "rotated", c: "rotated" });
    assert.deepEqual(organization.order.slice(1), [
      "rotate a",
      "mint a",
      "rotate b",
      "rotate c",
      "mint a",
      "mint b",
      "mint c",
    ]);
    for (const [name, { token }] of minter.minted)
      assert.deepEqual(await organization.client.probe(name, token), ACCEPTED);
  });

  it("stay as they are if the first one's token cannot be minted", async () => {
    const organization = new Organization(TEAM, "database", {
      mint: ({ name }, { expiration }) =>
        name === "a" && expiration === "90d" ? refusedWith(409) : undefined,
    });
    const { kinds } = await roll(organization, unseen(organization));
    assert.deepEqual(kinds, { a: "rotated", b: "failed", c: "failed" });
  });
});

describe("the tokens of a roll", () => {
  it("are minted after the rotation, even those that were due before", async () => {
    const organization = new Organization(TEAM);
    await roll(organization, [organization.task(A)], { due: ["a"] });
    assert.deepEqual(organization.order.slice(1), ["rotate a", "mint a"]);
  });

  for (const canary of [ACCEPTED, UNCLEAR])
    it(`are waited for until their database accepts them, whether or not a canary token could be tried there: ${canary.verdict}`, async () => {
      let tries = 0;
      const organization: Organization = new Organization(TEAM, "database", {
        probe: () => {
          if (organization.log.at(-1) === "mint a" && organization.log.includes("rotate a"))
            return (tries += 1) <= 2 ? REJECTED : ACCEPTED;
          return organization.log.includes("rotate a") ? UNCLEAR : canary;
        },
      });
      await roll(organization, [organization.task(A)]);
      // one that is still rejected at the end of the run would be replaced
      assert.deepEqual(organization.order.slice(1), ["rotate a", "mint a"]);
    });
});

describe("consumers of old tokens wait for a roll", () => {
  const sent = (changes: Partial<Attempt>): Attempt => ({
    task: new Organization(TEAM).task(A),
    at: AT,
    isNew: true,
    tries: 1,
    canaries: [],
    doneAt: 0,
    ...changes,
  });
  const seen = { verdict: "rejected", why: "", waitedMs: 0, isFullWait: false } as const;

  for (const [what, attempts, results, expected] of [
    ["nothing was sent", [], [], false],
    ["nothing was seen of the rotations", [sent({}), sent({})], [], false],
    ["an old token of this run's rotation is rejected", [sent({}), sent({ seen })], [], true],
    ["an old token is still accepted", [sent({ seen: { ...seen, verdict: "accepted" } })], [], false],
    ["the rotation is an earlier run's", [sent({ seen, isNew: false })], [], false],
    ["a lost response was a rotation", [], [failedResult(), rotatedResult()], true],
    ["only an earlier run's rotation is proven", [], [rotatedResult({ isNew: false })], false],
    ["nothing was rotated", [], [failedResult(), adoptedResult()], false],
  ] as const)
    it(`${expected ? "as soon as" : "not while"} ${what}`, () =>
      assert.equal(isDark(attempts, results), expected));
});

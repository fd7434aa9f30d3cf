import assert from "node:assert/strict";
import { mock } from "node:test";
import type { MintOptions } from "../../../src/turso/client";
import { Permits } from "../../../src/values/places";
import { ACCEPTED, Organization, database, group, refusedWith } from "./organization";
import { roll } from "./roller";

const TEAM = { team: ["a", "b", "c"] };

/** Requests without the one that asks whether the API mints at all. */
const sentTo = ({ order }: Organization): string[] => order.slice(1);

describe("the rotations of a group's members", () => {
  const tasksOf = (organization: Organization, names = TEAM.team) =>
    names.map((name) => organization.task(database(name)));

  it("are one, whose tokens are all minted, where the first one reaches the whole group", async () => {
    const organization = new Organization(TEAM, "group");
    const { kinds, minter } = await roll(organization, tasksOf(organization));
    assert.deepEqual(kinds, { a: "rotated", b: "rotated", c: "rotated" });
    assert.deepEqual(sentTo(organization), ["rotate a", "mint a", "mint b", "mint c"]);
    assert.deepEqual([...minter.minted.keys()], ["a", "b", "c"]);
  });

  it("follow in turn, each with its token, where the first one reaches only its own database", async () => {
    const organization = new Organization(TEAM);
    const { kinds } = await roll(organization, tasksOf(organization), { parallelism: 1 });
    assert.deepEqual(kinds, { a: "rotated", b: "rotated", c: "rotated" });
    assert.deepEqual(
      sentTo(organization),
      TEAM.team.flatMap((name) => [`rotate ${name}`, `mint ${name}`]),
    );
  });

  it("all precede the tokens where nobody knows what the first one reached", async () => {
    const organization = new Organization(TEAM, "group");
    const { kinds, minter } = await roll(organization, tasksOf(organization), { verify: "off" });
    assert.deepEqual(kinds, { a: "rotated", b: "rotated", c: "rotated" });
    const [, , ...rest] = sentTo(organization);
    assert.deepEqual(rest, ["rotate b", "rotate c", "mint a", "mint b", "mint c"]);
    for (const [name, { token }] of minter.minted)
      assert.deepEqual(await organization.client.probe(name, token), ACCEPTED, "no rotation came after it");
  });

  it("mint for none whose rotation failed where nobody knows what the first one reached", async () => {
    const organization = new Organization(TEAM, "group", {
      rotate: ({ name }) => (name === "b" ? refusedWith(409) : undefined),
    });
    const { kinds, minter } = await roll(organization, tasksOf(organization), { verify: "off" });
    assert.deepEqual(kinds, { a: "rotated", b: "failed", c: "rotated" });
    assert.deepEqual([...minter.minted.keys()], ["a", "c"]);
  });

  it("go on without the first one if that failed", async () => {
    const organization = new Organization(TEAM, "group", {
      rotate: ({ name }) => (name === "a" ? refusedWith(409) : undefined),
    });
    const { kinds, minter } = await roll(organization, tasksOf(organization), { verify: "off" });
    assert.deepEqual(kinds, { a: "failed", b: "rotated", c: "rotated" });
    assert.deepEqual([...minter.minted.keys()], ["b", "c"]);
  });

  it("are led by the next one if the rotation of the first one failed", async () => {
    const organization = new Organization(TEAM, "group", {
      rotate: ({ name }) => (name === "a" ? refusedWith(409) : undefined),
    });
    const { kinds } = await roll(organization, tasksOf(organization));
    assert.deepEqual(kinds, { a: "failed", b: "rotated", c: "rotated" });
    assert.deepEqual(sentTo(organization), ["rotate a", "rotate b", "mint b", "mint c"]);
  });

  it("end with the first one if its token cannot be minted", async () => {
    const organization = new Organization(TEAM, "database", {
      mint: (_, { authorization, expiration }) =>
        authorization === "full-access" && expiration === "90d" ? refusedWith(409) : undefined,
    });
    const { kinds, results } = await roll(organization, tasksOf(organization));
    assert.deepEqual(kinds, { a: "rotated", b: "failed", c: "failed" });
    assert.match(
      results.get("b")?.error?.message ?? "",
      /^Rotating acme\/databases\/b: too many targets that were rotated before it have no token yet/,
    );
    assert.deepEqual(
      organization.order.filter((each) => each.startsWith("rotate")),
      ["rotate a"],
    );
  });

  it("are led by one of each group, whose canary tokens alone show what it reaches", async () => {
    const organization = new Organization(TEAM);
    await roll(organization, tasksOf(organization), { mints: false });
    const planted = organization.minted.filter(({ options }) => options.expiration === "7d");
    assert.deepEqual(planted.map(({ target }) => `${target.kind} ${target.name}`).sort(), [
      "database a",
      "database b",
      "database b",
      "database c",
      "group team",
    ]);
  });
});

describe("a roll", () => {
  const APART = { one: ["a"], two: ["b"], three: ["c"] };
  const names = ["a", "b", "c"];
  const tasksOf = (organization: Organization) => names.map((name) => organization.task(database(name)));

  it("rotates groups independently, and returns the results in the order of the tasks", async () => {
    const organization = new Organization(APART);
    const { results, kinds } = await roll(organization, tasksOf(organization));
    assert.deepEqual(kinds, { a: "rotated", b: "rotated", c: "rotated" });
    assert.deepEqual([...results.keys()], names);
  });

  it("rotates no further target while as many as maxUnavailable are without a token", async () => {
    const organization = new Organization(APART, "database", {
      mint: (_, { expiration }) => (expiration === "90d" ? refusedWith(409) : undefined),
    });
    const { kinds } = await roll(organization, tasksOf(organization), { maxUnavailable: 1 });
    assert.deepEqual(Object.values(kinds).sort(), ["failed", "failed", "rotated"]);
  });

  const refuseTokens = (_: unknown, { expiration }: MintOptions) =>
    expiration === "90d" ? refusedWith(409) : undefined;

  it("counts members as without a token whose minting failed after they were rotated together", async () => {
    const lose = mock.method(Permits.prototype, "lose");
    const organization: Organization = new Organization(TEAM, "group", {
      // the first one's token can be minted, until the others are rotated
      mint: (target, options) =>
        organization.log.includes("rotate b") ? refuseTokens(target, options) : undefined,
    });
    await roll(
      organization,
      TEAM.team.map((name) => organization.task(database(name))),
      { verify: "off" },
    );
    assert.deepEqual(
      lose.mock.calls.map(({ arguments: [isTaken] }) => isTaken),
      [false, false, false],
    );
    mock.restoreAll();
  });

  it("rotates no other member of a group for whose first one there is no place", async () => {
    const organization = new Organization({ ...TEAM, solo: ["x"] }, "group", { mint: refuseTokens });
    const tasks = [...TEAM.team, "x"].map((name) => organization.task(database(name)));
    const { kinds } = await roll(organization, tasks, { maxUnavailable: 1, parallelism: 1 });
    assert.equal(Object.values(kinds).filter((kind) => kind === "rotated").length, 1, JSON.stringify(kinds));
  });

  it("gives the place of a target back once its token is minted, or its rotation has failed", async () => {
    const organization = new Organization(APART, "database", {
      rotate: ({ name }) => (name === "c" ? refusedWith(409) : undefined),
    });
    const { kinds } = await roll(organization, tasksOf(organization), { maxUnavailable: 1 });
    assert.deepEqual(kinds, { a: "rotated", b: "rotated", c: "failed" });
  });

  it("does not count who is without a token if it mints none", async () => {
    const organization = new Organization(APART);
    const { kinds } = await roll(organization, tasksOf(organization), { maxUnavailable: 0, mints: false });
    assert.deepEqual(kinds, { a: "rotated", b: "rotated", c: "rotated" });
  });

  it("mints the due tokens of targets that it only adopts", async () => {
    const organization = new Organization(APART);
    const tasks = tasksOf(organization).map((task) => ({ ...task, isAdopted: true }));
    const { kinds } = await roll(organization, tasks, { due: ["b"] });
    assert.deepEqual(kinds, { a: "adopted", b: "adopted", c: "adopted" });
    assert.deepEqual(organization.log, ["mint b"]);
  });

  it("mints the due tokens in a group that it rotates once more, where the rotation reaches them", async () => {
    const organization = new Organization(TEAM, "group");
    const adopted = organization.task(database("b"), { isAdopted: true });
    const tasks = [organization.task(database("a")), adopted];
    const { minter } = await roll(organization, tasks, { due: ["b"] });
    assert.deepEqual(sentTo(organization), ["mint b", "rotate a", "mint a", "mint b"]);
    const { verdict } = await organization.client.probe("b", minter.minted.get("b")?.token ?? "");
    assert.equal(verdict, "accepted");
  });

  it("mints the due tokens in a group that it rotates after the rotation, if verify is off", async () => {
    const organization = new Organization({ ...TEAM, solo: ["x"] }, "group");
    const adopted = ["b", "x"].map((name) => organization.task(database(name), { isAdopted: true }));
    const tasks = [organization.task(database("a")), ...adopted];
    await roll(organization, tasks, { due: ["b", "x"], verify: "off" });
    assert.deepEqual(sentTo(organization), ["mint x", "rotate a", "mint a", "mint b"]);
  });

  it("rotates several groups of its own scope, each with its token", async () => {
    const organization = new Organization({ one: ["a"], two: ["b"] });
    const tasks = ["one", "two"].map((name) => organization.task(group(name)));
    const { kinds } = await roll(organization, tasks, { parallelism: 1 });
    assert.deepEqual(kinds, { one: "rotated", two: "rotated" });
    assert.deepEqual(sentTo(organization), ["rotate two", "mint two", "rotate one", "mint one"]);
  });
});

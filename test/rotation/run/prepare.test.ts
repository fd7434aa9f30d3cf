import assert from "node:assert/strict";
import type { Task } from "../../../src/rotation/run/preflight";
import { UNPROVEN, failedLookup, goneOf } from "../results";
import { Organization, UNCLEAR, database, refusedWith } from "./organization";
import { roll } from "./roller";

const APART = { one: ["a"], two: ["b"], three: ["c"] };

const tasksOf = (organization: Organization) =>
  Object.values(APART)
    .flat()
    .map((name) => organization.task(database(name)));

describe("a roll whose API token may not mint", () => {
  it("sends nothing if the API refuses to mint, and still adopts", async () => {
    const organization = new Organization(APART, "database", { mint: () => refusedWith(403) });
    const [a, b, c] = tasksOf(organization) as [Task, Task, Task];
    const { kinds, results } = await roll(organization, [a, { ...b, isAdopted: true }, c]);
    assert.deepEqual(kinds, { a: "failed", b: "adopted", c: "failed" });
    assert.match(
      results.get("c")?.error?.message ?? "",
      /^Rotating acme\/databases\/c: no token could be minted to replace/,
    );
    assert.deepEqual(organization.log, ["mint a"]);
  });

  it("asks whether the API mints for the first target that it may rotate", async () => {
    const organization = new Organization(APART, "database", { mint: () => refusedWith(403) });
    const [a, b, c] = tasksOf(organization) as [Task, Task, Task];
    await roll(organization, [{ ...a, lookup: failedLookup(500) }, { ...b, isAdopted: true }, c]);
    assert.deepEqual(organization.log, ["mint c"]);
  });

  it("asks whether the API mints also where it may look up nothing", async () => {
    const organization = new Organization(APART, "database", { mint: () => refusedWith(403) });
    const [a, b, c] = tasksOf(organization) as [Task, Task, Task];
    const unseen = [b, c].map((task) => ({ ...task, lookup: failedLookup(403) }));
    const tasks = [{ ...a, lookup: failedLookup(500) }, ...unseen];
    const { kinds } = await roll(organization, tasks, { verify: "off" });
    assert.deepEqual(kinds, { a: "failed", b: "failed", c: "failed" });
    assert.deepEqual(organization.log, ["mint b", "mint c"]);
  });

  it("leaves out a target for which it refuses permissions, and rotates the others", async () => {
    const organization = new Organization(APART, "database", {
      mint: ({ name }, { permissions = [] }) =>
        name === "b" && permissions.length > 0 ? refusedWith(400) : undefined,
    });
    const settings = { permissions: [{ actions: ["data_read" as const] }] };
    const { kinds, results } = await roll(organization, tasksOf(organization), { settings });
    assert.deepEqual(kinds, { a: "rotated", b: "failed", c: "rotated" });
    assert.match(results.get("b")?.error?.message ?? "", /no token could be minted .* the API answered 400/);
    assert.ok(!organization.log.includes("rotate b"));
  });

  for (const [what, status, expected] of [
    ["rotates none of the targets", 403, { a: "failed", b: "failed", c: "failed" }],
    ["rotates those that it knows nothing against", 409, { a: "rotated", b: "rotated", c: "rotated" }],
  ] as const)
    it(`${what} for which that could not be seen, where one canary token is answered with ${status}`, async () => {
      const organization = new Organization(APART, "database", {
        mint: ({ name }) => (name === "c" ? refusedWith(status) : undefined),
        probe: () => UNCLEAR,
      });
      const { kinds, results } = await roll(organization, tasksOf(organization), { mints: false });
      assert.deepEqual(kinds, expected);
      if (status === 403)
        assert.match(
          results.get("a")?.error?.message ?? "",
          /^Rotating acme\/databases\/a: no token could be/,
        );
    });

  it("has nothing left to do for a member that is gone, also one whose rotation was not proven", async () => {
    const organization = new Organization(APART, "database", { mint: () => refusedWith(403) });
    const [a, b, c] = tasksOf(organization) as [Task, Task, Task];
    const gone = { lookup: goneOf("database", "b") };
    const tasks = [a, { ...b, ...gone, pending: UNPROVEN }, { ...c, ...gone }];
    const { kinds } = await roll(organization, tasks);
    assert.deepEqual(kinds, { a: "failed", b: "gone", c: "gone" });
  });

  it("rotates those for which it may", async () => {
    const organization = new Organization(APART, "database", {
      mint: ({ name }) => (name === "c" ? refusedWith(403) : undefined),
    });
    const { kinds } = await roll(organization, tasksOf(organization), { mints: false });
    assert.deepEqual(kinds, { a: "rotated", b: "rotated", c: "failed" });
  });
});

describe("a member for which the API refuses to mint", () => {
  const TEAM = { team: ["a", "b"], other: ["c"] };

  for (const [what, changes, isSpared, why] of [
    ["while it is not known what rotations of its group reach", {}, false, ""],
    ["that rotations of its group do not reach", { reach: { team: { siblings: "accepted" } } }, false, ""],
    [
      "that rotations of its group reach",
      { reach: { team: { siblings: "rejected" } } },
      true,
      'its rotation invalidates the tokens of all databases of the group "team"',
    ],
    [
      'under groupImpact: "refuse"',
      { groupImpact: "refuse" },
      true,
      'groupImpact is "refuse", and its rotation may invalidate the tokens of all databases of the group "team"',
    ],
  ] as const)
    it(`${isSpared ? "keeps" : "does not keep"} the others of its group from being rotated, ${what}`, async () => {
      const organization = new Organization(TEAM, "database", {
        mint: ({ name }) => (name === "b" ? refusedWith(403) : undefined),
      });
      const tasks = ["a", "b", "c"].map((name) => organization.task(database(name)));
      const { kinds, results } = await roll(organization, tasks, changes);
      assert.deepEqual(kinds, { a: isSpared ? "failed" : "rotated", b: "failed", c: "rotated" });
      if (isSpared)
        assert.equal(
          results.get("a")?.error?.message,
          `Rotating acme/databases/a: ${why}, and the API refuses to mint for b. Nothing was changed. Once the API mints for all of them, run \`pulumi up\` again.`,
        );
    });

  it("is told from one for which it fails to mint, whose token a later run mints", async () => {
    const organization = new Organization(TEAM, "database", {
      mint: ({ name }) => (name === "b" ? refusedWith(500) : undefined),
    });
    const tasks = ["a", "b"].map((name) => organization.task(database(name)));
    const { kinds } = await roll(organization, tasks, { reach: { team: { siblings: "rejected" } } });
    assert.deepEqual(kinds, { a: "rotated", b: "failed" });
  });
});

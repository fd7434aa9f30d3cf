import assert from "node:assert/strict";
import { Minter } from "../../../src/rotation/run/mint";
import type { RunSettings, Task } from "../../../src/rotation/run/preflight";
import { refusalsToMint } from "../../../src/rotation/run/trial";
import type { MintSettings } from "../../../src/rotation/state";
import type { Permission } from "../../../src/values/permissions";
import { failedLookup, goneOf } from "../results";
import { Organization, database, group, refusedWith } from "./organization";
import { settingsWith } from "./settings";

const GROUPS = { one: ["a", "b"], two: ["c"], three: ["d"] };
const NAMES = Object.values(GROUPS).flat();
const permissions: Permission[] = [{ actions: ["data_read"] }];

const tasksOf = (organization: Organization, changes: Record<string, Partial<Task>> = {}) =>
  NAMES.map((name) => organization.task(database(name), changes[name]));

/** The statuses of the refusals, by target. The API answers the mints for some names with a status. */
async function refusals(
  answers: Record<string, number>,
  how: Partial<RunSettings> & { mint?: MintSettings; tasks?: (organization: Organization) => Task[] } = {},
): Promise<{ refused: Record<string, number | undefined>; log: string[]; organization: Organization }> {
  const { mint, tasks = tasksOf, ...changes } = how;
  const organization = new Organization(GROUPS, "database", {
    mint: ({ name }) => (answers[name] === undefined ? undefined : refusedWith(answers[name])),
  });
  const run = settingsWith(organization.client, [], changes);
  const minter = mint && new Minter(run, mint, () => false);
  const found = await refusalsToMint({ ...run, minter }, tasks(organization), 1);
  const refused = Object.fromEntries([...found].map(([name, { status }]) => [name, status]));
  return { refused, log: organization.log, organization };
}

const all = (status: number) => Object.fromEntries(NAMES.map((name) => [name, status]));
const mints = (...names: string[]) => names.map((name) => `mint ${name}`);

describe("whether the API mints a resource's own tokens", () => {
  it("is tried once, and counts for all, where canary tokens show the rest", async () => {
    const { refused, log } = await refusals({ a: 403 }, { mint: {} });
    assert.deepEqual([refused, log], [all(403), mints("a")]);
  });

  for (const restrictions of [{ permissions }, { readAttach: ["b"] }])
    for (const verify of ["auto", "off"] as const)
      it(`is tried for every target with ${Object.keys(restrictions).join()}: verify ${verify}`, async () => {
        const { refused, log } = await refusals({ b: 400, d: 400 }, { verify, mint: restrictions });
        assert.deepEqual([refused, log], [{ b: 400, d: 400 }, mints(...NAMES)]);
      });

  it("is tried for every database with permissions and per, until one refuses", async () => {
    const { refused, log } = await refusals(
      { a: 400 },
      {
        mint: { permissions, per: "database" },
        tasks: (organization) => Object.keys(GROUPS).map((name) => organization.task(group(name))),
      },
    );
    assert.deepEqual([refused, log], [{ one: 400 }, mints("a", "c", "d")]);
  });

  it("is tried once in each group without verification", async () => {
    const { refused, log } = await refusals({ a: 403, b: 403 }, { verify: "off", mint: {} });
    assert.deepEqual([refused, log], [{ a: 403, b: 403 }, mints("a", "c", "d")]);
  });

  it("is tried for each target whose group is unknown, without verification", async () => {
    const unseen = { lookup: failedLookup(403) };
    const { refused, log } = await refusals(
      { d: 403 },
      { verify: "off", mint: {}, tasks: (organization) => tasksOf(organization, { b: unseen, d: unseen }) },
    );
    assert.deepEqual([refused, log], [{ d: 403 }, mints("a", "b", "c", "d")]);
  });

  it("counts as refused after one refusal for those of which it could not be seen", async () => {
    const { refused } = await refusals({ a: 500, c: 400 }, { mint: { permissions } });
    assert.deepEqual(refused, { a: 400, c: 400 });
  });

  for (const status of [404, 409, 500])
    it(`is not certain after a ${status}`, async () =>
      assert.deepEqual((await refusals(all(status), { mint: { permissions } })).refused, {}));

  it("is not tried for targets that are not rotated anyway", async () => {
    const tasks = (organization: Organization) =>
      tasksOf(organization, { a: { lookup: goneOf("database", "a") }, b: { lookup: failedLookup(500) } });
    for (const mint of [{}, { permissions }])
      assert.ok(!(await refusals({}, { mint, tasks })).log.some((each) => /[ab]$/.test(each)));
  });
});

describe("whether the API mints the AuthTokens that follow a rotation", () => {
  const sorts = [{ scope: { database: "b" } }, { scope: { group: "one" } }];

  it("is tried with one of each sort, which counts for all", async () => {
    const { refused, organization } = await refusals({ one: 403 }, { followers: sorts });
    assert.deepEqual(refused, all(403));
    const options = { expiration: "1m", authorization: "full-access" };
    assert.deepEqual(organization.minted, [
      { target: database("b"), options },
      { target: group("one"), options },
    ]);
  });

  it("is not certain after a 500", async () =>
    assert.deepEqual((await refusals({ one: 500 }, { followers: sorts })).refused, {}));

  it("is tried for each with permissions or readAttach, which counts for its target", async () => {
    const followers = [
      { scope: { database: "a" }, permissions },
      { scope: { database: "c" }, permissions },
      { scope: { group: "three" }, readAttach: ["a"] },
    ];
    const { refused } = await refusals({ c: 400, three: 400 }, { followers });
    assert.deepEqual(refused, { c: 400, d: 400 });
  });

  for (const [what, changes] of [
    ["known", {}],
    ["unknown", { lookup: failedLookup(403) }],
  ] as const)
    it(`counts for the group of its database, where that is ${what}`, async () => {
      const followers = [{ scope: { database: "c" }, permissions }];
      const tasks = (organization: Organization) => [organization.task(group("two"), changes)];
      assert.deepEqual((await refusals({ c: 400 }, { followers, tasks })).refused, { two: 400 });
    });

  it("is not tried for a target that is not rotated", async () => {
    const followers = [{ scope: { database: "elsewhere" }, permissions }];
    assert.deepEqual((await refusals({}, { followers })).log, []);
  });

  it("is not tried without verification", async () =>
    assert.deepEqual((await refusals({}, { followers: sorts, verify: "off" })).log, []));

  for (const verify of ["auto", "off"] as const)
    it(`is not tried once the resource's own token is refused: verify ${verify}`, async () => {
      const tasks = (organization: Organization) => [organization.task(database("a"))];
      const { refused, log } = await refusals({ a: 403 }, { mint: {}, followers: sorts, verify, tasks });
      assert.deepEqual([refused, log], [{ a: 403 }, mints("a")]);
    });
});

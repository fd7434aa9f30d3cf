import assert from "node:assert/strict";
import { prepare, type RunSettings } from "../../../src/rotation/run/preflight";
import { Minter } from "../../../src/rotation/run/mint";
import { failedLookup } from "../results";
import { Organization, REJECTED, UNCLEAR, database, group, refusedWith } from "./organization";
import { settingsWith } from "./settings";

const TEAM = { team: ["a", "b", "c", "d"], bare: [], small: ["lone"] };
const A = database("a");
const runOf = ({ client }: Organization, changes: Partial<RunSettings> = {}, messages: string[] = []) =>
  settingsWith(client, messages, { verifyTimeoutMs: 20, ...changes });

describe("a group for each of whose databases a token is minted", () => {
  const organization = new Organization(TEAM);
  const task = organization.task(group("team"), { lookup: failedLookup(403) });

  for (const [per, expected] of [
    ["database", "failed"],
    [undefined, undefined],
  ] as const)
    it(`is ${expected ? "not rotated" : "rotated all the same"} if its databases could not be looked up: per ${per ?? "group"}`, async () => {
      const run = runOf(organization, { verify: "off" });
      const minter = new Minter(run, per ? { per } : {}, () => false);
      const prepared = await prepare({ ...run, minter }, task, true);
      assert.equal("kind" in prepared ? prepared.kind : undefined, expected);
    });

  it("lacks its tokens if they were due and its databases could not be looked up", async () => {
    const minter = new Minter(runOf(organization), { per: "database" }, () => true);
    assert.equal(await minter.mintDue(task), false);
    assert.equal(minter.errors.get("team")?.status, 403);
  });
});

describe("a target for which no token can be minted", () => {
  for (const [status, what, changes, isRotated] of [
    [500, "and no token of this program follows", {}, true],
    [500, "but the resource mints", { mints: true }, false],
    [500, "but an AuthToken follows", { followers: [{ scope: { database: "a" } }] }, false],
    [403, "and no token of this program follows", {}, false],
  ] as const)
    it(`is ${isRotated ? "" : "not "}rotated: the API answers ${status}, ${what}`, async () => {
      const { mints, ...settings } = { mints: false, ...changes };
      const organization = new Organization(TEAM, "database", { mint: () => refusedWith(status) });
      const run = runOf(organization, settings);
      const minter = mints ? new Minter(run, {}, () => false) : undefined;
      const prepared = await prepare({ ...run, minter }, organization.task(A), true);
      assert.equal("kind" in prepared, !isRotated);
      if (!("kind" in prepared)) return;
      assert.ok(prepared.kind === "failed");
      assert.match(prepared.error.message, /^Rotating \S+: no token could be minted to replace those /);
      // only a certain refusal says something of other targets
      assert.equal(prepared.refusal?.status, status === 403 ? 403 : undefined);
    });
});

describe("the canary tokens of", () => {
  const planted = async (organization: Organization, target = A, leads = true) => {
    const prepared = await prepare(runOf(organization), organization.task(target), leads);
    assert.ok(!("kind" in prepared));
    return prepared.canaries?.map((each) => [each.label, each.target.name, each.hostname]);
  };

  it("a group are its own at each of its databases, and a database's", async () =>
    assert.deepEqual(await planted(new Organization(TEAM), group("team")), [
      ...TEAM.team.map((name) => ["group", "team", name]),
      ["database", "a", "a"],
    ]));

  it("a database that leads its group show what the rotation reaches", async () =>
    assert.deepEqual(await planted(new Organization(TEAM)), [
      ["database", "a", "a"],
      ["group", "team", "a"],
      ["siblings", "b", "b"],
    ]));

  it("a database that does not lead its group are its own alone", async () =>
    assert.deepEqual(await planted(new Organization(TEAM), A, false), [["database", "a", "a"]]));

  it("a database without neighbours show nothing of them", async () =>
    assert.deepEqual(await planted(new Organization(TEAM), database("lone")), [
      ["database", "lone", "lone"],
      ["group", "small", "lone"],
    ]));

  it("a database without a group show nothing of one", async () => {
    const organization = new Organization(TEAM);
    const lookup = { ...organization.radius(A), endpoint: { group: "", hostname: "a" }, neighbours: [] };
    const prepared = await prepare(runOf(organization), organization.task(A, { lookup }), true);
    assert.ok("canaries" in prepared && prepared.canaries?.length === 1);
  });

  it("a rotation leave out one that a database does not accept", async () => {
    const probe = (hostname: string) => (hostname === "b" ? UNCLEAR : undefined);
    assert.deepEqual(await planted(new Organization(TEAM, "database", { probe })), [
      ["database", "a", "a"],
      ["group", "team", "a"],
    ]);
  });

  it("a group without a database do not exist, and its rotation continues without proof", async () => {
    const organization = new Organization(TEAM);
    const messages: string[] = [];
    const task = organization.task(group("bare"));
    assert.deepEqual(await prepare(runOf(organization, {}, messages), task, true), { task });
    assert.deepEqual(messages, [
      "warning bare: continuing without verification: the group has no database on which a token can be tried.",
    ]);
  });

  it("a rotation are not waited for once the time of the preflight is over", async () => {
    let tries = 0;
    const probe = () => ((tries += 1), REJECTED);
    const organization = new Organization(TEAM, "database", { probe });
    const run = runOf(organization, { verifyTimeoutMs: 1_000, preflightUntil: performance.now() - 1 });
    await prepare(run, organization.task(A), true);
    assert.equal(tries, 1);
  });
});

describe("a target that joins a list", () => {
  const adopt = async (changes: Parameters<Organization["task"]>[1]) => {
    const messages: string[] = [];
    const organization = new Organization(TEAM);
    const task = organization.task(A, { isAdopted: true, ...changes });
    return { result: await prepare(runOf(organization, {}, messages), task, true), messages };
  };
  const owed = { status: "not-rotated", wasSeen: true } as const;

  it("and was known before is adopted without a word", async () => {
    for (const lookup of [undefined, failedLookup(500)])
      assert.deepEqual(await adopt({ isKnown: true, ...(lookup && { lookup }) }), {
        result: { kind: "adopted" },
        messages: [],
      });
  });

  for (const [what, changes, pending] of [
    ["suspend holds its rotation back", { isHeld: true }, { status: "not-rotated" }],
    ["an earlier run did not rotate it", { pending: owed }, owed],
    ["an earlier run only left its token", { pending: { status: "not-minted" } }, undefined],
  ] as const)
    it(`${pending ? "still" : "no longer"} waits for its rotation: ${what}`, async () =>
      assert.deepEqual((await adopt(changes)).result, { kind: "adopted", ...(pending && { pending }) }));
});

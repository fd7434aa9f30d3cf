import assert from "node:assert/strict";
import { mock } from "node:test";
import timers from "node:timers/promises";
import { SILENT_AFTER, Silence } from "../../../src/core/breaker";
import { Minter } from "../../../src/rotation/run/mint";
import type { RunSettings } from "../../../src/rotation/run/preflight";
import type { MintSettings } from "../../../src/rotation/state";
import { Places } from "../../../src/values/places";
import { failedLookup } from "../results";
import { ACCEPTED, Organization, REJECTED, UNCLEAR, database, group, refusedWith } from "./organization";
import { settingsWith } from "./settings";

const TEAM = { team: ["a", "b"], bare: [] };
const A = database("a");

function minterIn(
  organization: Organization,
  settings: MintSettings = {},
  changes: Partial<RunSettings> & { due?: string[] } = {},
): Minter {
  const { due = [], ...rest } = changes;
  return new Minter(settingsWith(organization.client, [], rest), settings, (name) => due.includes(name));
}

/** After many probes without an answer. */
async function silence(): Promise<Silence> {
  const silent = new Silence();
  for (let n = 0; n < SILENT_AFTER; n += 1) await silent.ask(() => Promise.resolve(UNCLEAR));
  return silent;
}

/** The hostnames that were asked whether they accept a token. */
const asked = ({ probed }: Organization): (string | undefined)[] =>
  probed.map((each) => each.split(" at ")[1]);

describe("the tokens of a run", () => {
  it("are minted with what they may do, and may do everything forever unless the resource says otherwise", async () => {
    const organization = new Organization(TEAM);
    const settings: MintSettings = {
      authorization: "read-only",
      expiration: "3d",
      readAttach: ["b"],
      permissions: [{ tables: ["users"], actions: ["data_read"] }],
    };
    await minterIn(organization, settings).mintAll(organization.task(A));
    await minterIn(organization).mintAll(organization.task(A));
    assert.deepEqual(
      organization.minted.map(({ options }) => options),
      [settings, { authorization: "full-access", expiration: "never", readAttach: [], permissions: [] }],
    );
  });

  it("are kept by name, with where they were accepted", async () => {
    const organization = new Organization(TEAM);
    const minter = minterIn(organization);
    assert.equal(await minter.mintAll(organization.task(A)), true);
    assert.deepEqual(
      [...minter.minted].map(([name, { unit }]) => [name, unit]),
      [["a", { name: "a", target: A, endpoint: { group: "team", hostname: "a" } }]],
    );
    assert.deepEqual([...minter.complete], ["a"]);
    assert.deepEqual([minter.warning, minter.errors.size, asked(organization)], [undefined, 0, ["a"]]);
  });

  for (const [what, target, per, names] of [
    ["one for the group", group("team"), undefined, ["team"]],
    ["one for each database of the group", group("team"), "database", ["a", "b"]],
    ["none for a group without databases", group("bare"), "database", []],
    ["one for the database", A, "database", ["a"]],
  ] as const)
    it(`are ${what}${per ? " with per" : ""}`, async () => {
      const organization = new Organization(TEAM);
      const minter = minterIn(organization, per ? { per } : {});
      assert.equal(await minter.mintAll(organization.task(target)), true);
      assert.deepEqual([...minter.minted.keys()], names);
    });

  for (const [what, target, inGroup] of [
    ["a database", A, ""],
    ["a group", group("team"), "team"],
  ] as const)
    it(`are minted for ${what} that could not be looked up, and not tried`, async () => {
      const organization = new Organization(TEAM);
      const minter = minterIn(organization);
      await minter.mintAll(organization.task(target, { lookup: failedLookup(403) }));
      assert.deepEqual(minter.minted.get(target.name)?.unit.endpoint, { group: inGroup });
      assert.deepEqual(organization.probed, []);
    });

  it("are published with a warning if no database answers, and without one once it accepts them", async () => {
    const organization = new Organization(TEAM, "database", { probe: () => UNCLEAR });
    const silent = await silence();
    const minter = minterIn(organization, {}, { silence: silent });
    for (const name of ["a", "b"]) await minter.mintAll(organization.task(database(name)));
    assert.equal(
      minter.warning,
      "a, b: the new token could not be verified (no answer). It is published anyway.",
    );
    organization.answers.probe = () => ACCEPTED;
    silent.heard(ACCEPTED);
    await minter.checkAgain([organization.task(A)]);
    assert.match(minter.warning ?? "", /^b: /);
    await minter.mintAll(organization.task(database("b")));
    assert.equal(minter.warning, undefined);
  });

  it("are published as a failure if the database rejects them as long as it is asked", async () => {
    let now = 0;
    mock.method(performance, "now", () => now);
    mock.method(timers, "setTimeout", (ms: number) => Promise.resolve((now += ms)));
    const organization = new Organization(TEAM, "database", { probe: () => REJECTED });
    const minter = minterIn(organization);
    assert.equal(await minter.mintAll(organization.task(A)), false);
    assert.deepEqual([...minter.minted.keys()], ["a"]);
    assert.equal(
      minter.errors.get("a")?.message,
      "Minting a token for acme/databases/a: the database rejects the new token. It is published anyway. Run `pulumi up` again: it mints another one.",
    );
    organization.answers.probe = () => ACCEPTED;
    await minter.checkAgain([organization.task(A)]);
    assert.deepEqual([[...minter.errors], [...minter.complete]], [[], ["a"]], "the database was late");
    mock.restoreAll();
  });

  for (const [first, isSilent, expected] of [
    [REJECTED, false, 2],
    [UNCLEAR, false, 2],
    [UNCLEAR, true, 1],
    // whoever answers that is there
    [REJECTED, true, 2],
  ] as const)
    it(`are tried ${expected} times if the first answer is ${first.verdict}, and the data plane was ${isSilent ? "" : "not "}silent`, async () => {
      let tries = 0;
      const probe = () => ((tries += 1) === 1 ? first : ACCEPTED);
      const organization = new Organization(TEAM, "database", { probe });
      const minter = minterIn(organization, {}, isSilent ? { silence: await silence() } : {});
      await minter.mintAll(organization.task(A));
      assert.equal(tries, expected);
    });

  it("are not tried, and not warned about, if verify is off", async () => {
    const organization = new Organization(TEAM, "database", { probe: () => REJECTED });
    const minter = minterIn(organization, {}, { verify: "off" });
    const tasks = [organization.task(A)];
    await minter.mintAll(organization.task(A));
    await minter.checkAgain(tasks);
    assert.deepEqual([organization.log, organization.probed, minter.warning], [["mint a"], [], undefined]);
  });

  it("that cannot be minted leave their error until they can", async () => {
    const organization = new Organization(TEAM, "database", {
      mint: ({ name }) => (name === "b" ? refusedWith(409) : undefined),
    });
    const minter = minterIn(organization, { per: "database" });
    assert.equal(await minter.mintAll(organization.task(group("team"))), false);
    assert.deepEqual([[...minter.minted.keys()], minter.errors.get("team")?.status], [["a"], 409]);
    assert.equal(minter.complete.size, 0);
    delete organization.answers.mint;
    assert.equal(await minter.mintAll(organization.task(group("team"))), true);
    assert.deepEqual([minter.errors.size, [...minter.complete]], [0, ["team"]]);
  });

  it("that cannot be minted leave their error although another one of the target is minted again", async () => {
    const organization = new Organization(TEAM, "database", {
      mint: ({ name }) => (name === "b" ? refusedWith(409) : undefined),
    });
    const minter = minterIn(organization, { per: "database" });
    const task = organization.task(group("team"));
    await minter.mintAll(task);
    organization.rotated(A);
    await minter.checkAgain([task]);
    assert.deepEqual(organization.log, ["mint a", "mint b", "mint a"]);
    assert.equal(minter.errors.get("team")?.status, 409);
  });

  it("that are due are minted once without a rotation, and all of those that an earlier run left", async () => {
    const organization = new Organization(TEAM);
    const minter = minterIn(organization, { per: "database" }, { due: ["b"] });
    await minter.mintDue(organization.task(group("team")));
    assert.deepEqual(organization.log, ["mint b"]);
    await minter.mintDue(organization.task(group("team"), { pending: { status: "not-minted" } }));
    assert.deepEqual(organization.log, ["mint b", "mint a"]);
  });

  for (const [what, pending, expected] of [
    ["a rotation is", { status: "not-rotated" }, []],
    ["a rotation and its token are", { status: "not-rotated", isNotMinted: true }, ["mint a", "mint b"]],
  ] as const)
    it(`where ${what} left to do, are ${expected.length > 0 ? "" : "not "}minted without the rotation`, async () => {
      const organization = new Organization(TEAM);
      const minter = minterIn(organization, { per: "database" });
      await minter.mintDue(organization.task(group("team"), { pending }));
      assert.deepEqual(organization.log, expected);
    });

  it("use a place of the run for the API's answer, not while a database is waited for", async () => {
    class Counted extends Places {
      uses = 0;
      override use<T>(act: () => Promise<T>): Promise<T> {
        this.uses += 1;
        return super.use(act);
      }
    }
    const organization = new Organization(TEAM);
    const places = new Counted(1);
    await minterIn(organization).mintAll(organization.task(A), places);
    assert.deepEqual([places.uses, organization.log, asked(organization)], [1, ["mint a"], ["a"]]);
  });
});

describe("the last look at the tokens of a run", () => {
  it("mints those again that a later rotation invalidated, and only those", async () => {
    const organization = new Organization(TEAM);
    const minter = minterIn(organization);
    const tasks = ["a", "b"].map((name) => organization.task(database(name)));
    for (const task of tasks) await minter.mintAll(task);
    organization.rotated(A);
    await minter.checkAgain(tasks);
    assert.deepEqual(organization.log, ["mint a", "mint b", "mint a"]);
    assert.deepEqual(await organization.client.probe("a", minter.minted.get("a")?.token ?? ""), ACCEPTED);
  });

  it("passes over tokens that are not there, and those without a place to try them", async () => {
    const organization = new Organization(TEAM);
    const minter = minterIn(organization);
    await minter.mintAll(organization.task(group("bare")));
    await minter.checkAgain([organization.task(group("bare")), organization.task(A)]);
    assert.deepEqual([organization.log, organization.probed], [["mint bare"], []]);
  });

  it("is not taken while no database answers", async () => {
    const organization = new Organization(TEAM);
    const settings = settingsWith(organization.client);
    const minter = new Minter(settings, {}, () => false);
    await minter.mintAll(organization.task(A));
    for (let n = 0; n < 8; n += 1) await settings.silence.ask(() => Promise.resolve(UNCLEAR));
    organization.probed.length = 0;
    await minter.checkAgain([organization.task(A)]);
    assert.deepEqual(organization.probed, []);
  });
});

import assert from "node:assert/strict";
import { startEmulator, type Emulator, type ServerGeneration } from "../../emulator/src";
import { call, closeAll, emulate, ORGANIZATION, probe, seeded } from "./support";

describe("emulator: server generations", () => {
  afterEach(closeAll);

  it("are current by default, can be set for the organization, and can differ for a group", async () => {
    const emulator = await emulate({ serverGeneration: "legacy-group" });
    const { platform } = emulator;
    platform.createGroup("old");
    platform.createGroup("new", { serverGeneration: "current" });
    assert.equal((await seeded()).platform.group("default").serverGeneration, "current");
    for (const group of ["old", "new"]) {
      for (const number of [1, 2]) await platform.createDatabase(`${group}-${number}`, group);
      const token = await platform.mintDatabaseToken(`${group}-2`);
      platform.rotateDatabase(`${group}-1`);
      assert.equal(await probe(emulator, `${group}-2`, token), group === "old" ? 401 : 200);
    }
  });

  it("that are dedicated refuse to rotate one database, and rotate a group with all its tokens", async () => {
    const emulator = await seeded({ serverGeneration: "legacy-dedicated" });
    const tokens = [
      await emulator.platform.mintDatabaseToken("app"),
      await emulator.platform.mintGroupToken("default"),
    ];
    const probeAll = () => Promise.all(tokens.map((token) => probe(emulator, "app", token)));
    const refused = await call(emulator, "POST", `${ORGANIZATION}/databases/app/auth/rotate`);
    const error = "cannot rotate credentials for a single database in a group";
    assert.deepEqual([refused.status, refused.json], [400, { error }]);
    assert.deepEqual([emulator.platform.rotations, await probeAll()], [[], [200, 200]]);
    assert.equal((await call(emulator, "POST", `${ORGANIZATION}/groups/default/auth/rotate`)).status, 200);
    assert.deepEqual(await probeAll(), [401, 401]);
  });

  const versions: [ServerGeneration, string][] = [
    ["current", "tech-preview"],
    ["legacy-group", "legacy"],
    ["legacy-dedicated", "legacy"],
  ];
  for (const [serverGeneration, version] of versions) {
    it(`of the kind ${serverGeneration} are listed as version ${version}`, async () => {
      const emulator = await seeded({ serverGeneration });
      const groups = (await call(emulator, "GET", `${ORGANIZATION}/groups`)).json;
      const databases = (await call(emulator, "GET", `${ORGANIZATION}/databases`)).json;
      const [group] = (groups as { groups: { version: string }[] }).groups;
      const [database] = (databases as { databases: { version: string }[] }).databases;
      assert.deepEqual([group?.version, database?.version], [version, version]);
    });
  }

  it("that do not exist are rejected in one sentence", async () => {
    const message =
      'The server generation must be "current", "legacy-group" or "legacy-dedicated", not "next".';
    const serverGeneration = "next" as ServerGeneration;
    await assert.rejects(startEmulator({ serverGeneration }), { message });
    const { platform } = await emulate();
    assert.throws(() => platform.createGroup("g", { serverGeneration }), { message });
  });
});

describe("emulator: the rejection of old tokens", () => {
  const START = 1_000_000_000_000;
  let time: number;
  let emulator: Emulator;
  beforeEach(async () => {
    time = START;
    emulator = await emulate({ deathDelayMs: 1_000, now: () => time });
  });
  afterEach(closeAll);

  const seedAndRotate = async () => {
    const { platform } = emulator;
    platform.createGroup("plain");
    platform.createGroup("slow", { deathDelayMs: 5_000 });
    await platform.createDatabase("a", "plain");
    await platform.createDatabase("b", "slow");
    await platform.createDatabase("c", "slow", { deathDelayMs: 9_000 });
    const own: Record<string, string> = {};
    const shared: Record<string, string> = {};
    for (const { name, group } of platform.databases()) {
      own[name] = await platform.mintDatabaseToken(name);
      shared[name] = await platform.mintGroupToken(group.name);
    }
    for (const group of ["plain", "slow"]) platform.rotateGroup(group);
    return { own, shared };
  };

  it("is set by the database, otherwise by its group, otherwise by the platform", async () => {
    const tokens = await seedAndRotate();
    const accepting = async (at: number, kind: "own" | "shared") => {
      time = START + at;
      const names = ["a", "b", "c"];
      const statuses = await Promise.all(
        names.map((name) => probe(emulator, name, String(tokens[kind][name]))),
      );
      return names.filter((_, index) => statuses[index] === 200).join("");
    };
    for (const kind of ["own", "shared"] as const) {
      assert.equal(await accepting(999, kind), "abc");
      assert.equal(await accepting(1_000, kind), "bc");
      assert.equal(await accepting(4_999, kind), "bc");
      assert.equal(await accepting(5_000, kind), "c");
      assert.equal(await accepting(9_000, kind), "");
    }
  });

  it("alternates between two edges for the configured time, separately for each token", async () => {
    const { platform } = emulator;
    platform.createGroup("g");
    await platform.createDatabase("two-edges", "g", { deathDelayMs: 0, alternatingEdgesMs: 2_000 });
    await platform.createDatabase("one-edge", "g");
    const old = await platform.mintDatabaseToken("two-edges");
    const shared = await platform.mintGroupToken("g");
    platform.rotateGroup("g");
    const fresh = await platform.mintDatabaseToken("two-edges");
    const statuses: number[][] = [];
    for (let n = 0; n < 4; n++) {
      const each: number[] = [];
      for (const token of [old, shared, fresh]) each.push(await probe(emulator, "two-edges", token));
      statuses.push(each);
    }
    const rejecting = [401, 401, 200];
    const accepting = [200, 200, 200];
    assert.deepEqual(statuses, [rejecting, accepting, rejecting, accepting]);
    assert.equal(await probe(emulator, "one-edge", shared), 200);
    time += 1_999;
    assert.deepEqual(
      [await probe(emulator, "one-edge", shared), await probe(emulator, "one-edge", shared)],
      [401, 401],
    );
    assert.deepEqual(
      [await probe(emulator, "two-edges", old), await probe(emulator, "two-edges", old)],
      [401, 200],
    );
    time += 1;
    assert.deepEqual(
      [await probe(emulator, "two-edges", old), await probe(emulator, "two-edges", old)],
      [401, 401],
    );
  });

  it("alternates after the delay if the platform sets both", async () => {
    const both = await seeded({ deathDelayMs: 1_000, alternatingEdgesMs: 1_000, now: () => time });
    const old = await both.platform.mintDatabaseToken("app");
    both.platform.rotateDatabase("app");
    const twice = async () => [await probe(both, "app", old), await probe(both, "app", old)];
    assert.deepEqual(await twice(), [200, 200]);
    time += 1_000;
    assert.deepEqual(await twice(), [401, 200]);
    time += 1_000;
    assert.deepEqual(await twice(), [401, 401]);
  });
});

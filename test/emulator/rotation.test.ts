import assert from "node:assert/strict";
import { createClient } from "@libsql/client";
import type { Emulator, ServerGeneration } from "../../emulator/src";
import { call, closeAll, hostOf, ORGANIZATION, probe, seeded } from "./support";

/** Which tokens are alive: of the databases app, reports and shop, and of the groups default and other. */
async function alive(emulator: Emulator, tokens: Record<string, string>): Promise<string[]> {
  const databases: Record<string, string> = { default: "app", other: "shop" };
  const statuses = await Promise.all(
    Object.entries(tokens).map(async ([name, token]) => [
      name,
      await probe(emulator, databases[name] ?? name, token),
    ]),
  );
  for (const [name, status] of statuses) assert.ok(status === 200 || status === 401, `${name}: ${status}`);
  return statuses.filter(([, status]) => status === 200).map(([name]) => String(name));
}

async function mintAll({ platform }: Emulator): Promise<Record<string, string>> {
  const tokens: Record<string, string> = {};
  for (const name of ["app", "reports", "shop"]) tokens[name] = await platform.mintDatabaseToken(name);
  for (const name of ["default", "other"]) tokens[name] = await platform.mintGroupToken(name);
  return tokens;
}

describe("emulator: rotation", () => {
  afterEach(closeAll);

  const reaches: [ServerGeneration, string, string[]][] = [
    ["legacy-group", "/databases/app", ["shop", "other"]],
    ["legacy-group", "/groups/default", ["shop", "other"]],
    ["current", "/databases/app", ["reports", "shop", "default", "other"]],
    ["current", "/groups/default", ["shop", "other"]],
  ];
  for (const [serverGeneration, target, survivors] of reaches) {
    it(`keeps ${survivors.join(", ")} valid when ${target} rotates on servers of the generation ${serverGeneration}`, async () => {
      const emulator = await seeded({ serverGeneration });
      const tokens = await mintAll(emulator);
      assert.equal((await alive(emulator, tokens)).length, 5);
      await call(emulator, "POST", `${ORGANIZATION}${target}/auth/rotate`);
      assert.deepEqual(await alive(emulator, tokens), survivors);
      assert.equal((await alive(emulator, await mintAll(emulator))).length, 5);
    });
  }

  it("invalidates tokens minted after the first rotation with the second", async () => {
    const emulator = await seeded();
    emulator.platform.rotateGroup("default");
    const token = await emulator.platform.mintGroupToken("default");
    emulator.platform.rotateGroup("default");
    assert.equal(await probe(emulator, "app", token), 401);
    assert.equal(emulator.platform.rotations.length, 2);
  });

  it("keeps old tokens valid for the configured delay, beside the new ones", async () => {
    let time = 1_000_000_000_000;
    const emulator = await seeded({ deathDelayMs: 60_000, now: () => time });
    const old = await emulator.platform.mintDatabaseToken("app");
    emulator.platform.rotateDatabase("app");
    const fresh = await emulator.platform.mintDatabaseToken("app");
    time += 59_999;
    assert.deepEqual([await probe(emulator, "app", old), await probe(emulator, "app", fresh)], [200, 200]);
    time += 1;
    assert.deepEqual([await probe(emulator, "app", old), await probe(emulator, "app", fresh)], [401, 200]);
    assert.deepEqual(emulator.platform.rotations, [
      { at: 1_000_000_000_000, kind: "database", name: "app", databases: ["app"] },
    ]);
  });

  it("gives each of several old keys its own delay", async () => {
    let time = 1_000_000_000_000;
    const emulator = await seeded({ deathDelayMs: 60_000, now: () => time });
    const first = await emulator.platform.mintGroupToken("default");
    emulator.platform.rotateGroup("default");
    time += 30_000;
    const second = await emulator.platform.mintGroupToken("default");
    emulator.platform.rotateGroup("default");
    time += 30_000;
    assert.deepEqual([await probe(emulator, "app", first), await probe(emulator, "app", second)], [401, 200]);
    time += 30_000;
    assert.equal(await probe(emulator, "app", second), 401);
  });

  it("cuts off an open transaction at its next request", async () => {
    const emulator = await seeded();
    const authToken = await emulator.platform.mintDatabaseToken("app");
    const client = createClient({ url: hostOf(emulator, "app"), authToken });
    await client.execute("create table t (a)");
    const transaction = await client.transaction("write");
    await transaction.execute("insert into t values (1)");
    emulator.platform.rotateDatabase("app");
    await assert.rejects(
      transaction.execute("insert into t values (2)"),
      (error: Error & { code?: string; cause?: unknown }) => {
        assert.equal(error.code, "SERVER_ERROR");
        assert.equal((error.cause as { status?: number }).status, 401);
        return true;
      },
    );
  });
});

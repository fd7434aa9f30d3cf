import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { closeAll, emulate, probe } from "./support";

describe("emulator: many databases", () => {
  afterEach(closeAll);

  it("serves 1,000 databases in parallel, each with its own answer", async function () {
    this.timeout(30_000);
    const emulator = await emulate({ serverGeneration: "legacy-group" });
    emulator.platform.createGroup("fleet");
    const names = Array.from({ length: 1_000 }, (_, index) => `tenant-${index}`);
    await Promise.all(names.map((name) => emulator.platform.createDatabase(name, "fleet")));
    const hosts = new Set(emulator.platform.databases().map(({ hostname }) => hostname));
    assert.equal(hosts.size, 1_000);
    const token = await emulator.platform.mintGroupToken("fleet");
    const statuses = await Promise.all(names.map((name) => probe(emulator, name, token)));
    assert.deepEqual(new Set(statuses), new Set([200]));
    const own = await emulator.platform.mintDatabaseToken("tenant-500");
    assert.deepEqual(
      [await probe(emulator, "tenant-500", own), await probe(emulator, "tenant-501", own)],
      [200, 404],
    );
    emulator.platform.rotateGroup("fleet");
    const after = await Promise.all(names.map((name) => probe(emulator, name, token)));
    assert.deepEqual(new Set(after), new Set([401]));
  });

  it("opens no engine for a database before the first request to it", async function () {
    if (process.platform !== "linux") return this.skip();
    const emulator = await emulate();
    emulator.platform.createGroup("fleet");
    const open = (): number => readdirSync("/proc/self/fd").length;
    const before = open();
    await Promise.all(
      Array.from({ length: 100 }, (_, index) => emulator.platform.createDatabase(`t${index}`, "fleet")),
    );
    assert.ok(open() - before <= 100 + 5, "one descriptor for each listener");
  });
});

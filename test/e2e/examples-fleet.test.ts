import assert from "node:assert/strict";
import type { ServerGeneration } from "../../emulator/src";
import { Sandbox, inSandbox } from "./sandbox";

const COPY = {
  from: "examples/fleet",
  files: ["Pulumi.yaml", "package.json", "tsconfig.json", "index.ts", "tenants.json"],
};
const TENANTS = Array.from({ length: 25 }, (_, i) => `tenant-${String(i + 1).padStart(2, "0")}`);

/** A stack whose tenants share a group. */
async function inFleet(
  serverGeneration: ServerGeneration,
  body: (sandbox: Sandbox) => Promise<void>,
): Promise<void> {
  await inSandbox({ copy: COPY, config: { trigger: "1" }, serverGeneration }, async (sandbox) => {
    for (const name of TENANTS) await sandbox.turso.platform.createDatabase(name, "default");
    setTenants(sandbox, TENANTS);
    await body(sandbox);
  });
}

const setTenants = (sandbox: Sandbox, names: string[]): void =>
  sandbox.stack.writeFile("tenants.json", JSON.stringify(names));

/** Runs `up` or another act, and returns the sorted names of the databases that it rotated. */
async function rotatedBy(
  sandbox: Sandbox,
  act: () => Promise<unknown> = () => sandbox.up(),
): Promise<string[]> {
  const before = sandbox.rotations.length;
  sandbox.turso.clearLog();
  await act();
  return sandbox.rotations
    .slice(before)
    .map((path) => path.replace("databases/", ""))
    .sort();
}

/** The tenants whose exported token opens their own database. */
async function served(sandbox: Sandbox): Promise<string[]> {
  const { tokens } = (await sandbox.stack.outputs()) as { tokens: Record<string, string> };
  const existing = Object.entries(tokens).filter(([name]) => sandbox.turso.platform.findDatabase(name));
  const answers = existing.map(async ([name, token]) => ((await sandbox.accepts(name, token)) ? [name] : []));
  return (await Promise.all(answers)).flat().sort();
}

describe("the fleet example", () => {
  it("rotates 25 databases and mints a token for each, and adding or removing a tenant affects no other", () =>
    inFleet("current", async (sandbox) => {
      const start = Date.now();
      assert.deepEqual(await rotatedBy(sandbox), TENANTS);
      console.log(`      first up of 25: ${((Date.now() - start) / 1000).toFixed(1)} s`);
      assert.deepEqual(await served(sandbox), TENANTS);

      assert.deepEqual(await rotatedBy(sandbox), [], "nothing changed");
      assert.deepEqual(sandbox.calls, []);

      await sandbox.turso.platform.createDatabase("tenant-new", "default");
      setTenants(sandbox, [...TENANTS, "tenant-new"]);
      assert.deepEqual(await rotatedBy(sandbox), [], "a tenant joined");
      assert.deepEqual(await served(sandbox), ["tenant-new", ...TENANTS].sort());

      setTenants(sandbox, [...TENANTS.slice(1), "tenant-new"]);
      assert.deepEqual(await rotatedBy(sandbox), [], "a tenant left");

      await sandbox.stack.must("config", "set", "trigger", "2");
      assert.deepEqual(await rotatedBy(sandbox), ["tenant-new", ...TENANTS.slice(1)].sort(), "all");
      assert.deepEqual(await served(sandbox), ["tenant-new", ...TENANTS.slice(1)].sort());
    }));

  it("rotates once, and mints all tokens after it, where a rotation reaches the whole group", () =>
    inFleet("legacy-group", async (sandbox) => {
      assert.equal((await rotatedBy(sandbox)).length, 1);
      assert.deepEqual(await served(sandbox), TENANTS);
      await sandbox.stack.must("config", "set", "trigger", "2");
      assert.equal((await rotatedBy(sandbox)).length, 1);
      assert.deepEqual(await served(sandbox), TENANTS);
    }));

  it("continues after failures, and the next up retries only the failed tenants", () =>
    inFleet("current", async (sandbox) => {
      await sandbox.up();
      await sandbox.stack.must("config", "set", "trigger", "2");
      const [refused, gone] = ["tenant-13", "tenant-07"];
      sandbox.turso.platform.deleteDatabase(gone);
      sandbox.turso.fault({
        method: "POST",
        path: new RegExp(`/databases/${refused}/auth/rotate$`),
        when: "before",
        action: { type: "status", status: 403, body: '{"error":"not today"}' },
      });
      let output = "";
      const failing = async () => (output = await sandbox.fails("up", "--yes", "--skip-preview"));
      const left = TENANTS.filter((name) => name !== gone);
      const done = left.filter((name) => name !== refused);
      assert.deepEqual(await rotatedBy(sandbox, failing), done);
      assert.match(output, /1 target needs another run\. tenant-13: .*not today/);
      assert.match(output, /warning: acme\/databases\/tenant-07: it no longer exists/);
      const open = await served(sandbox);
      assert.deepEqual(
        done.filter((name) => !open.includes(name)),
        [],
        "rotated tenants have no valid token",
      );

      setTenants(sandbox, left);
      assert.deepEqual(await rotatedBy(sandbox), [refused], "only the remaining target");
      assert.deepEqual(await served(sandbox), left);
      assert.deepEqual(await rotatedBy(sandbox), []);
      assert.deepEqual(sandbox.calls, []);
    }));
});

describe("the fleet-all example", () => {
  const ALL = {
    from: "examples/fleet-all",
    files: ["Pulumi.yaml", "package.json", "tsconfig.json", "index.ts"],
  };

  it("rotates every database, and gives one that appears later a token by up --refresh", () =>
    inSandbox({ copy: ALL, config: { trigger: "1" }, serverGeneration: "current" }, async (sandbox) => {
      const { platform } = sandbox.turso;
      const known = () =>
        platform
          .databases()
          .map(({ name }) => name)
          .sort();
      assert.deepEqual(await rotatedBy(sandbox), known());
      assert.deepEqual(await served(sandbox), known());

      await platform.createDatabase("later", "default");
      assert.deepEqual(await rotatedBy(sandbox), []);
      assert.deepEqual(sandbox.calls, [], "a no-op sends no request");
      assert.deepEqual(await rotatedBy(sandbox, () => sandbox.up("--refresh")), []);
      assert.deepEqual(await served(sandbox), known());

      await sandbox.stack.must("config", "set", "trigger", "2");
      assert.deepEqual(await rotatedBy(sandbox), known());
      assert.deepEqual(await served(sandbox), known());
    }));

  it("rotates a group once, and mints a token for each of its databases", () =>
    inSandbox(
      { copy: ALL, config: { trigger: "1", group: "default" }, serverGeneration: "current" },
      async (sandbox) => {
        assert.deepEqual(await rotatedBy(sandbox), ["groups/default"]);
        const names = sandbox.turso.platform.databases().filter(({ group }) => group.name === "default");
        assert.deepEqual(await served(sandbox), names.map(({ name }) => name).sort());
      },
    ));
});

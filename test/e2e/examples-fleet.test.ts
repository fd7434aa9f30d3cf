import assert from "node:assert/strict";
import { createClient } from "@libsql/client";
import { World, inWorld } from "./world";

const COPY = {
  from: "examples/fleet",
  files: ["Pulumi.yaml", "package.json", "tsconfig.json", "index.ts", "tenants.json"],
};
const TENANTS = Array.from({ length: 25 }, (_, i) => `tenant-${String(i + 1).padStart(2, "0")}`);

/** A stack whose tenants are databases of one group, where rotating one kills the tokens of all: the worse reading. */
async function inFleet(body: (world: World) => Promise<void>): Promise<void> {
  await inWorld({ copy: COPY, config: { trigger: "1" } }, async (world) => {
    for (const name of TENANTS) await world.turso.platform.createDatabase(name, "default");
    setTenants(world, TENANTS);
    await body(world);
  });
}

const setTenants = (world: World, names: string[]): void =>
  world.stack.writeFile("tenants.json", JSON.stringify(names));

/** Runs `up`, and gives the names of the databases that were rotated, sorted. */
async function rotatedBy(world: World, act: () => Promise<unknown> = () => world.up()): Promise<string[]> {
  const before = world.rotations.length;
  world.turso.clearLog();
  await act();
  return world.rotations
    .slice(before)
    .map((path) => path.replace("databases/", ""))
    .sort();
}

/** Which tenants' tokens, as the stack hands them out, open their own database. */
async function served(world: World): Promise<string[]> {
  const { tokens } = (await world.stack.outputs()) as { tokens: Record<string, string> };
  const answers = Object.entries(tokens).map(async ([name, authToken]) => {
    const client = createClient({ url: `http://${world.turso.platform.database(name).hostname}`, authToken });
    try {
      await client.execute("select 1");
      return [name];
    } catch {
      return [];
    } finally {
      client.close();
    }
  });
  return (await Promise.all(answers)).flat().sort();
}

describe("the example of a fleet", () => {
  it("rotates 25 databases and mints each a token, and a tenant that comes or goes touches no other", () =>
    inFleet(async (world) => {
      const start = Date.now();
      assert.deepEqual(await rotatedBy(world), TENANTS);
      console.log(`      first up of 25: ${((Date.now() - start) / 1000).toFixed(1)} s`);
      assert.deepEqual(await served(world), TENANTS);

      assert.deepEqual(await rotatedBy(world), [], "nothing changed");
      assert.deepEqual(world.calls, []);

      await world.turso.platform.createDatabase("tenant-new", "default");
      setTenants(world, [...TENANTS, "tenant-new"]);
      assert.deepEqual(await rotatedBy(world), ["tenant-new"], "a tenant joined");
      assert.deepEqual(await served(world), ["tenant-new", ...TENANTS].sort());

      setTenants(world, [...TENANTS.slice(1), "tenant-new"]);
      assert.deepEqual(await rotatedBy(world), [], "a tenant left");

      await world.stack.must("config", "set", "trigger", "2");
      assert.deepEqual(await rotatedBy(world), ["tenant-new", ...TENANTS.slice(1)].sort(), "all");
      assert.deepEqual(await served(world), ["tenant-new", ...TENANTS.slice(1)].sort());
    }));

  it("goes on past tenants that fail, and the next up does only the rest", () =>
    inFleet(async (world) => {
      await world.up();
      await world.stack.must("config", "set", "trigger", "2");
      const [refused, gone] = ["tenant-13", "tenant-07"];
      world.turso.platform.deleteDatabase(gone);
      world.turso.fault({
        method: "POST",
        path: new RegExp(`/databases/${refused}/auth/rotate$`),
        when: "before",
        action: { type: "status", status: 403, body: '{"error":"not today"}' },
      });
      let output = "";
      const failing = async () => (output = await world.fails("up", "--yes", "--skip-preview"));
      const done = TENANTS.filter((name) => name !== refused && name !== gone);
      assert.deepEqual(await rotatedBy(world, failing), done);
      assert.match(output, /2 of 25 did not end well\./);
      assert.match(output, /tenant-13: .*not today/);
      assert.match(output, /tenant-07: .*404.*could not find database/);

      assert.deepEqual(await rotatedBy(world, failing), [refused], "again: only what is left");
      assert.match(output, /1 of 2 did not end well\. tenant-07: /);

      const left = TENANTS.filter((name) => name !== gone);
      setTenants(world, left);
      assert.deepEqual(await rotatedBy(world), [], "with the missing one off the list");
      assert.deepEqual(await served(world), left);
      assert.deepEqual(await rotatedBy(world), []);
      assert.deepEqual(world.calls, []);
    }));
});

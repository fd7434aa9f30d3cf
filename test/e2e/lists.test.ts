import assert from "node:assert/strict";
import { inSandbox, type Sandbox } from "./sandbox";

const list = (names: string[], extra = "trigger: 1", resource = "r") =>
  `const ${resource} = new turso.TokenRotation("${resource}", { scope: { databases: ${JSON.stringify(names)} }, ${extra} });
   exports.rotationId = ${resource}.rotationId; exports.rotationCount = ${resource}.rotationCount; exports.rotatedAt = ${resource}.rotatedAt;`;

const UP = ["up", "--yes", "--skip-preview"];

async function withTenants(sandbox: Sandbox, count: number): Promise<string[]> {
  sandbox.turso.platform.createGroup("tenants");
  const names = Array.from({ length: count }, (_, i) => `tenant-${String(i).padStart(5, "0")}`);
  for (const name of names) await sandbox.turso.platform.createDatabase(name, "tenants");
  return names;
}

describe("a list of databases in one TokenRotation, with the real CLI", () => {
  it("rotates each database once, and with rotateOnJoin only the new one when one is added, and none when one is removed", () =>
    inSandbox({ program: list(["app", "lone", "app"]), serverGeneration: "current" }, async (sandbox) => {
      await sandbox.up();
      assert.deepEqual([...sandbox.rotations].sort(), ["databases/app", "databases/lone"]);
      const { rotatedAt } = await sandbox.stack.outputs();

      sandbox.stack.write(list(["lone", "reports", "app"], "trigger: 1, rotateOnJoin: true"));
      await sandbox.up();
      assert.deepEqual(sandbox.rotations.slice(2), ["databases/reports"]);
      const after = await sandbox.stack.outputs();
      assert.equal(after["rotationCount"], 2);
      assert.equal(after["rotatedAt"], rotatedAt, "the age counts from the last full rotation");

      sandbox.turso.clearLog();
      sandbox.stack.write(list(["reports"], "trigger: 1, rotateOnJoin: true"));
      await sandbox.up();
      assert.equal(sandbox.rotations.length, 3);
      assert.deepEqual(sandbox.calls, []);
      assert.match(await sandbox.stack.state(), /"id": "acme\/databases"/);
    }));

  it("shows a warning as `warning:` and progress as plain information, once each and before the result", () =>
    inSandbox({ program: list(["app", "lone", "app"]) }, async (sandbox) => {
      const { stdout } = await sandbox.up();
      const [progress = "", diagnostics = ""] = stdout.split("Diagnostics:");
      const shown = diagnostics.split("\n").filter((line) => /named more than once|rotated in/.test(line));
      assert.equal(
        shown[0],
        "    warning: acme/databases: named more than once, but rotated only once: app.",
      );
      assert.match(shown[1] ?? "", /^ {4}acme\/databases: 2 of 2 rotated in /);
      assert.equal(shown.length, 2);
      const result = progress.search(/TokenRotation r created/);
      assert.ok(result > progress.indexOf("2 of 2 rotated in ") && progress.includes("2 of 2"), progress);
    }));

  it("adopts a database that joins, which rotates with the next rotation", () =>
    inSandbox({ program: list(["app"]), serverGeneration: "current" }, async (sandbox) => {
      await sandbox.up();
      sandbox.stack.write(list(["app", "lone"]));
      const { stdout } = await sandbox.up();
      assert.match(stdout, /acme\/databases: lone joined the list without a rotation/);
      assert.deepEqual(sandbox.rotations, ["databases/app"]);
      sandbox.turso.clearLog();
      await sandbox.up();
      assert.deepEqual(sandbox.calls, []);
      sandbox.stack.write(list(["app", "lone"], "trigger: 2"));
      await sandbox.up();
      assert.deepEqual(sandbox.rotations.slice(1).sort(), ["databases/app", "databases/lone"]);
    }));

  it("warns about a database that was deleted, and fails for a name that never existed, without holding up the others", () =>
    inSandbox({ program: list(["app", "lone", "reports"]), serverGeneration: "current" }, async (sandbox) => {
      await sandbox.up();
      sandbox.turso.platform.deleteDatabase("lone");
      sandbox.stack.write(list(["app", "lone", "reports", "no-such"], "trigger: 2"));
      const output = await sandbox.fails(...UP);
      assert.match(
        output,
        /warning: acme\/databases\/lone: it no longer exists, so it has no tokens to invalidate\./,
      );
      assert.match(
        output,
        /acme\/databases: 1 target needs another run\. no-such: the API says that it does not exist\. Nothing was changed\. Check the name and the organization, or remove the name from the list\./,
      );
      assert.deepEqual(sandbox.rotations.slice(3).sort(), ["databases/app", "databases/reports"]);
      await sandbox.fails(...UP);
      assert.equal(sandbox.rotations.length, 5, "a rotation was repeated");
      sandbox.stack.write(list(["app", "lone", "reports"], "trigger: 2"));
      await sandbox.up();
      assert.equal(sandbox.rotations.length, 5);
    }));

  it("holds rotations back while suspend is true, and makes up for them afterwards", () =>
    inSandbox({ program: list(["app"]), serverGeneration: "current" }, async (sandbox) => {
      await sandbox.up();
      sandbox.stack.write(list(["app"], "trigger: 2, suspend: true"));
      const { stdout } = await sandbox.up();
      assert.match(
        stdout,
        /warning: acme\/databases: the trigger changed, but suspend is true, so nothing rotates until it is false\./,
      );
      await sandbox.up();
      assert.equal(sandbox.rotations.length, 1);
      sandbox.stack.write(list(["app"], "trigger: 2"));
      await sandbox.up();
      await sandbox.up();
      assert.equal(sandbox.rotations.length, 2);
    }));

  it("continues after failures, groups them by cause, and the next up retries only the failed ones under the same trigger", () =>
    inSandbox({ serverGeneration: "current" }, async (sandbox) => {
      const names = await withTenants(sandbox, 12);
      sandbox.stack.write(list([...names, "missing"]));
      const path = (name: string) => `/v1/organizations/acme/databases/${name}/auth/rotate`;
      for (const name of names.slice(3, 5))
        sandbox.turso.fault({
          path: path(name),
          when: "before",
          action: { type: "status", status: 402, body: '{"error":"payment required"}' },
        });
      const output = await sandbox.fails(...UP);
      assert.match(output, /error: acme\/databases: 3 targets need another run\./);
      assert.match(output, /2 \(tenant-00003, tenant-00004\): the API answered 402 \(payment required\)\./);
      assert.match(
        output,
        /missing: the API says that it does not exist\..* The next `pulumi up` does only what is left\./,
      );
      assert.equal(sandbox.rotations.length, 10);

      await sandbox.turso.platform.createDatabase("missing", "tenants");
      const { stdout } = await sandbox.up();
      assert.match(
        stdout,
        / {4}warning: acme\/databases: an earlier run did not finish tenant-00003, tenant-00004, missing; this update continues there\./,
      );
      assert.deepEqual(sandbox.rotations.slice(10).sort(), [
        "databases/missing",
        "databases/tenant-00003",
        "databases/tenant-00004",
      ]);
      sandbox.turso.clearLog();
      await sandbox.up();
      assert.deepEqual(sandbox.calls, []);
    }));

  it("recommends one rotation of the group if it names all of its databases", () =>
    inSandbox({ program: list(["app", "reports"]) }, async (sandbox) => {
      const { stdout } = await sandbox.preview();
      assert.match(
        stdout,
        /the list names every database of the group "default"; rotating the group instead needs only one request\./,
      );
    }));

  it("rotates lists of groups too", () =>
    inSandbox(
      { program: `new turso.TokenRotation("r", { scope: { groups: ["default", "other"] }, trigger: 1 });` },
      async (sandbox) => {
        await sandbox.up();
        assert.deepEqual([...sandbox.rotations].sort(), ["groups/default", "groups/other"]);
      },
    ));

  it("reports its progress every few seconds", () =>
    inSandbox({ serverGeneration: "current", latencyMs: 250 }, async (sandbox) => {
      const names = await withTenants(sandbox, 30);
      sandbox.stack.write(list(names, `trigger: 1, verify: "off", parallelism: 1`));
      const { stdout } = await sandbox.up();
      assert.match(stdout, /acme\/databases: \d+ of 30 rotated, 0 failed, \d+ remaining, about \d.* s\./);
    }));

  it("rotates 5,000 databases with at most 200 bytes of state each and no serialized closure per database", () =>
    inSandbox({ serverGeneration: "current" }, async (sandbox) => {
      const names = await withTenants(sandbox, 5_000);
      sandbox.stack.write(list(names, `trigger: 1, verify: "off", parallelism: 32`));
      const { stdout } = await sandbox.up();
      assert.match(stdout, /5000 of 5000 rotated in /);
      assert.equal(new Set(sandbox.rotations).size, 5_000);
      assert.equal(sandbox.rotations.length, 5_000);
      const state = JSON.stringify(JSON.parse(await sandbox.stack.state()));
      assert.ok(state.length / 5_000 <= 200, `${state.length / 5_000} bytes per database`);
      assert.equal(
        state.split("exports.handler").length - 1,
        2,
        "one closure in the inputs and one in the outputs",
      );
      sandbox.turso.clearLog();
      await sandbox.up();
      assert.deepEqual(sandbox.calls, []);
    }));
});

describe("rotation by age, with the real CLI", () => {
  const aged = (extra: string) =>
    `const r = new turso.TokenRotation("r", { scope: { database: "app" }, ${extra} }); exports.rotatedAt = r.rotatedAt;`;
  const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

  it("rotates once it is due, not before, and reports since when", () =>
    inSandbox({ program: aged(`rotateEvery: "90d"`) }, async (sandbox) => {
      await sandbox.up();
      await sandbox.up();
      assert.equal(sandbox.rotations.length, 1);
      sandbox.stack.write(aged(`rotateEvery: "1s"`));
      await sleep(1_100);
      const { stdout } = await sandbox.preview();
      assert.match(
        stdout,
        /acme\/databases\/app: last rotated 20.*Z, .* ago, and due since 20.*Z \(rotateEvery 1s\), so this update rotates;/,
      );
      assert.equal(sandbox.rotations.length, 1);
      await sandbox.up();
      assert.equal(sandbox.rotations.length, 2);
      sandbox.stack.write(aged(`rotateEvery: "30d"`));
      await sandbox.up();
      assert.equal(sandbox.rotations.length, 2, "a changed duration alone rotates nothing");
    }));

  it("a refresh announces no update, and looks up nothing for it", () =>
    inSandbox({ program: aged(`rotateEvery: "1s"`) }, async (sandbox) => {
      await sandbox.up();
      await sleep(1_100);
      sandbox.turso.clearLog();
      const { stdout } = await sandbox.stack.must("refresh", "--yes");
      assert.doesNotMatch(stdout, /acme\/databases\/app/);
      assert.ok(sandbox.calls.length > 0);
      for (const call of sandbox.calls) assert.equal(call, "GET /v1/organizations/acme/databases/app");
      const preview = await sandbox.preview("--refresh");
      assert.match(preview.stdout, /acme\/databases\/app: last rotated .*, so this update rotates;/);
    }));

  it("treats an added or removed trigger as a new baseline", () =>
    inSandbox({ program: aged(`rotateEvery: "90d"`) }, async (sandbox) => {
      await sandbox.up();
      for (const extra of [
        `rotateEvery: "90d", trigger: 1`,
        `rotateEvery: "90d"`,
        `rotateEvery: "90d", trigger: 2`,
      ]) {
        sandbox.stack.write(aged(extra));
        await sandbox.up();
      }
      assert.equal(sandbox.rotations.length, 1);
      sandbox.stack.write(aged(`rotateEvery: "90d", trigger: 3`));
      await sandbox.up();
      assert.equal(sandbox.rotations.length, 2);
    }));
});

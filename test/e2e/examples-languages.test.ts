import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { readFileSync, readdirSync, statSync } from "node:fs";
import path from "node:path";
import { ensureLanguage } from "../../tools/pulumi-cli/language.js";
import { ensurePython } from "../../tools/python/environment";
import { ROOT, type CommandResult } from "../../tools/stack";
import { inSandbox, type Sandbox } from "./sandbox";

const PYTHON = {
  from: "examples/python",
  files: ["Pulumi.yaml", "__main__.py", "rotation.py", "rotate.py"],
};
const YAML = { from: "examples/yaml", files: ["Pulumi.yaml"] };
const STATUS = path.join(ROOT, "dist", "status", "cli.js");

const say = (line: string) => console.log(`      ${line}`);

/** Names the databases to rotate. */
async function choose(sandbox: Sandbox, ...names: string[]): Promise<void> {
  for (const [i, name] of names.entries())
    await sandbox.stack.must("config", "set", "--path", `databases[${i}]`, name);
}

/** The exit code of the command that README suggests after an `up`. */
async function statusOf(sandbox: Sandbox): Promise<number | null> {
  return spawnSync(process.execPath, [STATUS, "status"], { input: await sandbox.stack.state() }).status;
}

describe("the example in YAML", function () {
  this.timeout(300_000);
  let programs: string[] = [];
  // on a new machine, the host is built first
  before(async function () {
    this.timeout(1_800_000);
    programs = [await ensureLanguage("yaml", say)];
  });

  const inYaml = (body: (sandbox: Sandbox) => Promise<void>) =>
    inSandbox(
      { copy: YAML, isNative: true, programs, config: { trigger: "1" }, serverGeneration: "current" },
      body,
    );

  it("rotates, mints and delivers, does nothing without a change, and rotates again for a changed trigger", () =>
    inYaml(async (sandbox) => {
      await choose(sandbox, "app", "reports");
      await sandbox.preview();
      assert.deepEqual(sandbox.rotations, []);
      await sandbox.up();
      assert.deepEqual([...sandbox.rotations].sort(), ["databases/app", "databases/reports"]);
      const { tokens: first, readerToken } = await sandbox.stack.outputs();
      const { app = "", reports } = first as Record<string, string>;
      for (const [name, token] of [
        ["app", app],
        ["reports", reports],
        ["app", readerToken],
      ] as const)
        assert.ok(await sandbox.accepts(name, token), name);
      const { stdout: shown } = await sandbox.stack.must("stack", "output", "--json");
      for (const text of [shown, await sandbox.stack.state()]) assert.equal(text.includes(app), false);

      sandbox.turso.clearLog();
      await sandbox.up("--expect-no-changes");
      assert.deepEqual(sandbox.calls, []);

      await sandbox.stack.must("config", "set", "trigger", "2");
      await sandbox.up();
      assert.equal(sandbox.rotations.length, 4);
      const { tokens: second } = await sandbox.stack.outputs();
      assert.equal(await sandbox.accepts("app", app), false);
      assert.ok(await sandbox.accepts("app", (second as Record<string, string>)["app"]));

      await sandbox.stack.must("refresh", "--yes", "--skip-preview");
      await sandbox.stack.must("destroy", "--yes", "--skip-preview");
      assert.equal(sandbox.rotations.length, 4);
    }));

  it("delivers what worked of a list, warns of the rest, and leaves it to `status` to fail the run", () =>
    inYaml(async (sandbox) => {
      await choose(sandbox, "app", "no-such");
      const { stdout } = await sandbox.up();
      assert.match(
        stdout,
        /warning: acme\/databases: 1 target needs another run\. no-such: the API says that it does not exist\./,
      );
      const { tokens, readerToken } = await sandbox.stack.outputs();
      assert.deepEqual(Object.keys(tokens as object), ["app"]);
      assert.ok(await sandbox.accepts("app", readerToken));
      assert.equal(await statusOf(sandbox), 1);

      await choose(sandbox, "app", "reports");
      await sandbox.up();
      assert.deepEqual(sandbox.rotations, ["databases/app"]);
      assert.equal(await statusOf(sandbox), 0);
    }));
});

describe("the example in Python", function () {
  this.timeout(300_000);
  let programs: string[] = [];
  before(async function () {
    this.timeout(1_800_000);
    programs = [(await ensurePython(say)).bin];
  });

  const inPython = (body: (sandbox: Sandbox) => Promise<void>, ...more: string[]) =>
    inSandbox(
      {
        copy: PYTHON,
        isNative: true,
        programs: [...programs, ...more],
        config: { trigger: "1" },
        serverGeneration: "current",
      },
      body,
    );

  /** Runs the example's script, which drives the CLI with the Automation API. */
  const rotate = ({ stack }: Sandbox, trigger: string): Promise<CommandResult> =>
    new Promise((resolve, reject) => {
      const env = { ...stack.env, PYTHONDONTWRITEBYTECODE: "1" };
      const child = spawn("python", ["rotate.py", "dev", trigger], { cwd: stack.project, env });
      const result: CommandResult = { code: 0, stdout: "", stderr: "" };
      child.stdout.on("data", (chunk) => (result.stdout += String(chunk)));
      child.stderr.on("data", (chunk) => (result.stderr += String(chunk)));
      child.on("error", reject);
      child.on("close", (code) => resolve({ ...result, code }));
    });

  const delivered = ({ stack }: Sandbox): Record<string, string> => {
    const folder = path.join(stack.project, "tokens");
    return Object.fromEntries(
      readdirSync(folder).map((name) => {
        assert.equal(statSync(path.join(folder, name)).mode & 0o777, 0o600);
        return [name, readFileSync(path.join(folder, name), "utf8")] as const;
      }),
    );
  };

  it("rotates, mints and delivers through the Automation API, and does nothing without a change", () =>
    inPython(async (sandbox) => {
      await choose(sandbox, "app", "reports");
      const first = await rotate(sandbox, "1");
      assert.equal(first.code, 0, first.stdout + first.stderr);
      assert.deepEqual([...sandbox.rotations].sort(), ["databases/app", "databases/reports"]);
      const files = delivered(sandbox);
      for (const name of ["app", "reports"]) assert.ok(await sandbox.accepts(name, files[name]), name);
      assert.ok(await sandbox.accepts("app", (await sandbox.stack.outputs())["readerToken"]));
      for (const text of [first.stdout, first.stderr, await sandbox.stack.state()])
        assert.doesNotMatch(text, /eyJ[\w-]{10,}\./);

      sandbox.turso.clearLog();
      const again = await rotate(sandbox, "1");
      assert.match(again.stdout, /3 unchanged/);
      assert.deepEqual(sandbox.calls, []);

      assert.equal((await rotate(sandbox, "2")).code, 0);
      assert.equal(sandbox.rotations.length, 4);
      assert.equal(await sandbox.accepts("app", files["app"]), false);
      assert.ok(await sandbox.accepts("app", delivered(sandbox)["app"]));
    }));

  it("delivers what worked of a list to everything that depends on it, and then fails the run", () =>
    inPython(async (sandbox) => {
      await choose(sandbox, "app", "no-such");
      const { code, stdout } = await rotate(sandbox, "1");
      assert.equal(code, 1);
      assert.match(stdout, /warning: acme\/databases: 1 target needs another run\. no-such: the API says/);
      assert.match(stdout, /error: These databases need another run: no-such\./);
      const { readerToken, failures } = await sandbox.stack.outputs();
      assert.ok(await sandbox.accepts("app", readerToken));
      assert.deepEqual(Object.keys(failures as object), ["no-such"]);
      assert.ok(await sandbox.accepts("app", delivered(sandbox)["app"]));
      assert.equal(await statusOf(sandbox), 1);

      await choose(sandbox, "app", "reports");
      assert.equal((await rotate(sandbox, "1")).code, 0);
      assert.deepEqual(sandbox.rotations, ["databases/app"]);
      assert.deepEqual(Object.keys(delivered(sandbox)).sort(), ["app", "reports"]);
    }));

  it("is a program for `pulumi up` too, which announces a failure in no preview", async () => {
    const host = await ensureLanguage("python", say);
    await inPython(async (sandbox) => {
      await choose(sandbox, "app", "no-such");
      await sandbox.preview();
      assert.match(
        await sandbox.fails("up", "--yes", "--skip-preview"),
        /error: These databases need another run: no-such\./,
      );
      await sandbox.preview();
      assert.deepEqual(Object.keys(delivered(sandbox)), ["app"]);
    }, host);
  });
});

import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startEmulator } from "../../emulator/src";
import { useEnvironment } from "../support/environment";
import { call, closeAll, CLOSE, emulate, execute, ORGANIZATION, pipeline, seeded } from "./support";

const CLI = join(__dirname, "..", "..", "emulator", "src", "cli.ts");
const leftovers = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith("turso-emulator-"));

const started: ChildProcess[] = [];

interface Run {
  output(): string;
  until(pattern: RegExp): Promise<RegExpMatchArray>;
  interrupt(): void;
  exit: Promise<{ code: number | null; stdout: string; stderr: string }>;
}

function runCli(...args: string[]): Run {
  const child = spawn(process.execPath, ["-r", "ts-node/register", CLI, ...args], {
    cwd: join(__dirname, "..", ".."),
  });
  started.push(child);
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  const exit = new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) => {
    child.once("close", (code) => resolve({ code, stdout, stderr }));
  });
  return {
    output: () => stdout,
    until: async (pattern) => {
      // a start takes ten seconds while other suites run beside it
      for (let left = 3_000; left > 0; left--) {
        const match = stdout.match(pattern);
        if (match !== null) return match;
        if (child.exitCode !== null) break;
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      child.kill("SIGKILL");
      throw new Error(`no ${pattern} in:\n${stdout}\n${stderr}`);
    },
    interrupt: () => child.kill("SIGINT"),
    exit,
  };
}

/** A temporary folder for these tests alone: the emulators of other tests, which run beside them, come and go in the shared one. */
function useOwnTmpdir(): void {
  useEnvironment();
  let own: string;
  beforeEach(() => {
    own = mkdtempSync(join(tmpdir(), "emulator-lifecycle-"));
    process.env["TMPDIR"] = own;
  });
  afterEach(() => rmSync(own, { recursive: true }));
}

describe("emulator: lifecycle", () => {
  useOwnTmpdir();
  afterEach(closeAll);

  it("closes every port and removes its files, once or twice", async () => {
    const emulator = await seeded();
    const token = await emulator.platform.mintDatabaseToken("app");
    await pipeline(emulator, "app", token, [execute("begin immediate"), execute("create table t (a)")]);
    assert.equal(leftovers().length, 1);
    await Promise.all([emulator.close(), emulator.close()]);
    await emulator.close();
    assert.deepEqual(leftovers(), []);
    await assert.rejects(call(emulator, "GET", "/v1/organizations"));
    await assert.rejects(pipeline(emulator, "app", token, []));
  });

  it("leaves nothing open that would keep the process running", async () => {
    const script = `
      const { startEmulator } = require("./emulator/src");
      startEmulator().then(async (emulator) => {
        emulator.platform.createGroup("default");
        const { hostname } = await emulator.platform.createDatabase("app", "default");
        const token = await emulator.platform.mintDatabaseToken("app");
        const body = JSON.stringify({ requests: [{ type: "execute", stmt: { sql: "begin" } }] });
        const headers = { authorization: "Bearer " + token };
        const { status } = await fetch("http://" + hostname + "/v2/pipeline", { method: "POST", headers, body });
        await emulator.close();
        // A closed handle is listed until the loop has turned once more.
        const kinds = () => process.getActiveResourcesInfo().filter((kind) => kind.includes("Server"));
        setTimeout(() => console.log(status, kinds().join()), 20);
      });`;
    const child = spawn(process.execPath, ["-r", "ts-node/register", "-e", script], {
      cwd: join(__dirname, "..", ".."),
    });
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
    const code = await new Promise((resolve) => child.once("close", resolve));
    assert.deepEqual([code, output.trim()], [0, "200"]);
  }).timeout(10_000);

  it("listens on the port it was given, on loopback only, and fails if it is taken", async () => {
    const first = await emulate();
    const port = Number(new URL(first.url).port);
    await assert.rejects(startEmulator({ port }), { code: "EADDRINUSE" });
    await first.close();
    const second = await emulate({ port, organization: "initech", apiToken: "chosen-by-hand" });
    assert.deepEqual(
      [second.url, second.organization, second.apiToken],
      [first.url, "initech", "chosen-by-hand"],
    );
    assert.equal((await call(second, "GET", "/v1/organizations/initech/groups")).status, 200);
  });
});

describe("emulator: command line", function () {
  this.timeout(15_000);
  useOwnTmpdir();
  // what a failed test leaves running would keep the whole run from ending
  afterEach(() => started.splice(0).forEach((child) => child.kill("SIGKILL")));

  it("prints its usage", async () => {
    const { code, stdout, stderr } = await runCli("--help").exit;
    assert.equal(code, 0);
    assert.match(stdout, /usage: npx turso-token-emulator/);
    assert.equal(stderr, "");
  });

  const mistakes: [string[], string][] = [
    [["--port", "x"], '--port must be a number from 0 to 65535, not "x". See --help.\n'],
    [
      ["--server-generation", "next"],
      '--server-generation: The server generation must be "current", "legacy-group" or "legacy-dedicated", not "next". See --help.\n',
    ],
    [["--death-delay", "1h"], '--death-delay must be a number of seconds, not "1h". See --help.\n'],
    [["--alternating-edges", "x"], '--alternating-edges must be a number of seconds, not "x". See --help.\n'],
    [["--rate-limit", "0"], '--rate-limit must be a number of requests per second, not "0". See --help.\n'],
    [["--nonsense"], "Unknown option '--nonsense'. See --help.\n"],
  ];
  for (const [args, sentence] of mistakes) {
    it(`answers ${args.join(" ")} with one sentence`, async () => {
      const { code, stdout, stderr } = await runCli(...args).exit;
      assert.deepEqual([code, stdout, stderr], [2, "", sentence]);
    });
  }

  it("starts, serves, logs without credentials, and stops at Ctrl-C", async () => {
    const cli = runCli("--group", "g", "--database", "one", "--database", "two", "--death-delay", "5");
    const [, url, token] = await cli.until(
      /export TURSO_API_BASEURL=(\S+) TURSO_API_TOKEN=(\S+) TURSO_ORGANIZATION=acme\n/,
    );
    const greeting = cli.output();
    const host = greeting.match(/g\/one {2}(http:\S+)/)?.[1];
    const headers = { authorization: `Bearer ${token}` };
    const minted = await fetch(`${url}${ORGANIZATION}/databases/one/auth/tokens`, {
      method: "POST",
      headers,
    });
    const { jwt } = (await minted.json()) as { jwt: string };
    const body = JSON.stringify({ requests: [execute("select 1"), CLOSE] });
    const authorization = `Bearer ${jwt}`;
    assert.equal(
      (await fetch(`${host}/v2/pipeline`, { method: "POST", headers: { authorization }, body })).status,
      200,
    );
    await cli.until(/data one {2}POST {2}\/v2\/pipeline {2}200/);
    assert.equal(leftovers().length, 1);
    cli.interrupt();
    const { code, stdout, stderr } = await cli.exit;
    assert.deepEqual([code, stderr], [0, ""]);
    const log = stdout.slice(greeting.length);
    assert.match(log, /control {2}POST {2}\/v1\/organizations\/acme\/databases\/one\/auth\/tokens {2}200/);
    assert.ok(!log.includes(String(token)) && !log.includes(jwt));
    assert.deepEqual(leftovers(), []);
  });
});

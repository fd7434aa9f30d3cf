import assert from "node:assert/strict";
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { killTree } from "../../tools/kill-tree.js";
import { ROOT } from "../../tools/stack";
import { blocksOf } from "../docs/markdown";
import { assertShown } from "../docs/shown";
import { assertGolden, printed } from "./golden";

/** A made-up token for the user's environment. */
const SECRET = "eyJhbGciOiJFZERTQSJ9.eyJpZCI6Im5vYm9keSJ9.bm9ib2R5IQ";

interface Demo {
  child: ChildProcess;
  output: () => string;
  done: Promise<number | null>;
}

/** A user's machine: a temporary folder, and an environment that points to the user's own organization. */
async function onMachine(
  body: (start: (preload?: string) => Demo, folder: string) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), "demo-test-"));
  const requests: string[] = [];
  const organization = createServer((request, response) => {
    requests.push(`${request.method ?? ""} ${request.url ?? ""}`);
    response.end("{}");
  });
  await new Promise<void>((resolve) => organization.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(organization.address() as AddressInfo).port}`;
  const children: ChildProcess[] = [];
  const start = (preload?: string): Demo => {
    if (preload !== undefined) writeFileSync(path.join(folder, "..", `${path.basename(folder)}.js`), preload);
    const before = preload === undefined ? [] : ["-r", `${folder}.js`];
    const child = spawn(process.execPath, ["-r", "ts-node/register", ...before, "tools/demo.ts"], {
      cwd: ROOT,
      env: {
        ...process.env,
        TMPDIR: folder,
        TURSO_API_TOKEN: SECRET,
        TURSO_ORGANIZATION: "a-real-company",
        TURSO_API_BASEURL: url,
        PULUMI_BACKEND_URL: "file:///nowhere/at/all",
        PULUMI_CONFIG: `{"turso:apiUrl":"${url}","turso:apiToken":"${SECRET}"}`,
        PULUMI_STACK: "production",
        HTTP_PROXY: url,
        HTTPS_PROXY: url,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    children.push(child);
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (chunk) => (output += String(chunk)));
    const done = new Promise<number | null>((resolve) => child.on("close", resolve));
    return { child, output: () => output, done };
  };
  try {
    await body(start, folder);
    assert.deepEqual(requests, [], "the demo sent requests to the user's organization");
    assert.deepEqual(leftFiles(folder), []);
    assert.deepEqual(await leftProcesses(folder), []);
  } finally {
    for (const { pid } of children) if (pid !== undefined) killTree(pid);
    organization.close();
    for (const each of [folder, `${folder}.js`]) rmSync(each, { recursive: true, force: true });
  }
}

/** The remaining temporary files, except for the compile cache of ts-node. */
const leftFiles = (folder: string): string[] =>
  readdirSync(folder).filter((name) => !name.startsWith("v8-compile-cache"));

/** Processes with the folder in their environment or command line. Waits for killed ones to exit. */
async function leftProcesses(folder: string): Promise<string[]> {
  let found: string[] = [];
  for (let tries = 0; tries < 20; tries += 1) {
    const { stdout } = spawnSync("ps", ["-A", "-o", "pid=,args="], { encoding: "utf8" });
    found = stdout.split("\n").filter((line) => {
      const environ = `/proc/${line.trim().split(" ")[0] ?? ""}/environ`;
      return (
        line.includes(folder) || (existsSync("/proc/self/environ") && readOr(environ, "").includes(folder))
      );
    });
    if (found.length === 0) return [];
    await sleep(100);
  }
  return found;
}

/** Reads a file of a process, which may exit at any time. */
function readOr(file: string, otherwise: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return otherwise;
  }
}

/** Waits until the demo has printed a text. */
async function hasPrinted(demo: Demo, text: string): Promise<void> {
  for (let tries = 0; tries < 600 && !demo.output().includes(text); tries += 1) await sleep(100);
  assert.ok(demo.output().includes(text), demo.output());
}

describe("the demo", () => {
  it("shows that old tokens are rejected and new ones accepted, in under 90 seconds and in any environment", () =>
    onMachine(async (start) => {
      const begin = Date.now();
      const demo = start();
      assert.equal(await demo.done, 0, demo.output());
      const table = demo.output().slice(demo.output().indexOf("\n\n"));
      for (const row of [
        /^ {2}the leaked token after the rotation {2,}LibsqlError SERVER_ERROR: .*401$/m,
        /^ {2}the new token from the stack's output {2,}3 orders read$/m,
        /^ {2}up again, nothing changed {2,}0 API calls$/m,
        /^ {2}preview of a changed trigger {2,}2 lookups, 0 changes$/m,
        /^ {2}up with the changed trigger {2,}1 rotation, 1 token minted$/m,
        /^ {2}time without a valid token {2,}\d+\.\d\d s$/m,
        /^ {2}the previous token {2,}LibsqlError SERVER_ERROR: .*401$/m,
      ])
        assert.match(table, row);
      console.log(`      ${/time without a valid token.*/.exec(table)?.[0] ?? ""}`);
      const shown = blocksOf("README.md", "text").find(({ text }) => text.includes("a leaked token"));
      assert.ok(shown, "the README shows what the demo prints");
      assertShown(shown.text, demo.output(), shown.where);
      assert.doesNotMatch(demo.output(), /eyJ|a-real-company/);
      assertGolden("npm-start", printed(demo.output()));
      assert.ok(Date.now() - begin < 90_000, `${Date.now() - begin} ms`);
    }));

  it("stops with exit code 1 if a result is unexpected", () =>
    onMachine(async (start) => {
      const demo = start(`
        const client = require(require.resolve("@libsql/client", { paths: [process.cwd()] }));
        const close = () => {};
        const execute = async () => ({ rows: [{ orders: 3 }] });
        client.createClient = () => ({ execute, migrate: async () => {}, close });`);
      assert.equal(await demo.done, 1, demo.output());
      assert.match(demo.output(), /✗ the leaked token after the rotation: 3 orders read/);
      assert.match(demo.output(), /Unexpected result: the leaked token after the rotation: 3 orders read/);
    }));

  for (const [signal, code] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)
    it(`leaves no process and no file behind when ${signal} stops it during an up`, () =>
      onMachine(async (start, folder) => {
        const demo = start();
        await hasPrinted(demo, "$ pulumi up");
        await sleep(3_000);
        assert.notDeepEqual(leftFiles(folder), [], "the demo has not started");
        demo.child.kill(signal);
        assert.equal(await demo.done, code, demo.output());
        assert.match(demo.output(), new RegExp(`Stopped by ${signal}: nothing is left running\\.`));
      }));
});

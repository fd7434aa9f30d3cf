import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Emulator } from "../../emulator/src";
import { inTerminal, type Typing } from "../e2e/terminal";
import { closeAll, emulate, namesOf, reach, reached } from "./support";

const ROOT = path.join(__dirname, "..", "..");
const COMMAND = [process.execPath, "-r", "ts-node/register", "test/live/run.ts"] as const;
const GROUP = ["--throw-away-group", "scratch"];

const environment = ({ url, apiToken }: Emulator) => ({
  ...process.env,
  TURSO_API_BASEURL: url,
  TURSO_API_TOKEN: apiToken,
  TURSO_ORGANIZATION: "acme",
});

/** Runs the command without a terminal. */
async function command(emulator: Emulator, args: string[], interruptAfter?: RegExp) {
  const [file, ...rest] = COMMAND;
  const child = spawn(file, [...rest, ...args], {
    cwd: ROOT,
    env: environment(emulator),
    timeout: 50_000,
    killSignal: "SIGKILL", // it may fail to stop for any other
  });
  child.stdin.end();
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
    if (interruptAfter?.test(stderr) === true && !child.killed) child.kill("SIGINT");
  });
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  assert.ok(!`${stdout}${stderr}`.includes(emulator.apiToken) && !`${stdout}${stderr}`.includes("eyJ"));
  return { code, stdout, stderr };
}

describe("npm run test:live", function () {
  this.timeout(60_000);
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), "live-test-"))));
  afterEach(async () => {
    rmSync(folder, { recursive: true });
    await closeAll();
  });

  it("sends no request without its arguments, or without --yes where there is no terminal", async () => {
    const emulator = await emulate();
    assert.deepEqual(await command(emulator, []), {
      code: 2,
      stdout: "",
      stderr: "Name the group to rotate with --throw-away-group. See --help.\n",
    });
    assert.deepEqual(await command(emulator, GROUP), {
      code: 2,
      stdout: "",
      stderr:
        "There is no terminal to ask for confirmation on: pass --yes to rotate without it. See --help.\n",
    });
    assert.deepEqual(emulator.log, []);
  });

  it("reports an unknown group in one sentence, with exit code 1", async () => {
    const emulator = await emulate();
    const args = ["--throw-away-group", "typo", "--yes"];
    const { code, stdout, stderr } = await command(emulator, args);
    assert.deepEqual([code, stdout], [1, ""]);
    assert.match(stderr, /^Looking up acme\/groups\/typo: .*\n$/);
    assert.deepEqual(emulator.platform.rotations, []);
  });

  it("writes the page to a file", async () => {
    const emulator = await emulate({ serverGeneration: "current" });
    const file = path.join(folder, "page.md");
    const args = [...GROUP, "--yes", "--timeout", "3s", "--output", file];
    const { code, stdout, stderr } = await command(emulator, args);
    assert.deepEqual([code, stdout], [0, ""], stderr);
    const page = readFileSync(file, "utf8");
    const [dead, alive] = ["rejected", "still accepted"];
    assert.deepEqual(reach(page, /^Rotating database A/), reached(dead, alive, alive, alive));
    assert.deepEqual(reach(page, /^Rotating the group/), reached(dead, dead, dead, dead));
    assert.match(stderr, /^live test: This rotates the database live-test-/);
    assert.match(stderr, /\nlive test: wrote .*page\.md\n$/);
  });

  it("deletes its databases after Ctrl-C", async () => {
    const emulator = await emulate({ deathDelayMs: 60_000 });
    const { code, stdout, stderr } = await command(emulator, [...GROUP, "--yes"], /new token .* accepted/);
    assert.deepEqual([code, stdout], [130, ""], stderr);
    assert.match(stderr, /live test: stopping.*\n[^]*live test: deleting [^]*\nInterrupted\.\n$/);
    assert.deepEqual(namesOf(emulator), []);
    assert.equal(emulator.platform.rotations.length, 1);
  });

  describe("on a terminal", () => {
    const typing = (keys: string[]): Typing => ({ after: /to rotate it: /, keys });
    const terminal = (emulator: Emulator, keys: string[]) =>
      inTerminal([...COMMAND, ...GROUP, "--timeout", "1s"], {
        cwd: ROOT,
        env: environment(emulator),
        typing: typing(keys),
      });
    const [ctrlC, ctrlD] = ["\u0003", "\u0004"];

    it("rotates after the group's name, and prints the page", async () => {
      const emulator = await emulate();
      const { code, lines } = await terminal(emulator, ["scratch\r"]);
      assert.equal(code, 0, lines.join("\n"));
      assert.ok(lines.includes("#### Rotating the group"), lines.join("\n"));
      assert.equal(emulator.platform.rotations.length, 2);
    });

    for (const [what, keys, exitCode, end] of [
      ["Ctrl-D", [ctrlD], 1, "Not confirmed. Nothing was rotated or created."],
      ["Ctrl-C", [ctrlC], 130, "Interrupted."],
    ] as const)
      it(`rotates and creates nothing after ${what}`, async () => {
        const emulator = await emulate();
        const { code, lines } = await terminal(emulator, [...keys]);
        assert.deepEqual([code, lines.at(-1)], [exitCode, end], lines.join("\n"));
        assert.deepEqual(
          emulator.log.filter(({ method }) => method !== "GET"),
          [],
        );
      });
  });
});

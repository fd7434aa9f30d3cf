import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { play } from "../../tools/play-stage.js";

/** Whether a process runs; a zombie, which nobody has collected yet, does not. */
function isAlive(pid: number): boolean {
  const { stdout } = spawnSync("ps", ["-o", "stat=", "-p", String(pid)], { encoding: "utf8" });
  return stdout.trim() !== "" && !stdout.startsWith("Z");
}

describe("a stage of npm test", function () {
  this.timeout(60_000);
  let folder = "";
  let file = "";
  const { log } = console;
  const write = process.stdout.write.bind(process.stdout);
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), "pulumi-turso-tokens-stage-"));
    file = path.join(folder, "a.test.js");
    // mocha's reporter prints between tests, so nothing of it is lost
    console.log = () => undefined;
    process.stdout.write = () => true;
  });
  afterEach(() => {
    console.log = log;
    process.stdout.write = write;
    rmSync(folder, { recursive: true, force: true });
  });

  /** Plays a stage whose only test has this body. */
  const playTest = (body: string, limitMinutes?: number) => {
    writeFileSync(file, `it("passes", () => {});\nit("does this", () => {\n${body}\n});\n`);
    const command = ["mocha", "--no-config", "--timeout", "500", file];
    return play({ name: "stuck", command, ...(limitMinutes !== undefined && { limitMinutes }) }, true);
  };

  it("that blocks its thread ends at its limit: it fails, the report names it, and its processes are killed", async () => {
    const pids = path.join(folder, "pids");
    const result = await playTest(
      `const { spawn } = require("node:child_process");
      const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "inherit" });
      require("node:fs").writeFileSync(${JSON.stringify(pids)}, process.pid + " " + child.pid);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);`,
      0.1,
    );
    assert.ok(existsSync(pids), "the test did not get as far as blocking its thread");
    assert.equal(result.failed, 1);
    assert.match(
      result.report,
      /The stage "stuck" did not end within 0\.1 minutes\. It was killed with all of its processes\.\n$/,
    );
    await new Promise((resolve) => setTimeout(resolve, 500));
    const alive = readFileSync(pids, "utf8").split(" ").map(Number).filter(isAlive);
    assert.deepEqual(alive, []);
  });

  it("that fails in time reports only its failures", async () => {
    const result = await playTest(`throw new Error("as it should");`);
    assert.deepEqual([result.passed, result.failed], [1, 1]);
    assert.match(result.report, /what failed in stuck:\n.*1 failing[^]*as it should/);
    assert.doesNotMatch(result.report, /did not end/);
  });

  it("that passes has nothing to report", async () =>
    assert.deepEqual(await playTest(""), { passed: 2, failed: 0, report: "" }));
});

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import path from "node:path";

const ROOT = path.join(__dirname, "..", "..");
const TOOLS = [
  "tools/test.js",
  "tools/demo.ts",
  "bench/run.ts",
  "test/model/soak.ts",
  "test/e2e/soak-kill.ts",
  "test/matrix/run.ts",
  "test/breaks/run.ts",
  "test/live/run.ts",
  "tools/schema/cli.ts",
  "tools/sdk/cli.ts",
  "tools/pulumi-cli/language.js",
];

describe("each tool", function () {
  this.timeout(60_000);

  for (const tool of TOOLS) {
    const run = (...args: string[]) =>
      spawnSync(process.execPath, ["-r", "ts-node/register", tool, ...args], { cwd: ROOT, encoding: "utf8" });

    it(`${tool} prints its usage for --help`, () => {
      const { status, stdout, stderr } = run("--help");
      assert.equal(stderr, "");
      assert.match(stdout, /^[A-Z].*\.\n\n {2}(np[mx]|node) /);
      assert.equal(status, 0);
    });

    it(`${tool} rejects an unknown option in one sentence, with exit code 2`, () => {
      const { status, stdout, stderr } = run("--no-such-option");
      assert.equal(stderr, "Unknown option '--no-such-option'. See --help.\n");
      assert.equal(stdout, "");
      assert.equal(status, 2);
    });
  }
});

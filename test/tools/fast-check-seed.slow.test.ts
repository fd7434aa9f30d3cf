import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import path from "node:path";
import fc from "fast-check";

const ROOT = path.join(__dirname, "..", "..");
const SCRIPT = `const fc = require("fast-check"); console.log(fc.sample(fc.nat(), 5).join());`;

/** What a process prints that loads the seed as mocha does. */
function run(seed?: string): { status: number | null; stdout: string; stderr: string } {
  const args = ["-r", "ts-node/register", "-r", "./tools/fast-check-seed.ts", "-e", SCRIPT];
  return spawnSync(process.execPath, args, {
    cwd: ROOT,
    env: { ...process.env, FAST_CHECK_SEED: seed, MOCHA_WORKER_ID: undefined },
    encoding: "utf8",
  });
}

describe("the seed of property tests", () => {
  it("is set in every mocha process", () => {
    assert.equal(fc.readConfigureGlobal().seed, Number(process.env["FAST_CHECK_SEED"] ?? 1));
  });

  it("is the same in each run, and is not printed", () => {
    const { stdout } = run();
    assert.match(stdout, /^\d+(,\d+){4}\n$/);
    assert.equal(run().stdout, stdout);
  });

  it("comes from FAST_CHECK_SEED if that is set, and is printed", () => {
    const [line, values] = run("-7").stdout.split("\n");
    assert.equal(line, "fast-check: seed -7, from FAST_CHECK_SEED");
    assert.notEqual(values, run().stdout.trim());
  });

  it("must be a whole number", () => {
    const { status, stderr } = run("often");
    assert.notEqual(status, 0);
    assert.match(stderr, /FAST_CHECK_SEED must be a whole number, not "often"\./);
  });
});

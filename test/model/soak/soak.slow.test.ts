import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import path from "node:path";

const ROOT = path.join(__dirname, "..", "..", "..");

describe("the soak of the random model", function () {
  this.timeout(300_000);
  const soak = (...args: string[]) =>
    spawnSync(process.execPath, ["-r", "ts-node/register/transpile-only", "test/model/soak.ts", ...args], {
      cwd: ROOT,
      encoding: "utf8",
    });

  it("plays its schedules in several processes, and sums up what it found", () => {
    const { status, stdout, stderr } = soak("--runs", "4", "--seed", "3", "--jobs", "2");
    assert.equal(stderr, "");
    assert.equal(status, 0, stdout);
    assert.match(stdout, /^seed 3: 2 schedules played$/m);
    assert.match(stdout, /^seed 4: 2 schedules played$/m);
    assert.match(stdout, /^4 schedules in [\d.]+ s, [\d.]+ a second \(seeds 3 to 4\): 0 violations$/m);
  });

  it("plays a single schedule of a seed again", () => {
    const { status, stdout } = soak("--seed", "3", "--only", "1");
    assert.equal(stdout, "It violates no rule.\n");
    assert.equal(status, 0);
  });
});

import assert from "node:assert/strict";
import { stageOf } from "../../tools/stages.js";

describe("the stage of a test file", () => {
  const CASES: [file: string, stage: string | undefined][] = [
    ["test/scope.test.ts", "unit"],
    ["test/rotation/plan.test.ts", "unit"],
    ["test/hosts/dynamic/values.test.ts", "unit"],
    ["test/core/canary.slow.test.ts", "slow"],
    ["test/tools/setup.slow.test.ts", "slow"],
    ["test/e2e/kill.test.ts", "e2e"],
    ["test/e2e/kill.slow.test.ts", "e2e"],
    ["test/model/model.test.ts", "model"],
    ["test/docs/blocks.test.ts", "docs"],
    ["test/package/npm.test.ts", "package"],
    ["test/packages.test.ts", "unit"],
    ["test/e2e/world.ts", undefined],
    ["test/e2e/golden/up.txt", undefined],
  ];
  for (const [file, stage] of CASES)
    it(`of ${file} is ${stage ?? "none"}`, () => assert.equal(stageOf(file), stage));
});

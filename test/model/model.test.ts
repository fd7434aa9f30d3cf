import assert from "node:assert/strict";
import { check } from "./check";

const RUNS = Number(process.env["MODEL_RUNS"] ?? 400);
const SEED = Number(process.env["MODEL_SEED"] ?? 1);
const LIMIT_MS = 900_000;

describe("the random model", function () {
  this.timeout(LIMIT_MS);

  it(`finds no rule violated in ${RUNS} random schedules of runs, crashes and faults (MODEL_SEED=${SEED} repeats them)`, async () => {
    // the remaining time is for shrinking a counter-example
    const { schedules, counterExample } = await check(RUNS, SEED, { limitMs: LIMIT_MS - 30_000 });
    assert.equal(counterExample, undefined, `MODEL_SEED=${SEED}\n${counterExample ?? ""}`);
    assert.equal(schedules, RUNS, "not all schedules ran within the time limit");
  });
});

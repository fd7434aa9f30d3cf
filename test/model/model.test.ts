import assert from "node:assert/strict";
import { check } from "./check";

const RUNS = Number(process.env["MODEL_RUNS"] ?? 1_000);
const SEED = Number(process.env["MODEL_SEED"] ?? 1);
const LIMIT_MS = 900_000;

describe("the rules", function () {
  this.timeout(LIMIT_MS);

  it(`hold in ${RUNS} random schedules of runs, crashes and faults (MODEL_SEED=${SEED} plays them again)`, async () => {
    // what is left of the time is for the shrinking of a counter-example
    const { schedules, counterExample } = await check(RUNS, SEED, { limitMs: LIMIT_MS - 30_000 });
    assert.equal(counterExample, undefined, `MODEL_SEED=${SEED}\n${counterExample ?? ""}`);
    assert.equal(schedules, RUNS, "there was no time for all");
  });
});

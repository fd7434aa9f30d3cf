import assert from "node:assert/strict";
import fc from "fast-check";
import { schedules, type Schedule } from "../schedule/schedule";
import { playBlock, type Report } from "./block";

/** Plays a block of three schedules, of which the second one violates a rule. */
async function reports(stops: boolean): Promise<{ played: Schedule[]; reported: Report[] }> {
  const played: Schedule[] = [];
  const reported: Report[] = [];
  const play = (schedule: Schedule) => {
    played.push(schedule);
    const isBad = played.length === 2;
    const violation = new Error("rule 9: broken\n+ actual - expected");
    return Promise.resolve({ journal: ["1. up"], ...(isBad && { violation }) });
  };
  await playBlock({ play }, { seed: 5, schedules: 3, stops }, (report) => reported.push(report));
  return { played, reported };
}

describe("a block of a soak", () => {
  const violation = {
    seed: 5,
    index: 1,
    message: "rule 9: broken",
    log: "1. up\n!! rule 9: broken\n+ actual - expected",
  };

  it("plays the schedules of its seed, and goes on after a violation", async () => {
    const { played, reported } = await reports(false);
    assert.deepEqual(played, fc.sample(schedules, { seed: 5, numRuns: 3 }));
    assert.deepEqual(reported, [{ type: "played" }, { type: "played", violation }, { type: "played" }]);
  });

  it("ends at a violation if it is to stop", async () =>
    assert.deepEqual((await reports(true)).reported, [{ type: "played" }, { type: "played", violation }]));
});

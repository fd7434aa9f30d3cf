import assert from "node:assert/strict";
import fc from "fast-check";
import { Player } from "./player";
import { schedules } from "./schedule/schedule";

const SCHEDULES = 30;

/** Each schedule's log: every request with its response, every message, and what became of each resource. */
async function journals(isDirect: boolean): Promise<string[]> {
  const player = await Player.start(isDirect);
  try {
    const all: string[] = [];
    for (const schedule of fc.sample(schedules, { seed: 1, numRuns: SCHEDULES }))
      all.push((await player.play(schedule)).journal.join("\n"));
    return all;
  } finally {
    await player.close();
  }
}

describe("a request of the random model without a connection", function () {
  this.timeout(300_000);

  it(`makes no difference to ${SCHEDULES} schedules: their logs are those of requests over HTTP`, async () => {
    const direct = await journals(true);
    for (const [i, journal] of (await journals(false)).entries()) assert.equal(direct[i], journal);
  });
});

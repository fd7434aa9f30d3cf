import assert from "node:assert/strict";
import fc from "fast-check";
import { Player } from "./player";
import { schedules } from "./schedule/schedule";
import type { Host } from "./world/host";

const SCHEDULES = 30;

/** Each schedule's log: every request with its response, every message, and what became of each resource. */
async function journals(isDirect: boolean, host: Host): Promise<string[]> {
  const player = await Player.start(isDirect, host);
  try {
    const all: string[] = [];
    for (const schedule of fc.sample(schedules, { seed: 1, numRuns: SCHEDULES }))
      all.push((await player.play(schedule)).journal.join("\n"));
    return all;
  } finally {
    await player.close();
  }
}

describe(`the logs of ${SCHEDULES} schedules of the random model`, function () {
  this.timeout(300_000);
  let expected: string[];
  before(async () => (expected = await journals(true, "logic")));

  for (const [what, isDirect, host] of [
    ["requests that each have a connection", false, "logic"],
    ["the native plugin around the logic", true, "plugin"],
  ] as const)
    it(`are the same with ${what}`, async () => {
      for (const [i, journal] of (await journals(isDirect, host)).entries())
        assert.equal(journal, expected[i]);
    });
});

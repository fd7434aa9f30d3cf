import assert from "node:assert/strict";
import { Player } from "./player";
import { NO_DELAYS } from "./world/delays";
import type { Operation, Schedule } from "./schedule/schedule";

const up: Operation = {
  type: "up",
  change: { scope: { databases: "all" } },
  credentials: "full",
  faults: [],
};
const schedule = (...operations: Operation[]): Schedule => ({
  serverGeneration: "legacy-group",
  rejectionDelays: NO_DELAYS,
  acceptanceDelays: {},
  first: {},
  operations,
});

describe("a player of the random model", function () {
  this.timeout(60_000);

  it("plays a schedule in the same way, whatever the schedule before did to the databases", async () => {
    const player = await Player.start();
    try {
      const first = await player.play(schedule(up));
      await player.play(
        schedule(
          { type: "recreate a database", name: "app" },
          { type: "delete a database", name: "lone" },
          { type: "create a database", name: "extra" },
        ),
      );
      assert.deepEqual(await player.play(schedule(up)), first);
    } finally {
      await player.close();
    }
  });
});

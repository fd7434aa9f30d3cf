import fc from "fast-check";
import type { Player } from "../player";
import { logOf } from "../player";
import { schedules } from "../schedule/schedule";

/** The first schedules of a seed. One process plays them. */
export interface Block {
  seed: number;
  schedules: number;
  /** Whether it ends at the first violation. */
  stops: boolean;
}

/** A schedule that violated a rule. */
export interface Violation {
  seed: number;
  /** The schedule's place in its seed, counted from 0. */
  index: number;
  message: string;
  /** What happened, up to the violation. */
  log: string;
}

/** What a process reports of its block: each schedule, and then that it wants the next block. */
export type Report = { type: "played"; violation?: Violation } | { type: "ready" };

/** Plays a block. A violation does not keep the schedules after it from being played. */
export async function playBlock(
  player: Pick<Player, "play">,
  { seed, schedules: most, stops }: Block,
  report: (report: Report) => void,
): Promise<void> {
  for (const [index, schedule] of fc.sample(schedules, { seed, numRuns: most }).entries()) {
    const played = await player.play(schedule);
    const { violation } = played;
    if (violation === undefined) {
      report({ type: "played" });
      continue;
    }
    const message = violation.message.split("\n", 1)[0] ?? "";
    report({ type: "played", violation: { seed, index, message, log: logOf(played) } });
    if (stops) return;
  }
}

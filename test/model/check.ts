import fc from "fast-check";
import { schedules } from "./schedule/schedule";
import { Player, logOf } from "./player";

export interface Finding {
  schedules: number;
  /** The smallest schedule that violates a rule, as a numbered list with its log. */
  counterExample?: string;
}

interface Options {
  /** Whether to look for a smaller schedule that violates a rule too. */
  shrink?: boolean;
  limitMs?: number;
  /** Only this schedule of the seed, counted from 0. */
  only?: number;
  isDirect?: boolean;
}

/** Runs random schedules until one violates a rule or `numRuns` have passed. */
export async function check(
  numRuns: number,
  seed: number,
  { shrink = true, limitMs = 86_400_000, only, isDirect }: Options = {},
): Promise<Finding> {
  const player = await Player.start(isDirect);
  try {
    const details = await fc.check(
      fc.asyncProperty(schedules, async (schedule) => {
        const { violation } = await player.play(schedule);
        if (violation) throw violation;
      }),
      {
        numRuns,
        seed,
        endOnFailure: !shrink,
        interruptAfterTimeLimit: limitMs,
        ...(only !== undefined && { path: String(only) }),
      },
    );
    if (!details.failed) return { schedules: details.numRuns };
    const [schedule] = details.counterexample ?? [];
    const again = schedule && (await player.play(schedule));
    const counterExample =
      again === undefined
        ? "fast-check reported no schedule"
        : again.violation
          ? logOf(again)
          : `A second run of the same schedule violated no rule:\n${logOf(again)}`;
    return { schedules: details.numRuns, counterExample };
  } finally {
    await player.close();
  }
}

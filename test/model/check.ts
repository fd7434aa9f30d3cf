import fc from "fast-check";
import { interceptRequests } from "./process";
import { simulateTime } from "./clock";
import { schedules, type Schedule } from "./schedule";
import { Simulation } from "./simulation";
import { ModelOrganization } from "./organization";

export interface Finding {
  schedules: number;
  seed: number;
  ms: number;
  /** The smallest schedule that violates a rule, as a numbered list with its log. */
  counterExample?: string;
}

/** Runs random schedules until one violates a rule or `numRuns` have passed. */
export async function check(
  numRuns: number,
  seed: number,
  { shrink = true, limitMs = 3_600_000 * 24 } = {},
): Promise<Finding> {
  const undo = [simulateTime(), interceptRequests()];
  const organizations: Record<Schedule["serverGeneration"], ModelOrganization> = {
    "legacy-group": await ModelOrganization.start("legacy-group"),
    current: await ModelOrganization.start("current"),
  };
  const play = async (schedule: Schedule): Promise<Simulation> => {
    const simulation = new Simulation(organizations[schedule.serverGeneration], schedule);
    await simulation.play();
    return simulation;
  };
  const start = Date.now();
  try {
    const details = await fc.check(
      fc.asyncProperty(schedules, async (schedule) => {
        await play(schedule);
      }),
      { numRuns, seed, endOnFailure: !shrink, interruptAfterTimeLimit: limitMs },
    );
    const finding = { schedules: details.numRuns, seed: details.seed, ms: Date.now() - start };
    if (!details.failed) return finding;
    const [schedule] = details.counterexample ?? [];
    return {
      ...finding,
      counterExample: schedule ? await replay(schedule, organizations) : "fast-check reported no schedule",
    };
  } finally {
    await Promise.all(Object.values(organizations).map((organization) => organization.close()));
    for (const restore of undo) restore();
  }
}

async function replay(
  schedule: Schedule,
  organizations: Record<Schedule["serverGeneration"], ModelOrganization>,
): Promise<string> {
  const simulation = new Simulation(organizations[schedule.serverGeneration], schedule);
  try {
    await simulation.play();
    return `A second run of the same schedule violated no rule:\n${simulation.journal.join("\n")}`;
  } catch (error) {
    const { message, stack } = error instanceof Error ? error : new Error(String(error));
    const where = message.startsWith("rule") ? "" : `\n${stack ?? ""}`;
    return `${simulation.journal.join("\n")}\n!! ${message}${where}`;
  }
}

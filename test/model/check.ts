import fc from "fast-check";
import type { BlastRadius } from "../../emulator";
import { bendTime } from "./clock";
import { tapNetwork } from "./process";
import { schedules, type Schedule } from "./schedule";
import { Simulation } from "./simulation";
import { ModelOrganization } from "./organization";

export interface Finding {
  schedules: number;
  seed: number;
  ms: number;
  /** The smallest schedule that breaks a rule, as a numbered list with its log. */
  counterExample?: string;
}

/** Plays random schedules until one breaks a rule, or there were enough. */
export async function check(
  numRuns: number,
  seed: number,
  { shrink = true, limitMs = 3_600_000 * 24 } = {},
): Promise<Finding> {
  const undo = [bendTime(), tapNetwork()];
  const organizations: Record<BlastRadius, ModelOrganization> = {
    group: await ModelOrganization.start("group"),
    database: await ModelOrganization.start("database"),
  };
  const play = async (schedule: Schedule): Promise<Simulation> => {
    const simulation = new Simulation(organizations[schedule.blastRadius], schedule);
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
      counterExample: schedule ? await replay(schedule, organizations) : "fast-check gave none",
    };
  } finally {
    await Promise.all(Object.values(organizations).map((organization) => organization.close()));
    for (const each of undo) each();
  }
}

async function replay(
  schedule: Schedule,
  organizations: Record<BlastRadius, ModelOrganization>,
): Promise<string> {
  const simulation = new Simulation(organizations[schedule.blastRadius], schedule);
  try {
    await simulation.play();
    return `It broke no rule when it was played again:\n${simulation.journal.join("\n")}`;
  } catch (error) {
    const { message, stack } = error instanceof Error ? error : new Error(String(error));
    const where = message.startsWith("rule") ? "" : `\n${stack ?? ""}`;
    return `${simulation.journal.join("\n")}\n!! ${message}${where}`;
  }
}

import { interceptRequests } from "./world/intercept";
import { simulateTime } from "./world/clock";
import { ModelOrganization } from "./world/organization";
import { Engine } from "./world/engine";
import { hostOfEnvironment, type Host } from "./world/host";
import type { Schedule } from "./schedule/schedule";
import { Simulation } from "./simulation";

/** What a schedule did, as a log, and the rule that it violated, if it did. */
export interface Played {
  journal: string[];
  violation?: Error;
}

/** Plays schedules, one after the other, against emulated organizations of its own. */
export class Player {
  private constructor(
    private readonly organizations: Record<Schedule["serverGeneration"], ModelOrganization>,
    private readonly host: Host,
    private readonly undo: (() => void)[],
  ) {}

  /**
   * @param isDirect whether requests reach the emulator without a connection, apart from those that are to break one
   * @param host by default, what the variable MODEL_HOST says
   */
  static async start(isDirect = true, host: Host = hostOfEnvironment()): Promise<Player> {
    const undo = [simulateTime(), interceptRequests()];
    const organizations = {
      "legacy-group": await ModelOrganization.start("legacy-group", isDirect),
      current: await ModelOrganization.start("current", isDirect),
    };
    return new Player(organizations, host, undo);
  }

  async play(schedule: Schedule): Promise<Played> {
    const simulation = new Simulation(
      this.organizations[schedule.serverGeneration],
      schedule,
      new Engine(this.host),
    );
    const { journal } = simulation;
    try {
      await simulation.play();
      return { journal };
    } catch (error) {
      return { journal, violation: error instanceof Error ? error : new Error(String(error)) };
    }
  }

  async close(): Promise<void> {
    await Promise.all(Object.values(this.organizations).map((organization) => organization.close()));
    for (const restore of this.undo) restore();
  }
}

/** The log of a schedule that violated a rule; for what is no rule, with where it was found. */
export function logOf({ journal, violation }: Played): string {
  if (violation === undefined) return journal.join("\n");
  const { message, stack = "" } = violation;
  return [...journal, `!! ${message}`, ...(message.startsWith("rule") ? [] : [stack])].join("\n");
}

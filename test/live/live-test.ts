/** The live test, with everything that it needs from outside. */
import { TursoClient } from "../../src/turso/client";
import { RateLimit } from "../../src/turso/rate-limit";
import { nameList } from "../../src/values/text";
import { ControlPlane, LiveError } from "./control-plane";
import { labelled, listOf, newNames, withDatabases } from "./databases";
import { Secrets } from "./exchange";
import { hasRotated, observe, type Phase } from "./observe";
import type { Options } from "./options";
import { page } from "./page";
import { askWith, type Pace } from "./watch";

export interface World {
  /** Prints a line of progress. */
  say: (line: string) => void;
  /** Asks a person, who must type the group's name. */
  confirm: (question: string) => Promise<string>;
  signal: AbortSignal;
  clock: () => Date;
  pace: Pace;
}

export interface Result {
  /** The page; undefined if there is nothing to report. */
  page?: string;
  /** Why the run ended early, or what went wrong. */
  problem?: string;
}

export const paceFor = (timeoutMs: number): Pace => ({
  intervalMs: 250,
  settleMs: 10_000,
  readyMs: 60_000,
  timeoutMs,
});

/** Looks up the group, asks, rotates and watches. What was observed before a failure is in the result. */
export async function liveTest(options: Options, world: World): Promise<Result> {
  const { connection, organization, group } = options;
  const { signal, pace, say } = world;
  const phases: Phase[] = [];
  const secrets = new Secrets();
  const client = new TursoClient(connection, organization, {
    onRetry: say,
    isCallerAlive: () => Promise.resolve(true),
    rateLimit: new RateLimit(),
  });
  const api = new ControlPlane(connection, organization, secrets, signal, pace.intervalMs * 4);
  let version = "unknown";
  let problem: string | undefined;
  try {
    await client.getGroup(group);
    version = await api.versionOf(group);
    const existing = await listOf(client, group);
    const created = newNames(existing);
    await confirm(options, world, [...existing.map(({ Name }) => Name), ...created], created);
    await withDatabases(api, group, created, say, async () => {
      const all = [...existing];
      for (const name of created) all.push(await client.getDatabase(name));
      const ask = askWith(connection.apiUrl, secrets, signal);
      const bench = { api, ask, group, databases: labelled(all), pace, signal, say };
      await observe(bench, (phase) => phases.push(phase));
    });
    if (!hasRotated(phases)) problem = "Turso carried out neither rotation.";
  } catch (error) {
    problem = signal.aborted ? "Interrupted." : messageOf(error);
  }
  const facts = { date: world.clock(), apiUrl: connection.apiUrl, version, pace };
  return {
    ...(phases.length > 0 && { page: await page(facts, phases) }),
    ...(problem !== undefined && { problem }),
  };
}

async function confirm(
  { connection, organization, group, isConfirmed }: Options,
  { say, confirm: ask, signal }: World,
  names: string[],
  created: string[],
): Promise<void> {
  const [first = ""] = names;
  say(
    `This rotates the database ${first} and then the group ${group} of ${organization} at ${connection.apiUrl}.`,
  );
  say(`Every token of the group and of its databases becomes invalid: ${nameList(names, 20)}.`);
  if (created.length > 0) say(`It creates ${created.join(" and ")}, and deletes them at the end.`);
  if (!isConfirmed && (await ask(`Type the name of the group to rotate it: `)).trim() !== group)
    throw new LiveError("Not confirmed. Nothing was rotated or created.");
  signal.throwIfAborted();
}

/** @throws what is not a failure of the API, which is a bug */
function messageOf(error: unknown): string {
  if (error instanceof LiveError || (error instanceof Error && error.name === "TursoError"))
    return error.message;
  throw error;
}

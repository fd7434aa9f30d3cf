import type { BlastRadius } from "../../core/blast-radius";
import { TursoError } from "../../turso/errors";
import { inParallel } from "../../values/places";
import type { Target } from "../../values/scope";
import type { Result } from "../next-state";
import type { RotationState } from "../state";
import type { RunSettings, Task } from "./preflight";

const PARALLEL_PROBES = 16;
const PROBE_MS = 2_000;

/**
 * What the rotations were seen to reach beside their targets: members of the resource whose tokens are dead although this run did
 * not rotate them. Warns about group tokens that survived.
 *
 * @returns when they were reached, by their names
 */
export function membersReached(
  { targets, notify }: Pick<RunSettings, "targets" | "notify">,
  tasks: readonly Task[],
  results: ReadonlyMap<string, Result>,
): Map<string, string> {
  const reached = new Map<string, string>();
  for (const { target, lookup } of tasks) {
    const result = results.get(target.name);
    if (lookup instanceof TursoError || result?.kind !== "rotated") continue;
    const { group, siblings } = result.reach?.[lookup.endpoint.group] ?? {};
    if (group === "accepted")
      notify(
        "warning",
        target,
        `rotated, but a token of its group "${lookup.endpoint.group}" from before the rotation is still accepted. If one of those may have leaked, rotate the group.`,
      );
    // only a database's rotation tries the tokens of other databases
    if (siblings !== "rejected") continue;
    for (const name of lookup.databases)
      if (targets.has(name) && !isSettled(results.get(name))) reached.set(name, result.at);
  }
  return reached;
}

/**
 * Members whose tokens are rejected, in groups of which it was not seen what a rotation reaches: it may have reached them. Without
 * verification, no token is tried: all of them count, unless an earlier rotation of their group was seen not to reach them.
 *
 * @param tokenOf a member's token from before the run, if it is still the one that counts
 * @param before what earlier rotations reached, by group
 * @returns their names
 */
export async function membersFoundDead(
  { client, silence, targets, verify }: Pick<RunSettings, "client" | "silence" | "targets" | "verify">,
  tokenOf: (name: string) => string | undefined,
  tasks: readonly Task[],
  results: ReadonlyMap<string, Result>,
  before: RotationState["reach"] = {},
): Promise<string[]> {
  const dead: string[] = [];
  for (const { databases, endpoint, endpoints } of rotatedBlindly(tasks, results)) {
    const left = databases.filter((name) => targets.has(name) && !isSettled(results.get(name)));
    if (verify === "off") {
      if (before[endpoint.group]?.siblings !== "accepted") dead.push(...left);
      continue;
    }
    await inParallel(left, PARALLEL_PROBES, async (name) => {
      const [token, hostname] = [tokenOf(name), endpoints.get(name)?.hostname];
      if (token === undefined || hostname === undefined) return;
      const { verdict } = await silence.ask(() => client.probe(hostname, token, { timeoutMs: PROBE_MS }));
      if (verdict === "rejected") dead.push(name);
    });
  }
  return dead;
}

/** The groups in which a database was rotated, and no rotation has shown what it reaches. */
function rotatedBlindly(tasks: readonly Task[], results: ReadonlyMap<string, Result>): BlastRadius[] {
  const byGroup = new Map<string, { radius: BlastRadius; isBlind: boolean }>();
  for (const { target, lookup } of tasks) {
    const result = results.get(target.name);
    if (target.kind === "group" || lookup instanceof TursoError || result?.kind !== "rotated") continue;
    const { group } = lookup.endpoint;
    const isBlind = result.reach?.[group]?.siblings === undefined && byGroup.get(group)?.isBlind !== false;
    byGroup.set(group, { radius: lookup, isBlind });
  }
  return [...byGroup.values()].flatMap(({ radius, isBlind }) => (isBlind ? [radius] : []));
}

/** Whether a member has a token from after this run's rotations, or needs none: its own rotation of this run brought it, or it is gone. */
function isSettled(result: Result | undefined): boolean {
  switch (result?.kind) {
    case "rotated":
    case "unknown":
      return result.isNew;
    case "gone":
    case "missing":
      return true;
    case "failed":
    case "adopted":
    case undefined:
      return false;
  }
}

/** What is to be done for members by their names that were reached: to mint their tokens. */
export function tasksReached(reached: readonly string[], tasks: readonly Task[]): Task[] {
  const radii = tasks.flatMap(({ lookup }) => (lookup instanceof TursoError ? [] : [lookup]));
  return reached.flatMap((name): Task[] => {
    const radius = radii.find(({ endpoints }) => endpoints.has(name));
    const endpoint = radius?.endpoints.get(name);
    if (radius === undefined || endpoint === undefined) return [];
    const target: Target = { kind: "database", name };
    return [{ target, isAdopted: true, isKnown: true, lookup: { ...radius, target, endpoint } }];
  });
}

import { TursoError } from "../../turso/errors";
import type { Target } from "../../values/scope";
import type { Result } from "../next-state";
import type { RunSettings, Task } from "./preflight";

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
        `rotated, and a token of its group "${lookup.endpoint.group}" from before it is still accepted. If one of those may have leaked, rotate the group.`,
      );
    // only a database's rotation tries the tokens of other databases
    if (siblings !== "rejected") continue;
    for (const name of lookup.databases)
      if (targets.has(name) && !isSettled(results.get(name))) reached.set(name, result.at);
  }
  return reached;
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

/** What is to be done for the members that were reached: to mint their tokens. */
export function tasksReached(reached: ReadonlyMap<string, string>, tasks: readonly Task[]): Task[] {
  const radii = tasks.flatMap(({ lookup }) => (lookup instanceof TursoError ? [] : [lookup]));
  return [...reached.keys()].flatMap((name): Task[] => {
    const radius = radii.find(({ endpoints }) => endpoints.has(name));
    const endpoint = radius?.endpoints.get(name);
    if (radius === undefined || endpoint === undefined) return [];
    const target: Target = { kind: "database", name };
    return [{ target, isAdopted: true, isKnown: true, lookup: { ...radius, target, endpoint } }];
  });
}

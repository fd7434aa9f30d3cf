import { bystanders, describeBlastRadius, type BlastRadius } from "../core/blast-radius";
import { plantCanary, type SavedCanary } from "../core/canary";
import type { Level } from "../core/context";
import type { TursoClient } from "../turso/client";
import { TursoError } from "../turso/errors";
import { targetId, type Target } from "../values/scope";
import type { GroupImpact, Pending, Verify } from "./state";

/** What holds for all targets of a run. */
export interface RunSettings {
  client: TursoClient;
  /** All targets of the resource, by name. */
  targets: ReadonlySet<string>;
  verify: Verify;
  verifyTimeoutMs: number;
  groupImpact: GroupImpact;
  clock: () => Date;
  notify: (level: Level, target: Target, text: string) => void;
}

/** One target of a run. */
export interface Task {
  target: Target;
  /** What the lookup before found, or why it failed. */
  lookup: BlastRadius | TursoError;
  /** What an earlier run left to do. */
  pending?: Pending | undefined;
}

/** Whether a target may be rotated, and the canary token that will show that its old tokens are rejected. */
export type Preflight = { obstacle: TursoError } | { canary: SavedCanary | undefined };

/** Checks everything that can be known before the request, and mints the canary token. */
export async function preflight(run: RunSettings, task: Task): Promise<Preflight> {
  const obstacle = findObstacle(run, task);
  if (obstacle) return { obstacle };
  if (run.verify === "off") return { canary: undefined };
  const hostname = task.lookup instanceof TursoError ? undefined : task.lookup.endpoint.hostname;
  const canary = await plantCanary(run.client, task.target, hostname, run.verifyTimeoutMs);
  if (!("why" in canary)) return { canary };
  if (run.verify === "required") return { obstacle: cannotVerify(run, task.target, canary.why) };
  run.notify("warning", task.target, `continuing without verification: ${canary.why}.`);
  return { canary: undefined };
}

/** Why the target must not be rotated: it does not exist, the API token fails, or `groupImpact` refuses it. */
export function findObstacle(run: RunSettings, { lookup, target }: Task): TursoError | undefined {
  const { groupImpact, targets, notify, client } = run;
  if (lookup instanceof TursoError) {
    // an API token that may rotate may be unable to read
    if (lookup.status !== 403 || groupImpact === "refuse") return lookup;
    notify("warning", target, `its blast radius could not be looked up (${lookup.answer}); continuing.`);
    return undefined;
  }
  if (groupImpact !== "refuse" || bystanders(lookup, targets).length === 0) return undefined;
  return new TursoError({
    attempted: `rotating ${targetId(client.organization, target)}`,
    answer: `groupImpact is "refuse", and ${describeBlastRadius([lookup])}`,
    effect: "unchanged",
    next: `Rotate the group "${lookup.endpoint.group}" instead, move the database to a group of its own, or set groupImpact to "warn".`,
  });
}

const cannotVerify = ({ client }: RunSettings, target: Target, why: string): TursoError =>
  new TursoError({
    attempted: `rotating ${targetId(client.organization, target)}`,
    answer: `verify is "required", and the rotation could not be verified: ${why}`,
    effect: "unchanged",
    next: 'Fix this, or set verify to "auto" to rotate without verification.',
  });

import { bystanders, describeBlastRadius, type BlastRadius } from "../core/blast-radius";
import { plantCanary, type SavedCanary } from "../core/canary";
import type { Level } from "../core/context";
import type { TursoClient } from "../turso/client";
import { TursoError } from "../turso/errors";
import { targetId, type Target } from "../values/scope";
import type { Breaker } from "../core/breaker";
import type { Result } from "./attempt";
import { cannotMint, cannotVerify, neverSeen, reachesOthers } from "./errors";
import type { GroupImpact, Pending, Verify } from "./state";

/** What holds for all targets of a run. */
export interface RunSettings {
  client: TursoClient;
  /** All targets of the resource, by name. */
  targets: ReadonlySet<string>;
  isList: boolean;
  verify: Verify;
  verifyTimeoutMs: number;
  groupImpact: GroupImpact;
  /** Whether nothing may be rotated: an earlier rotation is only resolved. */
  isSuspended: boolean;
  clock: () => Date;
  /** Whether the caller that asked for the rotation is still there. */
  isCallerAlive: () => Promise<boolean>;
  breaker: Breaker;
  notify: (level: Level, target: Target, text: string) => void;
}

/** One target of a run. */
export interface Task {
  target: Target;
  /** Whether it only joins the list, without a rotation. */
  isAdopted: boolean;
  /** Whether this resource has rotated or adopted it before, so that it existed. */
  isKnown: boolean;
  /** What the lookup before found, or why it failed. */
  lookup: BlastRadius | TursoError;
  /** What an earlier run left to do. */
  pending?: Pending | undefined;
}

/** A target that may be rotated, and the canary token that will show that its old tokens are rejected. */
export interface Prepared {
  task: Task;
  canary?: SavedCanary | undefined;
}

/** Checks everything that can be known before the request, and mints the canary token. A result ends the target's run. */
export async function prepare(run: RunSettings, task: Task): Promise<Result | Prepared> {
  const { lookup, target, pending } = task;
  const id = targetId(run.client.organization, target);
  const isGone = lookup instanceof TursoError && lookup.isGone;
  if (task.isAdopted) return isGone ? { kind: "missing", error: neverSeen(id) } : adopt(run, task);
  if (isGone && run.isList && task.isKnown) {
    run.notify("warning", target, "it no longer exists, so it has no tokens to invalidate.");
    return { kind: "gone" };
  }
  if (pending?.status === "unknown" || pending?.status === "unproven") return { task };
  const obstacle = isGone && run.isList ? neverSeen(id) : findObstacle(run, task);
  if (obstacle) return { kind: "failed", error: obstacle };
  if (run.verify === "off") return { task };
  const hostname = lookup instanceof TursoError ? undefined : lookup.endpoint.hostname;
  const canary = await plantCanary(run.client, target, hostname, run.verifyTimeoutMs);
  if (!("why" in canary)) return { task, canary };
  if (canary.refusal) return { kind: "failed", error: cannotMint(id, canary.refusal) };
  if (run.verify === "required") return { kind: "failed", error: cannotVerify(id, canary.why) };
  run.notify("warning", target, `continuing without verification: ${canary.why}.`);
  return { task };
}

function adopt(run: RunSettings, { lookup, target }: Task): Result {
  if (lookup instanceof TursoError)
    run.notify("warning", target, `whether it exists could not be looked up (${lookup.answer}).`);
  run.notify("info", target, "joined the list without a rotation; it rotates with the next one.");
  return { kind: "adopted" };
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
  return reachesOthers(
    targetId(client.organization, target),
    describeBlastRadius([lookup]),
    lookup.endpoint.group,
  );
}

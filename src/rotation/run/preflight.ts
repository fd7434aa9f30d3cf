import { bystanders, describeBlastRadius, type BlastRadius } from "../../core/blast-radius";
import { plantCanary, type CanaryPlan, type SavedCanary } from "../../core/canary";
import type { Level } from "../../core/context";
import { isMintRefused } from "../../core/mint";
import type { TursoClient } from "../../turso/client";
import { TursoError } from "../../turso/errors";
import { targetId, type Target } from "../../values/scope";
import type { Breaker, Silence } from "../../core/breaker";
import type { Attempt } from "./attempt";
import { cannotMint, cannotVerify, goneUnresolved, neverSeen, reachesOthers } from "./errors";
import type { Minter } from "./mint";
import type { Result } from "../next-state";
import { withoutToken } from "../pending";
import type { Follower, GroupImpact, Pending, RotationState, Verify } from "../state";

/** What holds for all targets of a run. */
export interface RunSettings {
  client: TursoClient;
  /** All targets of the resource, by name. */
  targets: ReadonlySet<string>;
  isList: boolean;
  verify: Verify;
  verifyTimeoutMs: number;
  groupImpact: GroupImpact;
  /** What earlier rotations were seen to reach, by group. */
  reach: RotationState["reach"];
  /** Whether nothing may be rotated: an earlier rotation is only resolved. */
  isSuspended: boolean;
  clock: () => Date;
  /** Until when the preflight waits for canary tokens to be accepted. */
  preflightUntil: number;
  breaker: Breaker;
  silence: Silence;
  /** Absent where the resource mints nothing. */
  minter: Minter | undefined;
  /** The program's AuthTokens that follow the rotation: one of each sort, and each that has permissions or readAttach. */
  followers: readonly Follower[];
  /** How many targets may be without a valid token at the same time. */
  maxUnavailable: number;
  notify: (level: Level, target: Target, text: string) => void;
}

/** One target of a run. */
export interface Task {
  target: Target;
  /** Whether it is not to be rotated: it joins the list, or only needs a token. */
  isAdopted: boolean;
  /** Whether it is to rotate, and `suspend` holds that back. */
  isHeld?: boolean;
  /** Whether this resource has rotated or adopted it before, so that it existed. */
  isKnown: boolean;
  /** What the lookup before found, or why it failed. */
  lookup: BlastRadius | TursoError;
  /** What an earlier run left to do. */
  pending?: Pending | undefined;
  /** The API's refusal to mint the tokens that its rotation makes necessary. */
  refusal?: TursoError;
}

/** A target that may be rotated, and the canary tokens that will show what the rotation invalidates. */
export interface Prepared {
  task: Task;
  canaries?: readonly SavedCanary[];
  /** The attempt before, if this is the second one. */
  lost?: Attempt;
}

/**
 * Checks everything that can be known before the request, and mints the canary tokens. A result ends the target's run.
 *
 * @param leads whether the target is the first of its group, so that its rotation shows what rotations in the group reach
 */
export async function prepare(run: RunSettings, task: Task, leads: boolean): Promise<Result | Prepared> {
  const { lookup, target } = task;
  const id = targetId(run.client.organization, target);
  const settled = withoutRotation(run, task);
  if (settled) return settled;
  const obstacle = isGone(task) && run.isList ? neverSeen(id) : findObstacle(run, task);
  if (obstacle) return { kind: "failed", error: obstacle, ...(task.refusal && { isStranded: true }) };
  if (run.verify === "off") return { task };
  const limitMs = Math.max(0, Math.min(run.verifyTimeoutMs, run.preflightUntil - performance.now()));
  const canaries = await plantCanary(run.client, ownCanary(lookup, target), limitMs, run.silence);
  if (!("why" in canaries))
    return {
      task,
      canaries: leads ? [...canaries, ...(await reachCanaries(run, lookup, limitMs))] : canaries,
    };
  const { failure } = canaries;
  const isRefused = failure !== undefined && isMintRefused(failure);
  // what cannot be minted now could not be minted after the rotation either
  if (failure && (isRefused || run.minter || run.followers.length > 0))
    return {
      kind: "failed",
      error: cannotMint(id, failure, run.minter),
      ...(isRefused && { refusal: failure, isStranded: true }),
    };
  if (run.verify === "required") return { kind: "failed", error: cannotVerify(id, canaries.why) };
  run.notify("warning", target, `continuing without verification: ${canaries.why}.`);
  return { task };
}

function ownCanary(lookup: Task["lookup"], target: Target): CanaryPlan {
  if (lookup instanceof TursoError) return { label: target.kind, target, hostnames: undefined };
  const { endpoint, neighbours } = lookup;
  const places = target.kind === "group" ? neighbours.map((each) => each.hostname) : [endpoint.hostname];
  const hostnames = places.filter((each) => each !== undefined);
  return { label: target.kind, target, hostnames };
}

/** Canary tokens that do not prove the rotation itself, but show what else it reaches. Without them, that is not known. */
async function reachCanaries(
  run: RunSettings,
  lookup: Task["lookup"],
  limitMs: number,
): Promise<SavedCanary[]> {
  if (lookup instanceof TursoError) return [];
  const { target, endpoint, neighbours } = lookup;
  const [neighbour] = neighbours;
  const plans: CanaryPlan[] = [];
  const database = (name: string): Target => ({ kind: "database", name });
  switch (target.kind) {
    case "group":
      if (neighbour)
        plans.push({ label: "database", target: database(neighbour.name), hostnames: [neighbour.hostname] });
      break;
    case "database":
      if (endpoint.hostname !== undefined && endpoint.group !== "")
        plans.push({
          label: "group",
          target: { kind: "group", name: endpoint.group },
          hostnames: [endpoint.hostname],
        });
      if (neighbour)
        plans.push({ label: "siblings", target: database(neighbour.name), hostnames: [neighbour.hostname] });
  }
  const planted = await Promise.all(plans.map((plan) => plantCanary(run.client, plan, limitMs, run.silence)));
  return planted.flatMap((each) => ("why" in each ? [] : each));
}

/** Whether the API itself says that the target does not exist. */
export const isGone = (task: Task): task is Task & { lookup: TursoError } =>
  task.lookup instanceof TursoError && task.lookup.isGone;

/** A result that never makes the next `up` rotate. */
type Settled = Exclude<Result, { kind: "failed" }>;

/** The result of a target for which the run sends no rotation, whatever else it finds out; undefined: it is to be rotated. */
function withoutRotation(run: RunSettings, task: Task): Settled | undefined {
  const { target, isAdopted, isKnown } = task;
  if (isGone(task) && run.isList && isKnown) {
    run.notify("warning", target, "it no longer exists, so it has no tokens to invalidate.");
    return { kind: "gone" };
  }
  if (!isAdopted) return undefined;
  if (!isGone(task)) return adopt(run, task);
  return run.isList
    ? { kind: "missing", error: neverSeen(targetId(run.client.organization, target)) }
    : { kind: "missing", error: task.lookup, pending: leftOf(run, task) };
}

/** The result of a single target that is gone: what an earlier run left can only be resolved once it exists again. */
export function staysOpen(run: RunSettings, task: Task, { at }: { at: string }): Settled {
  const error = goneUnresolved(targetId(run.client.organization, task.target), at);
  return { kind: "missing", error, pending: leftOf(run, task) };
}

/** What an earlier run left to do, and the token that is due, which cannot be minted now. */
const leftOf = ({ minter }: RunSettings, task: Task): Pending | undefined =>
  minter?.isOwed(task) ? withoutToken(task.pending) : task.pending;

function adopt(run: RunSettings, { lookup, target, isKnown, isHeld, pending }: Task): Settled {
  const left = pending?.status === "not-rotated" ? pending : undefined;
  const waits = isHeld === true || left !== undefined;
  const adopted: Settled = {
    kind: "adopted",
    ...(waits && { pending: { status: "not-rotated", ...(left?.wasSeen && { wasSeen: true }) } }),
  };
  if (isKnown) return adopted;
  if (lookup instanceof TursoError)
    run.notify("warning", target, `whether it exists could not be looked up (${lookup.answer}).`);
  run.notify("info", target, "joined the list without a rotation; it rotates with the next one.");
  return adopted;
}

/** Whether the lookup failed in a way that says nothing about the target: an API token that may rotate may be unable to read. */
export const isUnseen = ({ lookup }: Pick<Task, "lookup">): boolean =>
  lookup instanceof TursoError && (lookup.status === 403 || lookup.isTooLarge);

/** Databases that could not be looked up may all be in one group. No group has this name. */
const UNKNOWN_GROUP = "?";

/** The group whose tokens a rotation may reach; empty for a database that is in none. */
export const groupOf = ({ lookup, target }: Task): string => {
  if (!(lookup instanceof TursoError)) return lookup.endpoint.group;
  return target.kind === "group" ? target.name : UNKNOWN_GROUP;
};

/** Why the target must not be rotated: it does not exist, the API token fails or may not mint, or `groupImpact` refuses it. */
export function findObstacle(run: RunSettings, { lookup, target, refusal }: Task): TursoError | undefined {
  const { groupImpact, targets, notify, client } = run;
  if (refusal) return cannotMint(targetId(client.organization, target), refusal, run.minter);
  if (lookup instanceof TursoError) {
    const isNeeded = groupImpact === "refuse" || run.minter?.needsLookup({ target }) === true;
    if (!isUnseen({ lookup }) || isNeeded) return lookup;
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

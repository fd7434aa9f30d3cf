import { targetId, type Target } from "../values/scope";
import { humanDuration } from "../values/duration";
import type { TursoClient } from "../turso/client";
import { TursoError } from "../turso/errors";
import { bystanders, describeImpact, type Impact } from "../core/blast-radius";
import { awaitDeath, isSpent, plantCanary, type SavedCanary } from "../core/canary";
import type { GroupImpact, Pending, Verification, Verify } from "./state";

/** One target's rotation, and what it needs. */
export interface Job {
  client: TursoClient;
  target: Target;
  /** What the look before found, or why it failed. */
  look: Impact | TursoError;
  /** All targets of the resource, by name. */
  targets: ReadonlySet<string>;
  verify: Verify;
  verifyTimeoutMs: number;
  groupImpact: GroupImpact;
  clock: () => Date;
  /** Whether whoever asked for the rotation is still there. */
  isWanted: () => Promise<boolean>;
  /** Shows a sentence about this target. */
  tell: (message: string) => void;
}

/** What became of it. `pending` is what the next `up` has to do; without it, it is done with. */
export type Result =
  | {
      kind: "rotated";
      at: string;
      /** Whether the rotation itself is news, and not only what was seen of it. */
      fresh: boolean;
      verification: Verification;
      /** How long after the answer old tokens were seen refused, in milliseconds. */
      diedAfterMs?: number;
      pending?: Pending;
      error?: TursoError;
    }
  | { kind: "failed"; error: TursoError }
  | { kind: "unknown"; pending: Pending; error: TursoError };

/** Rotates one target: looks, plants a canary, sends the request once, and sees the canary die. */
export async function rotateTarget(job: Job): Promise<Result> {
  const obstacle = guard(job);
  if (obstacle) return { kind: "failed", error: obstacle };
  if (job.verify === "off") return send(job, undefined);
  const hostname = job.look instanceof TursoError ? undefined : job.look.hostname;
  const canary = await plantCanary(job.client, job.target, hostname, job.verifyTimeoutMs);
  if (!("why" in canary)) return send(job, canary);
  if (job.verify === "required") return { kind: "failed", error: noProof(job, canary.why) };
  job.tell(`goes on without proof, since ${canary.why}.`);
  return send(job, undefined);
}

/** Goes on where an earlier run left off. */
export async function resume(job: Job, pending: Pending): Promise<Result> {
  if (pending.fate === "owed") return rotateTarget(job);
  const canary = pending.canary;
  const spent = canary !== undefined && isSpent(canary.token, job.clock());
  if (pending.fate === "unverified") {
    if (!spent) return { ...(await prove(job, pending.at, pending.canary)), fresh: false };
    job.tell(
      `the rotation of ${pending.at} can no longer be verified: the token to try it with has expired by itself.`,
    );
    return { kind: "rotated", at: pending.at, fresh: false, verification: "unverified" };
  }
  return findOut(job, pending, spent ? undefined : canary);
}

/** Before the request: the target exists, the API token works, and whoever would be hit is accepted. */
function guard({ look, groupImpact, client, target, targets, tell }: Job): TursoError | undefined {
  const doing = `rotating ${targetId(client.organization, target)}`;
  if (look instanceof TursoError) {
    // a token that may rotate may be unable to read
    if (look.status !== 403 || groupImpact === "refuse") return look;
    tell(`${look.answer} when asked what hangs on it; it is rotated without that look.`);
    return undefined;
  }
  if (groupImpact !== "refuse" || bystanders(look, targets).length === 0) return undefined;
  return new TursoError({
    doing,
    answer: `groupImpact is "refuse", and ${describeImpact([look]).slice(0, -1)}`,
    fate: "unchanged",
    next: `Rotate the group "${look.group}" instead, move the database to a group of its own, or set groupImpact to "warn".`,
  });
}

/** A request whose answer was lost, and what was minted before it. */
interface First {
  lost: Extract<Pending, { fate: "unknown" }>;
  canary: SavedCanary;
}

/**
 * Sends the request. Its fate decides what follows; nothing else in this package sends it.
 *
 * @param first the request before it, where this is the second: it seems not to have been carried out
 */
async function send(job: Job, canary: SavedCanary | undefined, first?: First): Promise<Result> {
  if (!(await job.isWanted())) return refused(job, orphaned(job), first);
  const at = job.clock().toISOString();
  try {
    await job.client.rotate(job.target);
  } catch (error) {
    if (!(error instanceof TursoError)) throw error;
    if (error.fate === "unchanged") return refused(job, error, first);
    return findOut(job, { fate: "unknown", at, answer: error.answer }, canary, first !== undefined);
  }
  return prove(job, job.clock().toISOString(), canary);
}

/** A second request that fails for certain says nothing of the first, which only seemed not to have happened. */
function refused(job: Job, error: TursoError, first: First | undefined): Result {
  if (first === undefined) return { kind: "failed", error };
  const why = `It seemed not to have been, but sending it once more failed: ${error.answer}.`;
  return unknown(job, first.lost, first.canary, why);
}

/** Sees old tokens refused, after a rotation that is certain. */
async function prove(
  job: Job,
  at: string,
  canary: SavedCanary | undefined,
): Promise<Result & { kind: "rotated" }> {
  const rotated = { kind: "rotated", at, fresh: true } as const;
  if (canary === undefined)
    return { ...rotated, verification: job.verify === "off" ? "skipped" : "unverified" };
  const death = await awaitDeath(job.client, canary, job.verifyTimeoutMs, job.clock);
  if (death.verdict === "dead") return { ...rotated, verification: "verified", diedAfterMs: death.afterMs };
  const limit = humanDuration(job.verifyTimeoutMs);
  const saw =
    death.verdict === "alive"
      ? `old tokens are still accepted after ${limit}`
      : `whether old tokens are refused could not be seen within ${limit} (${death.why})`;
  if (job.verify !== "required") {
    job.tell(`rotated, but ${saw}. Turso says that it can take up to an hour.`);
    return { ...rotated, verification: "unverified" };
  }
  return {
    ...rotated,
    verification: "unverified",
    pending: { fate: "unverified", at, canary },
    error: new TursoError({
      doing: `verifying the rotation of ${targetId(job.client.organization, job.target)}`,
      answer: saw,
      fate: "unchanged",
      changed: "The rotation itself is done and recorded.",
      next: "Run `pulumi up` again: it only checks again. Where that keeps happening, raise verifyTimeout.",
    }),
  };
}

/**
 * Finds out what became of a request whose answer was lost. A dead canary means that it was carried out, for certain. A
 * living one means that it was not, once it has outlived verifyTimeout and a token minted just then is accepted too.
 */
async function findOut(
  job: Job,
  lost: Extract<Pending, { fate: "unknown" }>,
  canary: SavedCanary | undefined,
  isSecond = false,
): Promise<Result> {
  const { client, target, verifyTimeoutMs, tell } = job;
  if (canary === undefined) return unknown(job, lost, undefined, "There is no token from before it to try.");
  const death = await awaitDeath(client, canary, verifyTimeoutMs, job.clock);
  if (death.verdict === "dead") {
    tell(`${lost.answer}, but the rotation happened: a token from before it is refused.`);
    return { kind: "rotated", at: lost.at, fresh: true, verification: "verified" };
  }
  const limit = humanDuration(verifyTimeoutMs);
  if (death.verdict === "unclear")
    return unknown(job, lost, canary, `A token from before it could not be tried (${death.why}).`);
  const control = await plantCanary(client, target, canary.hostname, verifyTimeoutMs);
  if ("why" in control || isSecond)
    return unknown(
      job,
      lost,
      canary,
      `A token from before it is still accepted after ${limit}${"why" in control ? `, but ${control.why}` : ", for the second time"}.`,
    );
  const obstacle = guard(job);
  if (obstacle) return { kind: "failed", error: obstacle };
  tell(
    `${lost.answer}, and the rotation did not happen: tokens from before it are still accepted after ${limit}. It is sent once more.`,
  );
  // the newest token from before the second request proves the most
  return send(job, control, { lost, canary });
}

function unknown(
  { client, target }: Job,
  lost: Extract<Pending, { fate: "unknown" }>,
  canary: SavedCanary | undefined,
  why: string,
): Result {
  const next = canary
    ? "Run `pulumi up` again: it finds out before it does anything else."
    : "Try an old token: if it is refused, the rotation happened. To rotate for certain, change the trigger; to take it as done, set rotateOnCreate: false and replace the resource (pulumi up --replace URN).";
  return {
    kind: "unknown",
    pending: { fate: "unknown", at: lost.at, answer: lost.answer, ...(canary && { canary }) },
    error: new TursoError({
      doing: `rotating ${targetId(client.organization, target)} at ${lost.at}`,
      answer: lost.answer,
      fate: "unknown",
      changed: `Whether it was carried out is not known. ${why} It is saved as pending and not sent again blindly: a second rotation would kill the tokens minted after the first.`,
      next,
    }),
  };
}

const orphaned = ({ client, target }: Job): TursoError =>
  new TursoError({
    doing: `rotating ${targetId(client.organization, target)}`,
    answer: "the Pulumi CLI that asked for it is gone",
    fate: "unchanged",
    next: "Run `pulumi cancel`, then `pulumi up` again.",
  });

const noProof = ({ client, target }: Job, why: string): TursoError =>
  new TursoError({
    doing: `rotating ${targetId(client.organization, target)}`,
    answer: `verify is "required", and no proof can be had: ${why}`,
    fate: "unchanged",
    next: 'Mend that, or set verify to "auto" to rotate without proof.',
  });

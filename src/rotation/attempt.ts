import { awaitRejection, isSpent, plantCanary, type SavedCanary } from "../core/canary";
import { TursoError, attempt } from "../turso/errors";
import { humanDuration } from "../values/duration";
import { targetId, type Target } from "../values/scope";
import { findObstacle, preflight, type RunSettings, type Task } from "./preflight";
import type { Pending, Verification } from "./state";

/** The result for one target. `pending` is what the next `up` has to do; without it, the target is done. */
export type Result =
  | {
      kind: "rotated";
      at: string;
      /** Whether the rotation itself is new, and not only what was seen of it. */
      isNew: boolean;
      verification: Verification;
      /** How long after the response old tokens were seen to be rejected, in milliseconds. */
      rejectedAfterMs?: number;
      pending?: Pending;
      error?: TursoError;
    }
  | { kind: "failed"; error: TursoError }
  | { kind: "unknown"; pending: Pending; error: TursoError };

/** A request whose response was lost, and the canary token that was minted before it. */
interface LostRequest {
  at: string;
  answer: string;
  canary?: SavedCanary | undefined;
}

/** What came of one request. */
type Sent =
  | { outcome: "rotated"; at: string }
  | { outcome: "refused"; error: TursoError }
  | { outcome: "unknown"; at: string; answer: string };

const MOST_TRIES = 2;

/**
 * Rotates one target, or continues where an earlier run stopped.
 *
 * The request is sent again only after the first one was seen not to have happened: its canary token outlived
 * `verifyTimeout`, and a token minted right then is accepted too.
 */
export async function rotateTarget(run: RunSettings, task: Task): Promise<Result> {
  const { pending } = task;
  if (pending?.status === "unproven") return proveAgain(run, task.target, pending);
  let lost = pending?.status === "unknown" ? reopen(run, pending) : undefined;
  for (let tries = lost ? 1 : 0; ; tries += 1) {
    if (lost && tries === MOST_TRIES) return concludeLost(run, task.target, lost);
    const ready = lost ? await readyToResend(run, task, lost) : await readyToSend(run, task);
    if ("kind" in ready) return ready;
    const sent = await send(run, task.target);
    switch (sent.outcome) {
      case "rotated":
        return prove(run, task.target, sent.at, ready.canary);
      case "refused":
        // a refusal of the second request says nothing about the first, which only seemed not to have happened
        return lost ? unresolved(run, task.target, lost, secondFailed(sent.error)) : failed(sent.error);
      case "unknown":
        lost = { ...sent, canary: ready.canary };
    }
  }
}

/** Sends the request, at most once. Nothing else in this package sends it. */
async function send({ client, clock }: RunSettings, target: Target): Promise<Sent> {
  const at = clock().toISOString();
  const error = await attempt(() => client.rotate(target));
  if (!(error instanceof TursoError)) return { outcome: "rotated", at: clock().toISOString() };
  return error.effect === "unchanged"
    ? { outcome: "refused", error }
    : { outcome: "unknown", at, answer: error.answer };
}

/** Before the first request. */
async function readyToSend(
  run: RunSettings,
  task: Task,
): Promise<Result | { canary: SavedCanary | undefined }> {
  const checked = await preflight(run, task);
  return "obstacle" in checked ? failed(checked.obstacle) : checked;
}

/** Before the second request: whether the first one happened. The newest canary token proves the most. */
async function readyToResend(
  run: RunSettings,
  task: Task,
  lost: LostRequest,
): Promise<Result | { canary: SavedCanary }> {
  const { target } = task;
  const seen = await seeLost(run, target, lost);
  if ("kind" in seen) return seen;
  const control = await plantCanary(run.client, target, seen.canary.hostname, run.verifyTimeoutMs);
  if ("why" in control) return unresolved(run, target, lost, `${stillAccepted(run)}, but ${control.why}.`);
  const obstacle = findObstacle(run, task);
  if (obstacle) return failed(obstacle);
  run.notify(
    "warning",
    target,
    `${lost.answer}, and the rotation did not happen: tokens from before it are still accepted after ${humanDuration(run.verifyTimeoutMs)}. Sending it once more.`,
  );
  return { canary: control };
}

/** After the last request, whose response was lost too. */
async function concludeLost(run: RunSettings, target: Target, lost: LostRequest): Promise<Result> {
  const seen = await seeLost(run, target, lost);
  return "kind" in seen ? seen : unresolved(run, target, lost, `${stillAccepted(run)}, for the second time.`);
}

/** Tries the canary token of a lost request. A result says that the outcome is settled for this run. */
async function seeLost(
  run: RunSettings,
  target: Target,
  lost: LostRequest,
): Promise<Result | { canary: SavedCanary }> {
  const { canary } = lost;
  if (canary === undefined)
    return unresolved(run, target, lost, "There is no token from before it that could be tried.");
  const seen = await awaitRejection(run.client, canary, run.verifyTimeoutMs, run.clock);
  switch (seen.verdict) {
    case "accepted":
      return { canary };
    case "unclear":
      return unresolved(run, target, lost, `A token from before it could not be tried (${seen.why}).`);
    case "rejected":
      run.notify(
        "warning",
        target,
        `${lost.answer}, but the rotation happened: a token from before it is rejected.`,
      );
      return { kind: "rotated", at: lost.at, isNew: true, verification: "verified" };
  }
}

/** Waits until old tokens are rejected, after a rotation that is certain. */
async function prove(
  run: RunSettings,
  target: Target,
  at: string,
  canary: SavedCanary | undefined,
): Promise<Result & { kind: "rotated" }> {
  const rotated = { kind: "rotated", at, isNew: true } as const;
  if (canary === undefined)
    return { ...rotated, verification: run.verify === "off" ? "skipped" : "unverified" };
  const seen = await awaitRejection(run.client, canary, run.verifyTimeoutMs, run.clock);
  if (seen.verdict === "rejected")
    return { ...rotated, verification: "verified", rejectedAfterMs: seen.afterMs };
  const limit = humanDuration(run.verifyTimeoutMs);
  const answer =
    seen.verdict === "accepted"
      ? `old tokens are still accepted after ${limit}`
      : `within ${limit} it could not be seen whether old tokens are rejected (${seen.why})`;
  if (run.verify !== "required") {
    run.notify("warning", target, `rotated, but ${answer}. Turso says that it can take up to an hour.`);
    return { ...rotated, verification: "unverified" };
  }
  const error = new TursoError({
    attempted: `verifying the rotation of ${targetId(run.client.organization, target)}`,
    answer,
    effect: "unchanged",
    changed: "The rotation itself is done and recorded.",
    next: "Run `pulumi up` again: it only checks again. If this keeps happening, raise verifyTimeout.",
  });
  return { ...rotated, verification: "unverified", pending: { status: "unproven", at, canary }, error };
}

/** Continues the proof of an earlier run. */
async function proveAgain(
  run: RunSettings,
  target: Target,
  { at, canary }: Extract<Pending, { status: "unproven" }>,
): Promise<Result> {
  if (!isSpent(canary.token, run.clock())) return { ...(await prove(run, target, at, canary)), isNew: false };
  run.notify(
    "warning",
    target,
    `the rotation of ${at} can no longer be verified: the canary token has expired by itself.`,
  );
  return { kind: "rotated", at, isNew: false, verification: "unverified" };
}

/** A lost request of an earlier run; a canary token that has expired proves nothing. */
function reopen(
  { clock }: RunSettings,
  { at, answer, canary }: Extract<Pending, { status: "unknown" }>,
): LostRequest {
  return { at, answer, canary: canary && !isSpent(canary.token, clock()) ? canary : undefined };
}

const failed = (error: TursoError): Result => ({ kind: "failed", error });

const stillAccepted = ({ verifyTimeoutMs }: RunSettings): string =>
  `A token from before it is still accepted after ${humanDuration(verifyTimeoutMs)}`;

const secondFailed = (error: TursoError): string =>
  `It seemed not to have been, but sending it once more failed: ${error.answer}.`;

function unresolved({ client }: RunSettings, target: Target, lost: LostRequest, why: string): Result {
  const { at, answer, canary } = lost;
  const next = canary
    ? "Run `pulumi up` again: it resolves this first."
    : "Try an old token: if it is rejected, the rotation happened. To rotate for certain, change the trigger. To accept it as done, set rotateOnCreate: false and replace the resource (pulumi up --replace URN).";
  return {
    kind: "unknown",
    pending: { status: "unknown", at, answer, ...(canary && { canary }) },
    error: new TursoError({
      attempted: `rotating ${targetId(client.organization, target)} at ${at}`,
      answer,
      effect: "unknown",
      changed: `Whether it was carried out is unknown. ${why} It is saved as pending and not sent again blindly: a second rotation would invalidate the tokens minted after the first.`,
      next,
    }),
  };
}

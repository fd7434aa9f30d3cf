import { isSpent, plantCanary, type SavedCanary } from "../../core/canary";
import { TursoError, attempt } from "../../turso/errors";
import { humanDuration } from "../../values/duration";
import { targetId } from "../../values/scope";
import { notProven, notResent, outcomeUnknown, rollEnded } from "./errors";
import { findObstacle, type Prepared, type RunSettings, type Task } from "./preflight";
import type { Seen } from "./prove";
import type { Pending, Reach, Verification } from "../state";
import type { Result } from "../next-state";

/** A rotation that was, or may have been, carried out. */
export interface Attempt {
  task: Task;
  /** When it was sent, or known to be done; ISO 8601. */
  at: string;
  /** Whether this run sent it, and not an earlier one. */
  isNew: boolean;
  /** How often it was sent, as far as its outcome is unknown. */
  tries: number;
  /** Why its outcome is unknown; absent: it is certain. */
  lost?: string;
  /** Whether no request was sent, because the rotation of a different member of its group was seen to reach other databases too. */
  isReached?: true;
  canaries: readonly SavedCanary[];
  /** When the response came, by the machine's steady clock. */
  doneAt: number;
  /** What was seen of it already. */
  seen?: Seen;
  /** What it did to the tokens of its group's other databases, as seen before those were rotated too. */
  siblings?: Reach["siblings"];
}

const MOST_TRIES = 2;
const REACHED = {
  tries: 0,
  isReached: true,
  lost: "no request was sent for it, because a rotation of its group had reached other databases",
} as const;

/** Sends the request, at most once. Nothing else in this package sends it. */
export async function send(
  run: RunSettings,
  { task, canaries = [], lost }: Prepared,
): Promise<Attempt | Result> {
  const { client, clock, breaker } = run;
  const id = targetId(client.organization, task.target);
  // a refusal of the second request says nothing about the first, which only seemed not to have happened
  const refused = (error: TursoError): Result =>
    lost ? unresolved(run, lost, secondFailed(error)) : { kind: "failed", error };
  if (breaker.isOpen) return refused(rollEnded(id));
  const at = clock().toISOString();
  const error = await attempt(() => client.rotate(task.target));
  breaker.record(error instanceof TursoError && !error.isUsable);
  const tries = lost ? lost.tries + 1 : 1;
  const sent = { task, isNew: true, tries, canaries, doneAt: performance.now() };
  if (!(error instanceof TursoError)) return { ...sent, at: clock().toISOString() };
  return error.effect === "unchanged" ? refused(error) : { ...sent, at, lost: error.answer };
}

/**
 * What an earlier run left to resolve, as an attempt. A canary token that has expired proves nothing, and neither does one of a different
 * database: that may have been rotated itself since.
 */
export function reopen(
  { clock }: RunSettings,
  task: Task,
  pending: Extract<Pending, { canaries: unknown }>,
): Attempt {
  const usable = pending.canaries.filter(
    ({ token, label }) => label !== "siblings" && !isSpent(token, clock()),
  );
  const canaries = atExistingPlaces(usable, task.lookup);
  const { at } = pending;
  const sent = { task, at, isNew: false, tries: 1, canaries, doneAt: performance.now() };
  if (pending.status === "unknown") return { ...sent, lost: pending.answer };
  return pending.isReached ? { ...sent, ...REACHED } : sent;
}

/** A member whose tokens the rotation of its group's first one invalidated, by all appearances; its own canary tokens prove it. */
export const reachedBy = ({ at, doneAt }: Attempt, { task, canaries = [] }: Prepared): Attempt => ({
  task,
  at,
  doneAt,
  canaries,
  isNew: true,
  ...REACHED,
});

/** A group's token that is tried at several databases proves the rotation without those that were deleted since. */
function atExistingPlaces(canaries: readonly SavedCanary[], lookup: Task["lookup"]): readonly SavedCanary[] {
  if (lookup instanceof TursoError) return canaries;
  const places = new Set([...lookup.endpoints.values()].map(({ hostname }) => hostname));
  const left = canaries.filter(({ hostname }) => places.has(hostname));
  return left.length > 0 ? left : canaries;
}

/** The result of an attempt after what was seen of its canary tokens, or that the request may be sent once more. */
export async function conclude(
  run: RunSettings,
  sent: Attempt,
  seen: Seen,
): Promise<Result | { again: Prepared }> {
  // what two databases of the group have shown holds for the others, unless one of them shows the opposite
  if (sent.lost === undefined || (sent.isReached && seen.verdict !== "accepted"))
    return concludeProof(run, sent, seen);
  const { task, canaries, lost } = sent;
  if (canaries.length === 0) return unresolved(run, sent, "There is no old token that could be tried.");
  if (seen.verdict === "rejected") {
    run.notify("warning", task.target, `${lost}, but the rotation happened: an old token is rejected.`);
    // what follows an earlier run's rotation may hold a token from before it was carried out
    const at = sent.isNew ? sent.at : run.clock().toISOString();
    return { kind: "rotated", at, isNew: true, verification: "verified", reach: seen.reach };
  }
  if (seen.verdict === "unclear")
    return unresolved(run, sent, `An old token could not be tried (${seen.why}).`);
  const still = `An old token is still accepted after ${humanDuration(seen.waitedMs)}`;
  if (!seen.isFullWait) return unresolved(run, sent, `${still}; the run did not wait any longer.`);
  if (sent.tries === MOST_TRIES) return unresolved(run, sent, `${still}, for the second time.`);
  return mayResend(run, sent, still);
}

/**
 * Before the second request: the first one was seen not to have happened, if a token minted right now is accepted beside those
 * from before it. The newest canary token proves the most.
 */
async function mayResend(
  run: RunSettings,
  sent: Attempt,
  still: string,
): Promise<Result | { again: Prepared }> {
  const { task, lost = "", at } = sent;
  const id = targetId(run.client.organization, task.target);
  const hostnames = [...new Set(sent.canaries.map(({ hostname }) => hostname))];
  const label = task.target.kind;
  const canaries = await plantCanary(
    run.client,
    { label, target: task.target, hostnames },
    run.verifyTimeoutMs,
  );
  if ("why" in canaries) return unresolved(run, sent, `${still}, but ${canaries.why}.`);
  // minting took time, in which the first request may have been carried out after all
  const again = await Promise.all(
    sent.canaries.map(({ hostname, token }) => run.client.probe(hostname, token)),
  );
  if (again.some(({ verdict }) => verdict !== "accepted"))
    return unresolved(run, sent, `${still}, but no longer when the run was about to send the request again.`);
  if (run.isSuspended) return { kind: "failed", error: notResent(id, { at, answer: lost }) };
  const obstacle = findObstacle(run, task);
  if (obstacle) return { kind: "failed", error: obstacle };
  run.notify(
    "warning",
    task.target,
    `${lost}, and the rotation did not happen: old tokens are still accepted after ${humanDuration(run.verifyTimeoutMs)}. Sending it once more.`,
  );
  return { again: { task, canaries, lost: sent } };
}

/** The result of a rotation that certainly happened. */
export function concludeProof(run: RunSettings, sent: Attempt, seen: Seen): Result {
  const { task, at, isNew, canaries, isReached } = sent;
  const rotated = { kind: "rotated", at, isNew, reach: seen.reach } as const;
  const unverified = { ...rotated, verification: "unverified" as Verification };
  if (seen.verdict === "rejected")
    return {
      ...rotated,
      verification: "verified",
      rejectedAfterMs: seen.rejectedAt && seen.rejectedAt - sent.doneAt,
    };
  if (canaries.length === 0) {
    if (isNew) return { ...rotated, verification: run.verify === "off" ? "skipped" : "unverified" };
    run.notify(
      "warning",
      task.target,
      `the rotation of ${at} can no longer be verified: the canary token has expired by itself.`,
    );
    return unverified;
  }
  const limit = humanDuration(seen.waitedMs);
  const answer =
    seen.verdict === "accepted"
      ? `old tokens are still accepted after ${limit}`
      : `within ${limit} the run could not determine whether old tokens are rejected (${seen.why})`;
  const pending = { status: "unproven", at, canaries, ...(isReached && { isReached }) } as const;
  const left: Result = { ...unverified, pending };
  if (run.verify === "required")
    return { ...left, error: notProven(targetId(run.client.organization, task.target), answer) };
  run.notify(
    "warning",
    task.target,
    `rotated, but ${answer}. Turso says that it can take up to an hour. The next \`pulumi up\` checks again.`,
  );
  return left;
}

const secondFailed = (error: TursoError): string =>
  `It seemed not to have been, but sending it once more failed: ${error.answer}.`;

function unresolved({ client }: RunSettings, sent: Attempt, why: string): Result {
  const { task, at, isNew, canaries, lost = "" } = sent;
  return {
    kind: "unknown",
    isNew,
    pending: { status: "unknown", at, answer: lost, canaries },
    error: outcomeUnknown(
      targetId(client.organization, task.target),
      { at, answer: lost },
      canaries.length > 0,
      why,
    ),
  };
}

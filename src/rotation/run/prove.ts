import type { CanaryLabel, SavedCanary } from "../../core/canary";
import { confirmRejected, proveAll, type CanaryProof } from "../../core/proof";
import { TursoError, attempt } from "../../turso/errors";
import type { Probe } from "../../turso/probe";
import { inParallel } from "../../values/places";
import { sameTarget, type Target } from "../../values/scope";
import type { Attempt } from "./attempt";
import type { RunSettings } from "./preflight";
import type { Result } from "../next-state";
import type { Reach } from "../state";

/** What was seen of the tokens from before a rotation. */
export interface Seen {
  verdict: Probe["verdict"];
  /** Why nothing was seen. */
  why: string;
  /** When they were seen to be rejected, by the machine's steady clock. */
  rejectedAt?: number;
  /** How long the proof lasted. */
  waitedMs: number;
  /** Whether it lasted for `verifyTimeout`, so that a token which is still accepted means that nothing happened. */
  isFullWait: boolean;
  /** By the group's name. */
  reach?: Record<string, Reach>;
}

/** A rotation that an earlier run has recorded holds up nothing, and is only tried for a moment. */
const ANOTHER_LOOK_MS = 5_000;
/** How long a proof may still last once an old token was rejected: from then on its consumers are without a valid one. */
export const GRACE_MS = 2_000;
/** What a rotation reached is looked at for so long at least, however late the rotation itself was proven. */
const LEAST_LOOK_MS = 500;
/** How long a data plane that was silent before is waited for. */
const SILENCE_MS = 2_000;
const CONTROL_LIFE = "1h";
const PARALLEL_MINTS = 16;

/** The labels that prove a rotation itself; the others only show its reach. */
const OWN_LABELS: Record<Target["kind"], readonly CanaryLabel[]> = {
  database: ["database"],
  group: ["group", "database"],
};

const isOwn = ({ task }: Attempt, { label }: { label: CanaryLabel }): boolean =>
  OWN_LABELS[task.target.kind].includes(label);

/**
 * Proves all rotations of a run together: one deadline for all, and no target waits for a different one.
 *
 * @param reachMs until when, after the first rejection, it is looked at what the rotations reached; what is not clear by then stays unknown
 */
export async function prove(
  run: RunSettings,
  attempts: readonly Attempt[],
  mostMs = Infinity,
  reachMs = GRACE_MS,
): Promise<(attempt: Attempt) => Seen> {
  const start = performance.now();
  const tried = attempts.filter(({ canaries }) => canaries.length > 0);
  const controls = await mintControls(run, tried);
  const isNew = attempts.some((each) => each.isNew);
  const isUrgent = isNew || run.verify === "required" || attempts.some(({ lost }) => lost !== undefined);
  const limitMs = Math.min(run.verifyTimeoutMs, isUrgent ? mostMs : ANOTHER_LOOK_MS);
  const ask = async (hostname: string, token: string, options = {}) =>
    run.silence.heard(await run.client.probe(hostname, token, options));
  const items = tried.map((each) => ({
    key: each.task.target.name,
    canaries: each.canaries.filter((canary) => isOwn(each, canary)).map(controls.beside),
  }));
  const provedFrom = performance.now();
  const proofs = await proveAll(items, {
    ask,
    clock: run.clock,
    deadlineMs: limitMs,
    // new tokens are not withheld for a proof that nothing can be seen for
    ...(isNew && run.silence.isLikely && { silenceMs: SILENCE_MS }),
    // consumers of tokens from before an earlier run's rotation have new ones
    graceMs: isNew ? GRACE_MS : Infinity,
  });
  const waitedMs = performance.now() - start;
  const isFullWait = waitedMs >= run.verifyTimeoutMs;
  const seen = new Map(
    attempts.map((each) => {
      const { afterMs, ...verdict } = judge(proofs.get(each.task.target.name) ?? []);
      const rejectedAt = afterMs === undefined ? {} : { rejectedAt: provedFrom + afterMs };
      return [each, { ...verdict, ...rejectedAt, waitedMs, isFullWait }] as [Attempt, Seen];
    }),
  );
  const rejections = [...proofs.values()].flat().flatMap(({ afterMs }) => afterMs ?? []);
  const until = Math.max(provedFrom + Math.min(...rejections) + reachMs, performance.now() + LEAST_LOOK_MS);
  const askInTime = (hostname: string, token: string) =>
    ask(hostname, token, { timeoutMs: until - performance.now() });
  const rotated = new Set(attempts.map(({ task }) => task.target.name));
  await inParallel(tried, PARALLEL_MINTS, async (each) => {
    const found = seen.get(each);
    const { lookup } = each.task;
    if (found?.verdict !== "rejected" || lookup instanceof TursoError) return;
    found.reach = { [lookup.endpoint.group]: await reachOf(each, rotated, askInTime, controls.beside) };
  });
  return (each) => seen.get(each) as Seen;
}

/** Whether old tokens are known to be rejected by this run, so that their consumers wait for it to end. */
export const isDark = (attempts: readonly Attempt[], results: Iterable<Result>): boolean =>
  attempts.some(({ isNew, seen }) => isNew && seen?.verdict === "rejected") ||
  [...results].some((result) => result.kind === "rotated" && result.isNew);

/** All canary tokens must be rejected; one that is accepted anywhere says that the rotation has not taken effect there. */
function judge(proofs: readonly CanaryProof[]): Pick<Seen, "verdict" | "why"> & { afterMs?: number } {
  if (proofs.some(({ verdict }) => verdict === "accepted")) return { verdict: "accepted", why: "" };
  const unclear = proofs.find((proof) => proof.verdict === "unclear");
  if (unclear?.verdict === "unclear") return { verdict: "unclear", why: unclear.why };
  if (proofs.length === 0) return { verdict: "unclear", why: "" };
  return { verdict: "rejected", why: "", afterMs: Math.max(...proofs.map(({ afterMs = 0 }) => afterMs)) };
}

/**
 * What the rotation was seen to reach, once it is proven itself.
 *
 * @param rotated the names of targets whose own rotation invalidated their tokens, whatever this one did
 */
async function reachOf(
  sent: Attempt,
  rotated: ReadonlySet<string>,
  ask: (hostname: string, token: string) => Promise<Probe>,
  beside: (canary: SavedCanary) => SavedCanary & { control?: { token: string } },
): Promise<Reach> {
  const reach: Reach = Object.fromEntries(
    OWN_LABELS[sent.task.target.kind].map((label) => [label, "rejected"]),
  );
  if (sent.siblings) reach.siblings = sent.siblings;
  const others = sent.canaries.filter(
    (each) => !isOwn(sent, each) && !(each.label === "siblings" && rotated.has(each.target.name)),
  );
  const seen = await Promise.all(
    others.map(beside).map(async ({ label, hostname, token, control }) => {
      const { verdict } = await confirmRejected((each) => ask(hostname, each), token, control?.token);
      return { label, verdict };
    }),
  );
  for (const { label, verdict } of seen) if (verdict !== "unclear") reach[label] = verdict;
  return reach;
}

/** Mints, for each target of a canary token, a token from after the rotation: beside it, a rejection proves something. */
async function mintControls(run: RunSettings, attempts: readonly Attempt[]) {
  const key = ({ kind, name }: Target) => `${kind} ${name}`;
  /** By their keys, the targets of canary tokens, and since when a new token of theirs is from after the rotation. */
  const distinct = new Map<string, { target: Target; since: number }>();
  for (const { canaries, doneAt } of attempts)
    for (const { target } of canaries) {
      const since = Math.max(doneAt, distinct.get(key(target))?.since ?? 0);
      distinct.set(key(target), { target, since });
    }
  const controls = new Map<string, string>();
  await inParallel([...distinct.values()], PARALLEL_MINTS, async ({ target, since }) => {
    const minted = run.minter?.minted.get(target.name);
    // one that was minted before may be dead too
    if (minted && sameTarget(minted.unit.target, target) && minted.askedAt >= since) {
      controls.set(key(target), minted.token);
      return;
    }
    const options = { expiration: CONTROL_LIFE, authorization: "read-only" } as const;
    const token = await attempt(() => run.client.mint(target, options));
    if (!(token instanceof TursoError)) controls.set(key(target), token);
  });
  const beside = (canary: SavedCanary): SavedCanary & { control?: { token: string } } => {
    const token = controls.get(key(canary.target));
    return token === undefined ? canary : { ...canary, control: { token } };
  };
  return { beside };
}

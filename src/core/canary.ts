import { setTimeout as sleep } from "node:timers/promises";
import { jwtDecode } from "jwt-decode";
import type { Target, TargetKind } from "../values/scope";
import type { MintOptions, TursoClient } from "../turso/client";
import type { Probe } from "../turso/probe";
import { TursoError } from "../turso/errors";

/** How long old tokens may outlive a rotation; Turso's grammar. */
export const DEFAULT_VERIFY_TIMEOUT = "60s";

/** A read-only token from just before the rotation, and the database that accepts or rejects it. */
export interface SavedCanary {
  token: string;
  hostname: string;
}

/** Long enough for the next `up` to resolve a rotation whose response was lost; Turso's grammar. */
const CANARY_LIFE = "1d";
/** How long a fresh token may take until the data plane accepts it. */
const ACCEPTANCE_MS = 10_000;
/** A new token that stays rejected for this long is replaced: a concurrent rotation may have invalidated it. */
const REJECTED_FOR_MS = 3_000;
const MOST_MINTS = 3;
/** How far apart the clocks here and at the database may be. */
const CLOCK_SKEW_MS = 300_000;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2_000;

const NO_HOSTNAME: Record<TargetKind, string> = {
  group: "the group has no database on which a token can be tried",
  database: "the database's Hostname is unknown",
};

/** Mints a read-only token and waits until it is accepted, or returns the reason why that failed. */
export async function plantCanary(
  client: TursoClient,
  target: Target,
  hostname: string | undefined,
  timeoutMs: number,
): Promise<SavedCanary | { why: string }> {
  if (hostname === undefined)
    return {
      why: NO_HOSTNAME[target.kind],
    };
  try {
    const options = { expiration: CANARY_LIFE, authorization: "read-only" } as const;
    const limit = Math.min(ACCEPTANCE_MS, timeoutMs);
    const { token, seen } = await mintAccepted(
      client,
      target,
      options,
      () => Promise.resolve(hostname),
      limit,
    );
    if (seen.verdict === "accepted") return { token, hostname };
    return { why: seen.verdict === "rejected" ? "a token minted just before it was rejected" : seen.why };
  } catch (error) {
    if (!(error instanceof TursoError)) throw error;
    return { why: `no canary token could be minted: ${error.answer}` };
  }
}

/**
 * Mints a token and asks the data plane until it accepts it. A token that stays rejected is replaced a few times, because
 * a rotation of the same group may have come in between.
 *
 * @param hostnameOf called once there is a token to try
 * @param hint where an earlier token was accepted: tried first, and only trusted if it accepts this one too
 */
export async function mintAccepted(
  client: TursoClient,
  target: Target,
  options: MintOptions,
  hostnameOf: () => Promise<string | undefined>,
  limitMs: number,
  hint?: string,
): Promise<{ token: string; seen: Probe }> {
  const start = performance.now();
  for (let mints = 1; ; mints += 1) {
    const token = await client.mint(target, options);
    if (hint !== undefined && mints === 1) {
      const seen = await client.probe(hint, token);
      if (seen.verdict === "accepted") return { token, seen };
    }
    const host = await hostnameOf();
    if (host === undefined) return { token, seen: { verdict: "unclear", why: "the group has no database" } };
    const left = Math.max(0, limitMs - (performance.now() - start));
    const isLast = mints === MOST_MINTS || left <= REJECTED_FOR_MS;
    const seen = await pollUntil(
      "accepted",
      () => client.probe(host, token),
      isLast ? left : REJECTED_FOR_MS,
    );
    if (isLast || seen.verdict !== "rejected") return { token, seen };
  }
}

/** Polls until a token is rejected, at most for the timeout. An expiry in between proves nothing. */
export async function awaitRejection(
  client: TursoClient,
  { token, hostname }: SavedCanary,
  timeoutMs: number,
  clock: () => Date,
): Promise<Probe & { afterMs: number }> {
  const start = performance.now();
  const last = await pollUntil("rejected", () => client.probe(hostname, token), timeoutMs);
  const afterMs = performance.now() - start;
  return last.verdict === "rejected" && isSpent(token, clock())
    ? { verdict: "unclear", why: "the canary token has expired by itself", afterMs }
    : { ...last, afterMs };
}

/** Whether a token's rejection can come from its expiry, by this clock or one that is slightly ahead. */
export function isSpent(token: string, now: Date): boolean {
  const expiry = expiryOf(token);
  return expiry !== undefined && expiry.getTime() - CLOCK_SKEW_MS <= now.getTime();
}

/** Polls with growing pauses, at least once, until the verdict is the expected one. */
export async function pollUntil(
  expected: Probe["verdict"],
  ask: () => Promise<Probe>,
  timeoutMs: number,
): Promise<Probe> {
  const start = performance.now();
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 1.5, LONGEST_PAUSE_MS)) {
    const probe = await ask();
    const left = timeoutMs - (performance.now() - start);
    if (probe.verdict === expected || left <= 0) return probe;
    await sleep(Math.min(pause, left));
  }
}

/** When a token expires, by its own claim; undefined: never, or it is not a JWT. */
export function expiryOf(token: string): Date | undefined {
  try {
    const { exp } = jwtDecode(token);
    return typeof exp === "number" && Number.isFinite(exp) ? new Date(exp * 1000) : undefined;
  } catch {
    return undefined;
  }
}

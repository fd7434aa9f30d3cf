import { setTimeout as sleep } from "node:timers/promises";
import { jwtDecode } from "jwt-decode";
import type { Target, TargetKind } from "../values/scope";
import type { MintOptions, TursoClient } from "../turso/client";
import type { Probe } from "../turso/probe";
import { TursoError, attempt } from "../turso/errors";

/** How long old tokens may outlive a rotation; Turso's grammar. */
export const DEFAULT_VERIFY_TIMEOUT = "60s";

/** A read-only token from just before the rotation, and the database that accepts or rejects it. */
export interface SavedCanary {
  /** Which tokens it stands for. */
  label: CanaryLabel;
  /** What it was minted for. */
  target: Target;
  token: string;
  hostname: string;
}

/** Which tokens a canary token stands for: those of the database, of its group, or of its group's other databases. */
export type CanaryLabel = "database" | "group" | "siblings";

/** Long enough that the next scheduled `up` can resolve a rotation whose response was lost; Turso's grammar. */
const CANARY_LIFE = "7d";
/** How long a fresh token may take until the data plane accepts it. */
const ACCEPTANCE_MS = 10_000;
/** A new token that stays rejected for this long is replaced: a concurrent rotation may have invalidated it. */
const REJECTED_FOR_MS = 3_000;
const MOST_MINTS = 3;
/** A database that does not answer must not hold up the others. */
const CANARY_PROBE_MS = 2_000;
/** Statuses with which the API refuses to mint, whenever it is asked. */
const MINT_REFUSALS = new Set([400, 401, 402, 403]);
/** How far apart the clocks here and at the database may be. */
const CLOCK_SKEW_MS = 300_000;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2_000;

const NO_HOSTNAME: Record<TargetKind, string> = {
  group: "the group has no database on which a token can be tried",
  database: "the database's Hostname is unknown",
};

/** What a canary token is minted for, and where it is tried. */
export interface CanaryPlan {
  label: CanaryLabel;
  target: Target;
  hostnames: readonly string[];
}

/**
 * Mints a read-only token and waits until a database accepts it. One token is tried at all of the given databases, and counts
 * as a canary at each that accepts it.
 *
 * @param limitMs how long to wait; it is tried at least once
 * @returns why there is none, with the API's error if it refused to mint
 */
export async function plantCanary(
  client: TursoClient,
  { label, target, hostnames }: CanaryPlan,
  limitMs: number,
): Promise<SavedCanary[] | { why: string; refusal?: TursoError }> {
  const [first] = hostnames;
  if (first === undefined) return { why: NO_HOSTNAME[target.kind] };
  let accepting: string[] = [];
  const ask = async (_: string, token: string): Promise<Probe> => {
    const probes = await Promise.all(
      hostnames.map((hostname) => client.probe(hostname, token, { timeoutMs: CANARY_PROBE_MS })),
    );
    accepting = hostnames.filter((_, i) => probes[i]?.verdict === "accepted");
    return accepting.length > 0 ? { verdict: "accepted" } : (probes[0] as Probe);
  };
  const options = { expiration: CANARY_LIFE, authorization: "read-only" } as const;
  const minted = await attempt(() =>
    mintAccepted(client, target, options, () => Promise.resolve(first), Math.min(ACCEPTANCE_MS, limitMs), {
      ask,
    }),
  );
  if (minted instanceof TursoError) {
    const isRefused = minted.status !== undefined && MINT_REFUSALS.has(minted.status);
    return {
      why: `no canary token could be minted: ${minted.answer}`,
      ...(isRefused && { refusal: minted }),
    };
  }
  const { token, seen } = minted;
  if (seen.verdict === "accepted") return accepting.map((hostname) => ({ label, target, token, hostname }));
  return { why: seen.verdict === "rejected" ? "a token minted just before it was rejected" : seen.why };
}

/**
 * Mints a token and asks the data plane until it accepts it. A token that stays rejected is replaced a few times, because
 * a rotation of the same group may have come in between.
 *
 * @param hostnameOf called once there is a token to try
 * @param how `hint`: where an earlier token was accepted; tried first, and only trusted if it accepts this one too
 */
export async function mintAccepted(
  client: TursoClient,
  target: Target,
  options: MintOptions,
  hostnameOf: () => Promise<string | undefined>,
  limitMs: number,
  how: { hint?: string | undefined; ask?: (hostname: string, token: string) => Promise<Probe> } = {},
): Promise<{ token: string; seen: Probe }> {
  const { hint, ask = (hostname: string, token: string) => client.probe(hostname, token) } = how;
  const start = performance.now();
  for (let mints = 1; ; mints += 1) {
    const token = await client.mint(target, options);
    if (hint !== undefined && mints === 1) {
      const seen = await ask(hint, token);
      if (seen.verdict === "accepted") return { token, seen };
    }
    const host = await hostnameOf();
    if (host === undefined) return { token, seen: { verdict: "unclear", why: "the group has no database" } };
    const left = Math.max(0, limitMs - (performance.now() - start));
    const isLast = mints === MOST_MINTS || left <= REJECTED_FOR_MS;
    const seen = await pollUntil("accepted", () => ask(host, token), isLast ? left : REJECTED_FOR_MS);
    if (isLast || seen.verdict !== "rejected") return { token, seen };
  }
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

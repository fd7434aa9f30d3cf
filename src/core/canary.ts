import type { Target, TargetKind } from "../values/scope";
import type { TursoClient } from "../turso/client";
import type { Probe } from "../turso/probe";
import { TursoError, attempt } from "../turso/errors";
import { Silence } from "./breaker";
import { expiryOf, mintAccepted } from "./mint";

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
const CANARY = { expiration: "7d", authorization: "read-only" } as const;
/** How long a fresh token may take until the data plane accepts it. */
const ACCEPTANCE_MS = 10_000;
/** A database that does not answer must not hold up the others. */
const CANARY_PROBE_MS = 2_000;
/** How far apart the clocks here and at the database may be. */
const CLOCK_SKEW_MS = 300_000;

const NO_HOSTNAME: Record<TargetKind, string> = {
  group: "the group has no database on which a token can be tried",
  database: "the database's Hostname is unknown",
};

const NOT_LOOKED_UP = "the databases on which a token can be tried could not be looked up";

/** What a canary token is minted for, and where it is tried. */
export interface CanaryPlan {
  label: CanaryLabel;
  target: Target;
  /** Empty: there are none; undefined: they could not be looked up. */
  hostnames: readonly string[] | undefined;
}

/**
 * Mints a read-only token and waits until a database accepts it. One token is tried at all of the given databases, and counts
 * as a canary at each that accepts it.
 *
 * @param limitMs how long to wait; it is tried at least once, unless no database answers at all
 * @returns why there is none, with the API's error if it did not mint
 */
export async function plantCanary(
  client: TursoClient,
  { label, target, hostnames: known }: CanaryPlan,
  limitMs: number,
  silence = new Silence(true),
): Promise<SavedCanary[] | { why: string; failure?: TursoError }> {
  const hostnames = known ?? [];
  const [first] = hostnames;
  if (first === undefined) {
    // nothing can be tried, but whether the API mints at all must be known before a rotation
    const minted = await attempt(() => client.mint(target, { ...CANARY, expiration: "1m" }));
    return {
      why: known ? NO_HOSTNAME[target.kind] : NOT_LOOKED_UP,
      ...(minted instanceof TursoError && { failure: minted }),
    };
  }
  let accepting: string[] = [];
  const ask = async (_: string, token: string): Promise<Probe> => {
    const probes = await Promise.all(
      hostnames.map((hostname) =>
        silence.ask(() => client.probe(hostname, token, { timeoutMs: CANARY_PROBE_MS })),
      ),
    );
    accepting = hostnames.filter((_, i) => probes[i]?.verdict === "accepted");
    return accepting.length > 0 ? { verdict: "accepted" } : (probes[0] as Probe);
  };
  const mostMs = silence.isLikely ? 0 : Math.min(ACCEPTANCE_MS, limitMs);
  const minted = await attempt(() =>
    mintAccepted(client, target, CANARY, () => Promise.resolve(first), mostMs, { ask }),
  );
  if (minted instanceof TursoError)
    return { why: `no canary token could be minted: ${minted.answer}`, failure: minted };
  const { token, seen } = minted;
  if (seen.verdict === "accepted") return accepting.map((hostname) => ({ label, target, token, hostname }));
  return {
    why: seen.verdict === "rejected" ? "the database rejected a token that had just been minted" : seen.why,
  };
}

/** Whether a token's rejection can come from its expiry, by this clock or one that is slightly ahead. */
export function isSpent(token: string, now: Date): boolean {
  const expiry = expiryOf(token);
  return expiry !== undefined && expiry.getTime() - CLOCK_SKEW_MS <= now.getTime();
}

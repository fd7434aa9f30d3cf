import { setTimeout as sleep } from "node:timers/promises";
import { jwtDecode } from "jwt-decode";
import type { Target } from "../values/scope";
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

/** Long enough for the next `up` to find out what became of a lost answer; Turso's grammar. */
const CANARY_LIFE = "1d";
/** How long a fresh token may take until the data plane accepts it. */
const ACCEPTANCE_MS = 10_000;
/** A token that is refused for so long is replaced: another rotation may have killed it meanwhile. */
const PATIENCE_WITH_ONE_MS = 3_000;
const MOST_MINTS = 3;
/** How far apart the clocks here and at the database may be. */
const CLOCK_SKEW_MS = 300_000;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2_000;

/** Mints a read-only token and sees it accepted, or says why that could not be had. */
export async function plantCanary(
  client: TursoClient,
  target: Target,
  hostname: string | undefined,
  timeoutMs: number,
): Promise<SavedCanary | { why: string }> {
  if (hostname === undefined)
    return {
      why:
        target.kind === "group"
          ? "the group has no database to try a token on"
          : "the database's Hostname is not known",
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
    if (seen.verdict === "alive") return { token, hostname };
    return { why: seen.verdict === "dead" ? "a token minted just before was not accepted" : seen.why };
  } catch (error) {
    if (!(error instanceof TursoError)) throw error;
    return { why: `no token could be minted to try it with: ${error.answer}` };
  }
}

/**
 * Mints a token and asks the data plane until it accepts it. One that stays refused is minted anew a few times, since a
 * rotation of the same group may have come in between.
 *
 * @param hostnameOf asked for once there is a token to try
 * @param hint where such a token was accepted before: tried first, and only believed if it accepts this one too
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
      if (seen.verdict === "alive") return { token, seen };
    }
    const host = await hostnameOf();
    if (host === undefined) return { token, seen: { verdict: "unclear", why: "the group has no database" } };
    const left = Math.max(0, limitMs - (performance.now() - start));
    const isLast = mints === MOST_MINTS || left <= PATIENCE_WITH_ONE_MS;
    const seen = await pollUntil(
      "alive",
      () => client.probe(host, token),
      isLast ? left : PATIENCE_WITH_ONE_MS,
    );
    if (isLast || seen.verdict !== "dead") return { token, seen };
  }
}

/** Watches a token until it is refused, for so long at most. That it expires meanwhile proves nothing. */
export async function awaitDeath(
  client: TursoClient,
  { token, hostname }: SavedCanary,
  timeoutMs: number,
  clock: () => Date,
): Promise<Probe & { afterMs: number }> {
  const start = performance.now();
  const last = await pollUntil("dead", () => client.probe(hostname, token), timeoutMs);
  const afterMs = performance.now() - start;
  return last.verdict === "dead" && isSpent(token, clock())
    ? { verdict: "unclear", why: "the token to try it with has expired by itself", afterMs }
    : { ...last, afterMs };
}

/** Whether a token's refusal can come from its expiry, by this clock or one that is a little ahead. */
export function isSpent(token: string, now: Date): boolean {
  const expiry = expiryOf(token);
  return expiry !== undefined && expiry.getTime() - CLOCK_SKEW_MS <= now.getTime();
}

/** Asks again and again, with growing pauses, until the verdict is the one hoped for; once at least. */
export async function pollUntil(
  hoped: Probe["verdict"],
  ask: () => Promise<Probe>,
  timeoutMs: number,
): Promise<Probe> {
  const start = performance.now();
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 1.5, LONGEST_PAUSE_MS)) {
    const probe = await ask();
    const left = timeoutMs - (performance.now() - start);
    if (probe.verdict === hoped || left <= 0) return probe;
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

import { setTimeout as sleep } from "node:timers/promises";
import { jwtDecode } from "jwt-decode";
import type { MintOptions, TursoClient } from "../turso/client";
import type { TursoError } from "../turso/errors";
import type { Probe } from "../turso/probe";
import { durationMs } from "../values/duration";
import type { Target } from "../values/scope";
import { isPresent } from "./unknown";

/**
 * A new token that stays rejected for this long is replaced: a concurrent rotation may have invalidated it. One about which no database
 * gave a usable answer for this long is returned as it is.
 */
const REJECTED_FOR_MS = 3_000;
const MOST_MINTS = 3;
/** A data plane that says nothing is no reason to withhold a token for longer in all, however many were replaced before. */
const UNCLEAR_FOR_MS = 10_000;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 500;
const PROBE_MS = 5_000;
const SILENT_PROBE_MS = 2_000;

/** Statuses with which the API refuses to mint, whenever it is asked. */
const MINT_REFUSALS = new Set<number | undefined>([400, 401, 402, 403]);

export const isMintRefused = ({ status }: TursoError): boolean => MINT_REFUSALS.has(status);

/**
 * Mints a token and asks the data plane until it accepts it. A token that stays rejected is replaced a few times, because
 * a rotation of the same group may have come in between.
 *
 * @param hostnameOf called once there is a token to try
 * @param how `hint`: where an earlier token was accepted; tried first, and only trusted if it accepts this one too.
 *   `silenceMs`: how long to wait for a database that gives no usable answer; 0: it is tried once
 */
export async function mintAccepted(
  client: Pick<TursoClient, "mint" | "probe">,
  target: Target,
  options: MintOptions,
  hostnameOf: () => Promise<string | undefined>,
  limitMs: number,
  how: {
    hint?: string | undefined;
    silenceMs?: number | undefined;
    ask?: (hostname: string, token: string) => Promise<Probe>;
  } = {},
): Promise<{ token: string; seen: Probe }> {
  const { hint, silenceMs } = how;
  const timeoutMs = silenceMs === 0 ? SILENT_PROBE_MS : PROBE_MS;
  const { ask = (at: string, token: string) => client.probe(at, token, { timeoutMs }) } = how;
  const start = performance.now();
  for (let mints = 1; ; mints += 1) {
    const token = await client.mint(target, options);
    if (hint !== undefined && mints === 1) {
      const seen = await ask(hint, token);
      if (seen.verdict === "accepted") return { token, seen };
    }
    const host = await hostnameOf();
    if (host === undefined)
      return { token, seen: { verdict: "unclear", why: "no database is known at which it can be tried" } };
    const left = Math.max(0, limitMs - (performance.now() - start));
    const isLast = mints === MOST_MINTS || left <= REJECTED_FOR_MS;
    const quietMs = silenceMs ?? UNCLEAR_FOR_MS - (performance.now() - start);
    const limit = isLast ? left : REJECTED_FOR_MS;
    const seen = await pollUntil("accepted", () => ask(host, token), limit, quietMs);
    if (isLast || seen.verdict !== "rejected") return { token, seen };
  }
}

/**
 * Polls with growing pauses, at least once, until the verdict is the expected one.
 *
 * @param silenceMs the limit if there is no usable answer
 */
export async function pollUntil(
  expected: Probe["verdict"],
  ask: () => Promise<Probe>,
  timeoutMs: number,
  silenceMs = timeoutMs,
): Promise<Probe> {
  const start = performance.now();
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 1.5, LONGEST_PAUSE_MS)) {
    const probe = await ask();
    const limitMs = probe.verdict === "unclear" ? Math.min(timeoutMs, silenceMs) : timeoutMs;
    const left = limitMs - (performance.now() - start);
    if (probe.verdict === expected || left <= 0) return probe;
    await sleep(Math.min(pause, left));
  }
}

/** When a token expires, by its own claim; undefined: never, or it is not a JWT. */
export function expiryOf(token: string): Date | undefined {
  try {
    const { exp = NaN } = jwtDecode(token);
    return Number.isFinite(exp) ? new Date(exp * 1000) : undefined;
  } catch {
    return undefined;
  }
}

/** When a token is to be minted again because it expires. */
export const renewalAt = (expiry: Date, renewBefore: string | undefined | null): Date =>
  new Date(expiry.getTime() - (isPresent(renewBefore) ? durationMs(renewBefore) : 0));

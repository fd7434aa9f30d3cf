const UNITS = { w: 604_800_000, d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000 } as const;
const GRAMMAR = /^(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/;

/** A hundred years: longer durations are typing errors and overflow dates. */
const LONGEST_MS = 100 * 365 * UNITS.d;

/**
 * Parses a duration in Turso's own grammar, such as `90d` or `2w1d30m`: whole numbers of weeks, days, hours, minutes and
 * seconds, largest first, longer than zero and at most 100 years.
 *
 * @returns milliseconds, or what is wrong with it
 * @see https://docs.turso.tech/api-reference/databases/create-token
 */
export function parseDuration(what: string, value: unknown): { ms: number } | { problem: string } {
  const expected = `a duration such as "90d" or "2w1d30m" (units w d h m s, whole numbers, largest first)`;
  const parts = typeof value === "string" && value !== "" ? GRAMMAR.exec(value) : null;
  if (parts === null)
    return { problem: `${what} must be ${expected}, not ${JSON.stringify(value) ?? "nothing"}` };
  const ms = Object.values(UNITS).reduce((sum, unit, i) => sum + Number(parts[i + 1] ?? 0) * unit, 0);
  if (ms === 0) return { problem: `${what} must be longer than ${JSON.stringify(value)}` };
  if (ms > LONGEST_MS)
    return { problem: `${what} must be at most 100 years, and ${JSON.stringify(value)} is more` };
  return { ms };
}

/** For a duration that was checked before. */
export function durationMs(value: string): number {
  const parsed = parseDuration("the duration", value);
  if ("problem" in parsed) throw new Error(parsed.problem);
  return parsed.ms;
}

/** `95 days`, `3 hours`, `0.4 s`: a length of time as a person says it. */
export function humanDuration(ms: number): string {
  if (ms < 100) return "0.1 s"; // stands after "after" and "at most"
  if (ms < 10_000) return `${Number((ms / 1000).toFixed(1))} s`;
  if (ms < 120_000) return `${Math.round(ms / 1000)} s`;
  if (ms < 2 * UNITS.h) return `${Math.round(ms / UNITS.m)} minutes`;
  if (ms < 2 * UNITS.d) return `${Math.round(ms / UNITS.h)} hours`;
  return `${Math.round(ms / UNITS.d)} days`;
}

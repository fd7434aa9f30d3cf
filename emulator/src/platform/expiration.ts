const SECONDS: Record<string, number> = { w: 604_800, d: 86_400, h: 3_600, m: 60, s: 1 };

/** Seconds of `2w1d30m`, undefined for a token without an expiry, null for a text that is not an expiration. */
export function parseExpiration(text: string): number | undefined | null {
  if (["never", "none", "default"].includes(text)) return undefined;
  if (!/^(\d{1,12}[wdhms])+$/.test(text)) return null;
  let seconds = 0;
  for (const [, count, unit] of text.matchAll(/(\d+)([wdhms])/g)) {
    seconds += Number(count) * (SECONDS[unit ?? ""] ?? 0);
  }
  return seconds > 0 && Number.isSafeInteger(seconds) ? seconds : null;
}

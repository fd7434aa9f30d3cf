import type { Reach } from "../rotation/state";
import { canonicalJson } from "../values/json";
import { oneLine, redact } from "../values/text";

/** A text of an export in one line, without anything that looks like a token. */
export const clean = (text: string): string => oneLine(redact(text, []));

export const SECRET = "(secret)";
const LONGEST_TRIGGER = 32;

/** A trigger as short JSON. */
export function describeTrigger(trigger: unknown, isSecret: boolean): string | null {
  if (isSecret) return SECRET;
  if (trigger === undefined || trigger === null) return null;
  const text = clean(canonicalJson(trigger));
  return text.length > LONGEST_TRIGGER ? `${text.slice(0, LONGEST_TRIGGER - 1)}…` : text;
}

/** What rotations of one group were seen to reach, in a few words. */
export function describeReach(seen: Reach): string {
  const others = [seen.group, seen.siblings];
  if (seen.database === "accepted") return "old tokens accepted";
  if (others.includes("rejected")) return "whole group";
  if (others.includes("accepted")) return "database only";
  return seen.database === "rejected" ? "database" : "not seen";
}

/** What all of them reached. */
export const describeReaches = (reach: Readonly<Record<string, Reach>> | null): string =>
  [...new Set(Object.values(reach ?? {}).map(describeReach))].join(", ");

import type { TargetKind } from "./scope";

/** `3 databases`, `1 group`. */
export const plural = (count: number, kind: TargetKind, adjective = ""): string =>
  `${count} ${adjective}${kind}${count === 1 ? "" : "s"}`;

/** Names, shortened where there are many. */
export function nameList(names: readonly string[], most = 5): string {
  const more = names.length > most ? ` and ${names.length - most} more` : "";
  return `${names.slice(0, most).join(", ")}${more}`;
}

export const capitalise = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** A text in quotes, without characters that control a terminal or change the direction of text. */
export const show = (text: string): string =>
  JSON.stringify(text).replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );

/** A text as one line, without such characters. */
export const oneLine = (text: string): string => text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ").trim();

/** What kind of value a program passed, for messages: `a list`, `a number`. */
export function describeType(value: unknown): string {
  if (value === null || value === undefined) return "nothing";
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

/** How much of a response can end up in a message; patterns are matched against no more than this, which bounds their run time. */
const MOST_READ = 4_096;
const JWT = /eyJ[\w-]{5,2000}\.[\w-]{1,4000}(?:\.[\w-]{0,2000})?/g;
/** A token whose end was cut off. */
const CUT_JWT = /eyJ[\w.-]*$/;

/** The beginning of a text from outside, without the credentials that it may echo. */
export function redact(text: string, secrets: readonly string[]): string {
  let clean = text;
  for (const secret of secrets.map((each) => each.trim()))
    if (secret !== "") clean = clean.replaceAll(secret, "[redacted]");
  const isCut = clean.length > MOST_READ;
  clean = clean.slice(0, MOST_READ).replace(JWT, "[redacted]");
  return isCut ? clean.replace(CUT_JWT, "[redacted]") : clean;
}

/**
 * The one place where text from outside becomes part of a message: one line, short, printable, and without credentials.
 */
export function sanitise(text: string, secrets: readonly string[]): string {
  const clean = oneLine(redact(text, secrets));
  return clean.length > 200 ? `${clean.slice(0, 199)}…` : clean;
}

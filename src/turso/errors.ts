/**
 * What is known of the request's effect:
 * `unchanged`: certainly not carried out; `unknown`: it may or may not have been.
 */
export type Fate = "unchanged" | "unknown";

/** The parts of an error's sentence, in the order in which a person reads them. */
export interface ErrorParts {
  /** What was being done, to what: `rotating acme/databases/app`. */
  doing: string;
  /** What came back: `the API answered 403 (no permission)`. */
  answer: string;
  fate: Fate;
  /** Whether anything changed, where the fate's own sentence is not enough. */
  changed?: string;
  /** What to do next. */
  next: string;
  status?: number | undefined;
  /** The API itself says that the target does not exist. */
  isGone?: boolean;
}

const CHANGED: Record<Fate, string> = {
  unchanged: "Nothing was changed.",
  unknown: "Whether it was carried out is not known.",
};

/** The one error of this package. Its message answers: what was done, to what, what came back, what changed, what next. */
export class TursoError extends Error {
  readonly fate: Fate;
  /** The HTTP status, where there was an answer. */
  readonly status: number | undefined;
  /** What was being done, to what. */
  readonly doing: string;
  /** What came back. */
  readonly answer: string;
  /** What to do next. */
  readonly next: string;
  /** The API itself says that the target does not exist; any other 404 proves nothing. */
  readonly isGone: boolean;

  constructor(parts: ErrorParts) {
    super(
      `${capitalise(parts.doing)}: ${parts.answer}. ${parts.changed ?? CHANGED[parts.fate]} ${parts.next}`,
    );
    this.name = "TursoError";
    this.fate = parts.fate;
    this.status = parts.status;
    this.doing = parts.doing;
    this.answer = parts.answer;
    this.next = parts.next;
    this.isGone = parts.isGone ?? false;
  }
}

/** What of an answer can end up in a message; patterns are only tried on so much, so that none takes long. */
const MOST_READ = 4_096;
const JWT = /eyJ[\w-]{5,2000}\.[\w-]{1,4000}(?:\.[\w-]{0,2000})?/g;
/** A token that the cut has left without its end. */
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

/** Text from outside, fit for a message: one line, short, printable, and without credentials. */
export function quote(text: string, secrets: readonly string[]): string {
  const clean = redact(text, secrets)
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ")
    .trim();
  return clean.length > 200 ? `${clean.slice(0, 199)}…` : clean;
}

const capitalise = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

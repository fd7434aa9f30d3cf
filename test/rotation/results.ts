import type { SavedCanary } from "../../src/core/canary";
import type { Result } from "../../src/rotation/next-state";
import type { Plan } from "../../src/rotation/plan";
import type { Pending } from "../../src/rotation/state";
import { TursoError, type ErrorData } from "../../src/turso/errors";

/** The plan of an update that only saves. */
export const NOTHING: Plan = {
  rotates: [],
  joined: [],
  unfinished: [],
  mints: [],
  isBaseline: false,
  isAhead: false,
  isUndecided: false,
  replaces: [],
  changes: true,
};

type Rotated = Result & { kind: "rotated" };

export const AT = "2026-03-01T11:59:00.000Z";

type Lost = Extract<Pending, { status: "unknown" }>;

export const OWED: Pending = { status: "not-rotated" };

const CANARY: SavedCanary = {
  label: "database",
  target: { kind: "database", name: "app" },
  token: "t",
  hostname: "h",
};

export const UNPROVEN: Pending = { status: "unproven", at: AT, canaries: [CANARY] };

export const LOST: Lost = { status: "unknown", at: AT, answer: "the API answered 500", canaries: [] };

export const errorOf = (changes: Partial<ErrorData> = {}): TursoError =>
  new TursoError({
    attempted: "rotating acme/databases/app",
    answer: "the API answered 402",
    effect: "unchanged",
    next: "See the billing page.",
    ...changes,
  });

/** The API's own statement that a target does not exist. */
export const goneOf = (kind: string, name: string): TursoError =>
  errorOf({
    status: 404,
    isGone: true,
    answer: `the API answered 404 (${kind} ${name} not found)`,
    next: `Check the name of the ${kind} "${name}".`,
  });

export const rotatedResult = (changes: Partial<Rotated> = {}): Rotated => ({
  kind: "rotated",
  at: AT,
  isNew: true,
  verification: "verified",
  ...changes,
});

export const failedResult = (error = errorOf()): Result => ({ kind: "failed", error });

export const unknownResult = ({ isNew = true } = {}): Result => ({
  kind: "unknown",
  isNew,
  pending: LOST,
  error: errorOf(),
});

export const adoptedResult = (): Result => ({ kind: "adopted" });

export const goneResult = (): Result => ({ kind: "gone" });

export const missingResult = (error = errorOf()): Result => ({ kind: "missing", error });

export const resultsOf = (results: Record<string, Result>): Map<string, Result> =>
  new Map(Object.entries(results));

/** A lookup that the API refused. */
export const failedLookup = (status: number): TursoError =>
  errorOf({ status, attempted: "looking up acme/databases/app" });

import type { Result } from "../../src/rotation/attempt";
import type { Pending } from "../../src/rotation/state";
import { TursoError, type ErrorData } from "../../src/turso/errors";

type Rotated = Result & { kind: "rotated" };

export const AT = "2026-03-01T11:59:00.000Z";

type Lost = Extract<Pending, { status: "unknown" }>;

export const OWED: Pending = { status: "not-rotated" };

export const UNPROVEN: Pending = { status: "unproven", at: AT, canary: { token: "t", hostname: "h" } };

export const LOST: Lost = { status: "unknown", at: AT, answer: "the API answered 500" };

export const errorOf = (changes: Partial<ErrorData> = {}): TursoError =>
  new TursoError({
    attempted: "rotating acme/databases/app",
    answer: "the API answered 402",
    effect: "unchanged",
    next: "See the billing page.",
    ...changes,
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

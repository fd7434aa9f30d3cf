import type { Result } from "../../src/rotation/attempt";
import type { Pending } from "../../src/rotation/state";
import { TursoError, type ErrorData } from "../../src/turso/errors";

type Rotated = Result & { kind: "rotated" };

export const AT = "2026-03-01T11:59:00.000Z";

export const UNPROVEN: Pending = { status: "unproven", at: AT, canary: { token: "t", hostname: "h" } };

export const LOST: Pending = { status: "unknown", at: AT, answer: "the API answered 500" };

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

export const unknownResult = (pending = LOST): Result => ({ kind: "unknown", pending, error: errorOf() });

export const resultsOf = (results: Record<string, Result>): Map<string, Result> =>
  new Map(Object.entries(results));

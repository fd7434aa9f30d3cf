import { sameJson } from "../values/json";

/** Stands for a value that a preview cannot know yet. */
export const UNKNOWN: unique symbol = Symbol("not known before the update");

/** Whether a value is, or holds, one that is not known yet. */
export function hasUnknown(value: unknown): boolean {
  if (value === UNKNOWN) return true;
  return typeof value === "object" && value !== null && Object.values(value).some(hasUnknown);
}

export const isPresent = <T>(value: T): value is NonNullable<T> => value !== undefined && value !== null;

/** A value that is not known yet counts as different: the preview reports it, and the update decides. */
export const differs = (a: unknown, b: unknown): boolean => hasUnknown(b) || !sameJson(a, b);

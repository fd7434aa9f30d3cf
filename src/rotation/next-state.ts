import { randomUUID } from "node:crypto";
import type { Result } from "./attempt";
import type { Pending, RotationState, Verification } from "./state";

/** What the state keeps after a run. */
export interface Run {
  isList: boolean;
  /** Whether the run covered all targets: age then counts from now. */
  coversAllTargets: boolean;
  /** By the target's name. */
  results: ReadonlyMap<string, Result>;
}

/** The state after a run: what happened counts, whatever else failed. */
export function nextState(
  record: RotationState,
  { isList, coversAllTargets, results }: Run,
  now: Date,
): RotationState {
  const rotated = [...results.values()].filter((result) => result.kind === "rotated");
  const isNew = rotated.some((result) => result.isNew);
  const pending = pendingOf(results);
  // a list is as verified as the worst of its members until its next full rotation
  const kept = isList && !coversAllTargets && record.verification ? [record.verification] : [];
  return {
    ...record,
    ...(isNew && { rotationId: randomUUID(), rotationCount: record.rotationCount + 1 }),
    ...(rotated.length > 0 && {
      verification: worst([...rotated.map(({ verification }) => verification), ...kept]),
    }),
    // in a list, age counts from its last full rotation, not from a member that joined later or was retried
    ...(isList
      ? coversAllTargets && { rotatedAt: now.toISOString() }
      : isNew && { rotatedAt: rotated[0]?.at ?? now.toISOString() }),
    ...(Object.keys(pending).length > 0 && { pending }),
  };
}

/** What remains to be done, by the target's name; targets that are done have no entry. */
function pendingOf(results: ReadonlyMap<string, Result>): Record<string, Pending> {
  const pending: Record<string, Pending> = {};
  for (const [name, result] of results)
    if (result.kind === "failed") pending[name] = { status: "not-rotated" };
    else if (result.pending) pending[name] = result.pending;
  return pending;
}

const worst = (all: Verification[]): Verification =>
  (["unverified", "skipped", "verified"] as const).find((verification) => all.includes(verification)) ??
  "unverified";

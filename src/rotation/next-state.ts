import { randomUUID } from "node:crypto";
import { humanDuration } from "../values/duration";
import { scopeOf } from "../values/scope";
import type { TursoError } from "../turso/errors";
import { causes } from "./roll";
import type { Result } from "./attempt";
import type { Pending, RotationState, Verification } from "./state";

/** The state after a run: what happened counts, whatever else failed. */
export function settle(
  record: RotationState,
  results: Map<string, Result>,
  isWave: boolean,
  now: Date,
): RotationState {
  const rotated = [...results.values()].filter((result) => result.kind === "rotated");
  const pending: Record<string, Pending> = {};
  for (const [name, result] of results)
    if (result.kind === "failed") pending[name] = { fate: "owed" };
    else if (result.pending) pending[name] = result.pending;
  const { isList } = scopeOf(record);
  const isFresh = rotated.some(({ fresh }) => fresh);
  return {
    ...record,
    ...(isFresh && { rotationId: randomUUID(), rotationCount: record.rotationCount + 1 }),
    ...(rotated.length > 0 && { verification: worst(rotated.map(({ verification }) => verification)) }),
    // a list's age counts from its last wave, not from a member that came later or was left over
    ...(isList
      ? isWave && { rotatedAt: now.toISOString() }
      : isFresh && { rotatedAt: rotated[0]?.at ?? now.toISOString() }),
    ...(Object.keys(pending).length > 0 && { pending }),
  };
}

const worst = (all: Verification[]): Verification =>
  (["unverified", "skipped", "verified"] as const).find((verification) => all.includes(verification)) ??
  "unverified";

/** What a person reads of a single target's rotation. */
export function describeSingle(result: Result | undefined): string | undefined {
  if (result?.kind !== "rotated") return undefined;
  const proof =
    result.diedAfterMs === undefined ? "" : `; old tokens refused after ${humanDuration(result.diedAfterMs)}`;
  return `rotated at ${result.at}${proof}.`;
}

/** What a person reads of a list's rotation. */
export function describeList(results: Map<string, Result>, ms: number): string {
  const rotated = [...results.values()].filter((result) => result.kind === "rotated");
  const waits = rotated.flatMap(({ diedAfterMs }) => (diedAfterMs === undefined ? [] : [diedAfterMs]));
  const proof =
    waits.length === 0
      ? ""
      : `; old tokens of ${waits.length} refused after at most ${humanDuration(Math.max(...waits))}`;
  return `${rotated.length} of ${results.size} rotated in ${humanDuration(ms)}${proof}.`;
}

/** The error of a list of which something failed. */
export function describeFailures(
  id: string,
  total: number,
  failures: [string, TursoError][],
  nothingDone: boolean,
): string {
  const changed = nothingDone
    ? "Nothing was changed."
    : "What is done is recorded: run `pulumi up` again, it does only the rest, under the same trigger.";
  return `Rotating ${id}: ${failures.length} of ${total} did not end well. ${causes(failures)} ${changed}`;
}

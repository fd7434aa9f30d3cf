// The sentences of a run's progress and results.
import type { TursoError } from "../turso/errors";
import { humanDuration } from "../values/duration";
import { nameList } from "../values/text";
import type { Result } from "./attempt";
import { dueSince } from "./plan";
import type { RotationInputs, RotationState } from "./state";

/** A single target's rotation. */
export function describeSingle(result: Result | undefined): string | undefined {
  if (result?.kind !== "rotated") return undefined;
  const { at, rejectedAfterMs } = result;
  const proof =
    rejectedAfterMs === undefined ? "" : `; old tokens rejected after ${humanDuration(rejectedAfterMs)}`;
  return `rotated at ${at}${proof}.`;
}

/** A list's rotation. */
export function describeList(results: ReadonlyMap<string, Result>, ms: number): string | undefined {
  const rotated = [...results.values()].filter((result) => result.kind === "rotated");
  if ([...results.values()].every(({ kind }) => kind === "adopted")) return undefined;
  const waits = rotated.flatMap(({ rejectedAfterMs }) =>
    rejectedAfterMs === undefined ? [] : [rejectedAfterMs],
  );
  const proof =
    waits.length === 0
      ? ""
      : `; old tokens of ${waits.length} rejected after at most ${humanDuration(Math.max(...waits))}`;
  return `${rotated.length} of ${results.size} rotated in ${humanDuration(ms)}${proof}.`;
}

/** A list's progress while it rotates. */
export function describeProgress(
  results: ReadonlyMap<string, Result>,
  total: number,
  elapsedMs: number,
): string {
  const rotated = [...results.values()].filter(({ kind }) => kind === "rotated").length;
  const left = total - results.size;
  const estimate = results.size > 0 ? `, about ${humanDuration((elapsedMs / results.size) * left)}` : "";
  return `${rotated} of ${total} rotated, ${results.size - rotated} failed, ${left} remaining${estimate}.`;
}

/** A target that failed. */
export interface Failure {
  name: string;
  error: TursoError;
}

/** The error of a list of which no target was rotated. */
export const describeFailures = (id: string, failures: readonly Failure[]): string =>
  `Rotating ${id}: none of ${failures.length} was rotated. ${describeCauses(failures)} Nothing was changed.`;

/** One sentence per cause, with the advice of the first failure that has it. */
export function describeCauses(failures: readonly Failure[]): string {
  const byCause = new Map<string, Failure[]>();
  for (const failure of failures) {
    const key = causeOf(failure.error);
    byCause.set(key, [...(byCause.get(key) ?? []), failure]);
  }
  return [...byCause.values()]
    .map((group) => {
      const [{ error }] = group as [Failure];
      const names = nameList(group.map(({ name }) => name));
      if (group.length === 1) return `${names}: ${error.answer}. ${error.data.next}`;
      return error.isGone
        ? `${group.length} (${names}): the API says that they do not exist. Check these names and the organization.`
        : `${group.length} (${names}): ${error.answer}. ${error.data.next}`;
    })
    .join(" ");
}

/** What makes the causes of two failures the same. */
const causeOf = ({ isGone, data: { status, effect, answer, next } }: TursoError): string =>
  isGone ? "gone" : JSON.stringify([status ?? null, effect, answer, next]);

/** Why a rotation by age is due, and since when. */
export function describeAge(olds: RotationState, { rotateEvery }: RotationInputs, now: Date): string {
  const age = humanDuration(now.getTime() - Date.parse(olds.rotatedAt ?? olds.createdAt));
  const due = dueSince(olds, rotateEvery, now)?.toISOString() ?? "";
  const last = olds.rotatedAt
    ? `last rotated ${olds.rotatedAt}`
    : `adopted ${olds.createdAt} and not rotated since`;
  return `${last}, ${age} ago, and due since ${due} (rotateEvery ${rotateEvery ?? ""})`;
}

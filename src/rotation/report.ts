// The sentences of a run's progress and results.
import type { BlastRadius } from "../core/blast-radius";
import { isPresent } from "../core/unknown";
import type { TursoError } from "../turso/errors";
import { humanDuration } from "../values/duration";
import { firstCauses } from "../values/failures";
import { groupBy } from "../values/record";
import { nameList } from "../values/text";
import type { Result } from "./next-state";
import { dueSince } from "./plan";
import { DEFAULT_PARALLELISM } from "./arguments";
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

/** How a list rolls, as a sentence: how many targets, in how many groups, and at most how many without a token. */
export function describeRoll(radii: readonly BlastRadius[], inputs: RotationInputs): string {
  const sizes = new Map<string, number>();
  for (const { endpoint } of radii) sizes.set(endpoint.group, (sizes.get(endpoint.group) ?? 0) + 1);
  const groups = sizes.size === 1 ? "1 group" : `${sizes.size} groups`;
  const targets = `${radii.length === 1 ? "1 target" : `${radii.length} targets`} in ${groups}`;
  if (!isPresent(inputs.mint))
    return ` It rotates ${targets}; each is without a valid token until one is minted for it.`;
  const most = Math.min(inputs.maxUnavailable ?? inputs.parallelism ?? DEFAULT_PARALLELISM, radii.length);
  const largest = Math.max(...sizes.values());
  const together =
    largest > 1 ? `, or all of a group together (${largest}) where one rotation may reach them all` : "";
  return ` It rotates ${targets}; at most ${most} at a time ${most === 1 ? "is" : "are"} without a valid token${together}.`;
}

/** A list's progress while it rotates. */
export function describeProgress(rotated: number, failed: number, total: number, elapsedMs: number): string {
  const done = rotated + failed;
  const left = total - done;
  const estimate = rotated > 0 && left > 0 ? `, about ${humanDuration((elapsedMs / done) * left)}` : "";
  return `${rotated} of ${total} rotated, ${failed} failed, ${left} remaining${estimate}.`;
}

/** A target that failed. */
export interface Failure {
  name: string;
  error: TursoError;
}

/** The error of a list of which no target was rotated. */
export const describeFailures = (id: string, failures: readonly Failure[]): string =>
  `Rotating ${id}: none of ${failures.length} was rotated. ${describeCauses(failures)} Nothing was changed.`;

/** One sentence for each of the first causes, with the advice of the first failure that has it. */
export function describeCauses(failures: readonly Failure[]): string {
  const byCause = groupBy(failures, ({ error }) => causeOf(error));
  const causes = [...byCause.values()].map((group) => {
    const [{ error }] = group as [Failure];
    const names = nameList(group.map(({ name }) => name));
    if (group.length === 1) return `${names}: ${error.answer}. ${error.data.next}`;
    return error.isGone
      ? `${group.length} (${names}): the API says that they do not exist. Check these names and the organization.`
      : `${group.length} (${names}): ${error.answer}. ${error.data.next}`;
  });
  return firstCauses(causes);
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

/** What age counts from, where it lies in the future by this machine's clock. */
export const describeAhead = ({ rotatedAt, createdAt }: Pick<RotationState, "rotatedAt" | "createdAt">) =>
  `its ${rotatedAt === undefined ? "creation" : "last rotation"} is recorded at ${rotatedAt ?? createdAt}, which lies in the future, so a clock was wrong`;

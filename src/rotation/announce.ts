import { humanDuration } from "../values/duration";
import { nameList, scopeId, scopeOf, type Target } from "../values/scope";
import { TursoError } from "../turso/errors";
import type { Context } from "../core/context";
import { bystanders, describeImpact, survey, wholeGroups, type Impact } from "../core/blast-radius";
import { dueSince } from "./plan";
import { DEFAULT_PARALLELISM, type RotationInputs, type RotationState } from "./state";
import { UNKNOWN, hasUnknown } from "../core/unknown";

/** Tells a preview or a run what a rotation would kill; what it cannot see never stops it. */
export async function forecast(
  context: Context,
  inputs: RotationInputs,
  why: string,
  only?: Target[],
): Promise<void> {
  if (hasUnknown(inputs.scope) || (inputs.organization as unknown) === UNKNOWN) {
    context.tell(
      `A TokenRotation's scope is not known before the update: ${why}, but what it kills could not be looked up.`,
    );
    return;
  }
  const id = idOf(inputs);
  const targets = only ?? scopeOf(inputs).targets;
  const looker = context.looker(inputs.organization, { retries: 1 });
  const looks = [...(await survey(looker, targets, inputs.parallelism ?? DEFAULT_PARALLELISM)).values()];
  const impacts = looks.filter((look): look is Impact => !(look instanceof TursoError));
  const failures = looks.filter((look) => look instanceof TursoError);
  if (impacts.length > 0) context.tell(`${id}: ${why}; ${describeImpact(impacts)}`);
  const [failure] = failures;
  if (failure)
    context.tell(
      `${id}: ${why}; what it kills could not be looked up${failures.length > 1 ? ` for ${failures.length} targets` : ""} (${failure.doing.endsWith(` ${id}`) ? "" : `${failure.doing}: `}${failure.answer}).`,
    );
  const names = new Set(scopeOf(inputs).targets.map(({ name }) => name));
  if (inputs.groupImpact === "refuse" && impacts.some((impact) => bystanders(impact, names).length > 0))
    context.tell(`${id}: groupImpact is "refuse", so the update will stop before it rotates.`);
  for (const group of wholeGroups(impacts))
    context.tell(
      `${id}: the list names every database of the group "${group}"; rotating the group does the same in one call.`,
    );
}

/** Takes over what exists, without touching it. */
export async function adopt(context: Context, inputs: RotationInputs): Promise<void> {
  const id = idOf(inputs);
  const { targets } = scopeOf(inputs);
  for (const [, look] of await survey(context.looker(inputs.organization), targets, DEFAULT_PARALLELISM)) {
    if (!(look instanceof TursoError)) continue;
    if (look.isGone) throw look;
    context.tell(`${id}: whether it exists could not be looked up (${look.answer}).`);
    break;
  }
  context.tell(`${id}: adopted without rotating; its tokens stay as they are until it is due.`);
}

/** Tells of names that a list holds more than once. */
export function tellDuplicates(context: Context, inputs: RotationInputs): void {
  const { duplicates } = scopeOf(inputs);
  if (duplicates.length > 0)
    context.tell(`${idOf(inputs)}: named more than once, and rotated once: ${nameList(duplicates)}.`);
}

/** Why a rotation by age is due, and since when. */
export function describeAge(olds: RotationState, { rotateEvery }: RotationInputs, now: Date): string {
  const age = humanDuration(now.getTime() - Date.parse(olds.rotatedAt ?? olds.since));
  const due = dueSince(olds, rotateEvery, now)?.toISOString() ?? "";
  const last = olds.rotatedAt
    ? `last rotated ${olds.rotatedAt}`
    : `adopted ${olds.since} and never rotated since`;
  return `${last}, ${age} ago, and due since ${due} (rotateEvery ${rotateEvery ?? ""}), so this update rotates`;
}

const idOf = ({ organization, scope }: Pick<RotationInputs, "organization" | "scope">): string =>
  scopeId(organization, scopeOf({ scope }));

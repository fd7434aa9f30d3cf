import { parseDuration } from "../values/duration";
import { scopeOf, targetId, type Target } from "../values/scope";
import { TursoError } from "../turso/errors";
import type { CheckProblem, Context } from "../core/context";
import type { TokenInputs } from "./state";
import { hasUnknown, isPresent } from "../core/unknown";

/** The rotation that a token follows must be one that kills it. */
export async function checkRotation(
  context: Context,
  inputs: TokenInputs,
  isNew: boolean,
): Promise<CheckProblem[]> {
  const { rotation, organization } = inputs;
  if (!isPresent(rotation) || hasUnknown([rotation.scope, rotation.organization, inputs.scope, organization]))
    return [];
  const problem = (reason: string): CheckProblem[] => [{ property: "rotation", reason }];
  const target = targetOf(inputs);
  const id = targetId(organization, target);
  if (rotation.organization !== organization)
    return problem(
      `rotation is of the organization "${rotation.organization}", and this token of "${organization}": a token follows a rotation of its own organization.`,
    );
  const followed = scopeOf(rotation);
  const names = followed.targets.map(({ name }) => name);
  if (followed.kind === target.kind && names.includes(target.name)) return [];
  const missing = `rotation covers ${followed.targets
    .map((each) => targetId(organization, each))
    .slice(0, 5)
    .join(", ")}, not ${id}`;
  if (followed.kind === "database")
    return problem(`${missing}: add a rotation of ${id}, or give this token the rotation's scope.`);
  // a group's rotation covers its databases; which they are, only the API knows
  if (target.kind !== "database" || !isNew)
    return target.kind === "group" ? problem(`${missing}: add a rotation of ${id}.`) : [];
  try {
    const { group } = await context.looker(organization, { retries: 1 }).getDatabase(target.name);
    return names.includes(group) ? [] : problem(`${missing}: the database is in the group "${group}".`);
  } catch (error) {
    if (!(error instanceof TursoError)) throw error;
    context.tell(`${id}: whether its rotation covers it could not be looked up (${error.answer}).`);
    return [];
  }
}

/** Tells of durations that leave a time without a valid token. */
export function tellCalendar(context: Context, inputs: TokenInputs): void {
  if (
    hasUnknown([
      inputs.expiration,
      inputs.renewBefore,
      inputs.rotation?.rotateEvery,
      inputs.scope,
      inputs.organization,
    ])
  )
    return;
  const life = msOf(inputs.expiration);
  if (life === undefined) return;
  const id = targetId(inputs.organization, targetOf(inputs));
  const renewBefore = msOf(inputs.renewBefore);
  const every = msOf(inputs.rotation?.rotateEvery);
  if (renewBefore !== undefined && renewBefore >= life)
    context.tell(
      `${id}: renewBefore ${inputs.renewBefore ?? ""} is not below expiration ${inputs.expiration ?? ""}, so every update mints a new token.`,
    );
  if (every !== undefined && life < every && renewBefore === undefined)
    context.tell(
      `${id}: the token expires after ${inputs.expiration ?? ""}, before its next rotation by age (rotateEvery ${inputs.rotation?.rotateEvery ?? ""}); give it renewBefore or a longer expiration.`,
    );
}

const targetOf = (inputs: { scope: unknown }): Target => scopeOf(inputs).targets[0] as Target;

const msOf = (value: string | undefined): number | undefined => {
  const parsed = isPresent(value) ? parseDuration("", value) : undefined;
  return parsed && "ms" in parsed ? parsed.ms : undefined;
};

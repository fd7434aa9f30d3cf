import type { Context } from "../core/context";
import type { CheckProblem } from "../core/protocol";
import { hasUnknown, isPresent } from "../core/unknown";
import { TursoError, attempt } from "../turso/errors";
import { parseDuration } from "../values/duration";
import { ALL, namesOf, parseSubject, sameTarget, targetId, targetOf, type Subject } from "../values/scope";
import type { TokenInputs } from "./state";

/** The rotation that a token follows must be one that invalidates it. */
export async function checkRotation(
  context: Context,
  subject: Subject,
  { rotation }: TokenInputs,
  isNew: boolean,
): Promise<CheckProblem[]> {
  const { organization, id } = subject;
  const target = targetOf(subject);
  if (!isPresent(rotation) || hasUnknown([rotation.scope, rotation.organization])) return [];
  // an output of a rotation that failed, or that --target left out, is missing, which proves nothing
  if (!isPresent(rotation.scope) || !isPresent(rotation.organization)) return [];
  const problem = (reason: string): CheckProblem[] => [{ property: "rotation", reason }];
  if (rotation.organization !== organization)
    return problem(
      `rotation is of the organization "${rotation.organization}", and this token of "${organization}": a token follows a rotation of its own organization.`,
    );
  const followed = parseSubject(rotation);
  const { kind, targets } = followed;
  if (targets === ALL ? kind === target.kind : targets.some((each) => sameTarget(each, target))) return [];
  const covered =
    targets === ALL
      ? `the ${kind}s of ${organization}`
      : targets
          .slice(0, 5)
          .map((each) => targetId(organization, each))
          .join(", ");
  const missing = `rotation covers ${covered}, not ${id}`;
  switch (kind) {
    case "database":
      return problem(`${missing}: add a rotation of ${id}, or give this token the rotation's scope.`);
    case "group": {
      if (target.kind === "group") return problem(`${missing}: add a rotation of ${id}.`);
      if (!isNew || targets === ALL) return [];
      // a group's rotation covers its databases; which they are, only the API knows
      const found = await attempt(() =>
        context.lookups(organization, { retries: 1 }).getDatabase(target.name),
      );
      if (!(found instanceof TursoError))
        return namesOf(targets).includes(found.group)
          ? []
          : problem(`${missing}: the database is in the group "${found.group}".`);
      context.notify(
        "warning",
        `${id}: whether its rotation covers it could not be looked up (${found.answer}).`,
        `${id} coverage`,
      );
      return [];
    }
  }
}

/** Warns about durations that leave a time without a valid token. */
export function checkCalendar(context: Context, { id }: Subject, inputs: TokenInputs): void {
  const { expiration, renewBefore, rotation } = inputs;
  const rotateEvery = rotation?.rotateEvery;
  if (hasUnknown([expiration, renewBefore, rotateEvery])) return;
  const life = msOf(expiration);
  if (life === undefined) return;
  const early = msOf(renewBefore);
  const every = msOf(rotateEvery);
  if (early !== undefined && early >= life)
    context.notify(
      "warning",
      `${id}: renewBefore ${renewBefore ?? ""} is not shorter than expiration ${expiration ?? ""}, so every update mints a new token.`,
      `${id} renewBefore`,
    );
  if (every !== undefined && life < every && early === undefined)
    context.notify(
      "warning",
      `${id}: the token expires after ${expiration ?? ""}, before its next rotation by age (rotateEvery ${rotateEvery ?? ""}). Give it renewBefore or a longer expiration.`,
      `${id} expiration`,
    );
}

const msOf = (value: string | undefined): number | undefined => {
  const parsed = isPresent(value) ? parseDuration("", value) : undefined;
  return parsed && "ms" in parsed ? parsed.ms : undefined;
};

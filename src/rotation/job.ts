// What a create or an update hands to its run: the record so far, and what to do with each target.
import type { Saved } from "../core/protocol";
import { isPresent } from "../core/unknown";
import { own } from "../values/record";
import { namesOf, type Resolved, type Target } from "../values/scope";
import { lastTrigger, membersOf, type Plan } from "./plan";
import type { TaskPlan } from "./run/run";
import type { RotationInputs, RotationState } from "./state";

/** The state before the update's run: the new arguments, and what happened so far. */
export function recordOf(olds: RotationState, inputs: RotationInputs, plan: Plan, now: Date): RotationState {
  const { reason, held, isAhead } = plan;
  const { stateVersion, rotationId, rotationCount, rotations, failures } = olds;
  const { createdAt, rotatedAt } = datesOf(olds, isAhead, now);
  const last = lastTrigger(olds);
  const joined = reason ? [] : joinedSince(olds, plan);
  return {
    ...inputs,
    stateVersion,
    rotationId,
    rotationCount,
    rotations,
    failures,
    createdAt,
    cause: reason ?? olds.cause,
    ...(joined.length > 0 && { joined }),
    ...(rotatedAt !== undefined && { rotatedAt }),
    ...(olds.verification && { verification: olds.verification }),
    ...(olds.reach && { reach: olds.reach }),
    ...(isPresent(inputs.mint) && tokensOf(olds)),
    ...(olds.pending && { pending: olds.pending }),
    ...(olds.casualties && { casualties: olds.casualties }),
    ...(olds.replaced && { replaced: olds.replaced }),
    ...(held === "trigger" && isPresent(last) && { heldTrigger: last }),
  };
}

/** What age counts from: a clock that was ahead is corrected where it was recorded, so that no rotation is claimed that never happened. */
function datesOf({ createdAt, rotatedAt }: RotationState, isAhead: boolean, now: Date) {
  if (!isAhead) return { createdAt, rotatedAt };
  return rotatedAt === undefined
    ? { createdAt: now.toISOString(), rotatedAt }
    : { createdAt, rotatedAt: now.toISOString() };
}

/** The targets that rotated, or are to, only because they joined the list. */
const joinedSince = (olds: RotationState, { joined, rotates }: Plan): string[] => [
  ...new Set([...(olds.joined ?? []), ...namesOf(rotates.filter((target) => joined.includes(target)))]),
];

/** The tokens, and what is kept of them. */
const tokensOf = ({ tokens, endpoints, expirations, gone }: RotationState): Partial<RotationState> => ({
  ...(tokens && { tokens }),
  ...(gone && { gone }),
  ...(endpoints && { endpoints }),
  ...(expirations && { expirations }),
});

/** What a create does with each target. */
export const tasksFor = ({ targets }: Resolved, isAdopted: boolean): TaskPlan[] =>
  targets.map((target) => ({ target, isAdopted, isKnown: isAdopted }));

/** What an update does with each target. */
export function tasksOf({ subject, state }: Saved<RotationState>, plan: Plan): TaskPlan[] {
  const before = new Set(namesOf(membersOf(subject, state)));
  const { pending = {}, failures, rotations } = state;
  const isKnown = ({ name }: Target): boolean => {
    const left = own(pending, name);
    if (own(rotations, name) !== undefined || (left?.status === "not-rotated" && left.wasSeen)) return true;
    return before.has(name) && own(failures, name) === undefined;
  };
  const begun = new Set([...plan.rotates, ...plan.unfinished]);
  const joined = new Set(plan.joined);
  return [
    ...plan.rotates.map((target) => ({ target, isAdopted: false, isKnown: isKnown(target) })),
    ...plan.unfinished.map((target) => {
      const left = own(pending, target.name);
      return {
        target,
        isAdopted: left === undefined || left.status === "not-minted",
        isKnown: isKnown(target),
        ...(left && { pending: left }),
      };
    }),
    ...plan.mints
      .filter((target) => !joined.has(target))
      .map((target) => ({ target, isAdopted: true, isKnown: true, pending: own(pending, target.name) })),
    ...plan.joined
      .filter((target) => !begun.has(target))
      .map((target) => ({ target, isAdopted: true, isKnown: false, isHeld: plan.holdsJoined === true })),
  ];
}

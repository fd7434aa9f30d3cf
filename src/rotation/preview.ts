import type { Planned, Properties, Saved } from "../core/protocol";
import { UNKNOWN } from "../core/unknown";
import { namesOf } from "../values/scope";
import { recordOf } from "./job";
import { NOTHING_MINTED, nextState } from "./next-state";
import { membersOf, planUpdate } from "./plan";
import { newState, type Declaration, type RotationInputs, type RotationState } from "./state";

/** The outputs that a rotation changes. */
const OF_A_ROTATION = [
  "rotationId",
  "rotations",
  "rotationCount",
  "rotatedAt",
  "verification",
  "reach",
  "failures",
] as const satisfies (keyof RotationState)[];

/**
 * The outputs after a create or an update, as far as they are known before it; `UNKNOWN` stands for the rest. What nothing happens
 * to stays known, so that what depends on it is not previewed as a change.
 *
 * @param old undefined before a create
 */
export function preview(
  old: Saved<RotationState> | undefined,
  wanted: Planned<Declaration>,
  now: Date,
): Properties {
  const inputs = withoutFollowers(wanted.inputs);
  return old === undefined ? ofCreate(inputs, now) : ofUpdate(old, { ...wanted, inputs }, now);
}

function ofCreate(inputs: RotationInputs, now: Date): Properties {
  const isAdopted = inputs.rotateOnCreate === false || inputs.suspend === true;
  return {
    ...newState(inputs, "", now),
    createdAt: UNKNOWN,
    ...unknown(isAdopted ? ["rotationId"] : OF_A_ROTATION),
    ...(inputs.mint && { tokens: UNKNOWN, failures: UNKNOWN }),
  };
}

function ofUpdate(old: Saved<RotationState>, wanted: Planned<RotationInputs>, now: Date): Properties {
  const plan = planUpdate(old, wanted, now);
  const record = idle(recordOf(old.state, wanted.inputs, plan, now), wanted, now);
  const { rotates, unfinished, mints, joined, reason, isUndecided } = plan;
  const mayRotate = [...rotates, ...unfinished];
  // a run of the whole list may find members that only exist by then
  const isAll = reason !== undefined || isUndecided;
  const isAny = isAll || mayRotate.length > 0;
  const isMinting = wanted.inputs.mint !== undefined && (isAny || mints.length + joined.length > 0);
  const isUnfinished = Object.keys(old.state.failures).length > 0 || old.state.casualties !== undefined;
  const rotations = isAll ? UNKNOWN : { ...record.rotations, ...unknown(namesOf(mayRotate)) };
  return {
    ...record,
    ...(isAny && { ...unknown(OF_A_ROTATION), rotations }),
    ...((isMinting || isUnfinished) && { failures: UNKNOWN }),
    ...(isMinting && { tokens: UNKNOWN }),
  };
}

/** The record after a run that does nothing: members that left the scope are gone from it. */
function idle(record: RotationState, { subject, inputs }: Planned<RotationInputs>, now: Date): RotationState {
  if (subject === undefined) return record;
  const minter = inputs.mint && NOTHING_MINTED;
  const members = membersOf(subject, record);
  return nextState(
    record,
    { isList: subject.isList, isFull: false, members, results: new Map(), minter },
    now,
  );
}

const unknown = (names: readonly string[]): Properties =>
  Object.fromEntries(names.map((name) => [name, UNKNOWN]));

function withoutFollowers(declaration: Declaration): RotationInputs {
  const inputs = { ...declaration };
  delete inputs.followers;
  return inputs;
}

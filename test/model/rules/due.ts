import { durationMs } from "../../../src/values/duration";
import { isSingle, type Program } from "../schedule/program";

/** What the state should record of the TokenRotation. */
export interface Recorded {
  program: Program;
  /** The trigger of its last rotation; `suspend` keeps an earlier one. */
  trigger: Program["rotation"]["trigger"];
  ageFrom: number;
}

/** Why the program's targets are to be rotated, apart from new ones. */
export function reasonToRotate(
  recorded: Recorded | undefined,
  { rotation }: Program,
  now: number,
): { why: string; isAge: boolean } | undefined {
  const { trigger: was, ageFrom = now } = recorded ?? {};
  const is = rotation.trigger;
  if (was !== undefined && is !== undefined && triggerText(was) !== triggerText(is))
    return { why: `the trigger became ${triggerText(is)}`, isAge: false };
  if (rotation.rotateEvery === undefined || ageFrom + durationMs(rotation.rotateEvery) > now)
    return undefined;
  return { why: `its age, counted from ${new Date(ageFrom).toISOString()}, is due`, isAge: true };
}

/** A number equals the string with the same text. */
const triggerText = (trigger: unknown): string =>
  typeof trigger === "string" ? trigger : JSON.stringify(trigger);

/** A change of this replaces the resource: the kind of its scope and, for a single target, the target. */
export const identity = ({ rotation }: Pick<Program, "rotation">): string =>
  isSingle({ rotation }) ? JSON.stringify(rotation.scope) : (Object.keys(rotation.scope)[0] ?? "");

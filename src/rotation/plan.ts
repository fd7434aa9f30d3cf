import type { Planned, Saved } from "../core/protocol";
import { differs, hasUnknown, isPresent } from "../core/unknown";
import { durationMs } from "../values/duration";
import { namesOf, type Target } from "../values/scope";
import { ARGUMENTS } from "./arguments";
import type { RotationInputs, RotationState } from "./state";

/** What an update of an existing TokenRotation is to do. This is the one place that decides whether anything rotates. */
export interface Plan {
  /** Why all targets rotate; absent: they do not. */
  reason?: "trigger" | "age";
  /** Targets that joined a list, and rotate for it. */
  added: Target[];
  /** Names of targets that an earlier run did not finish. */
  unfinished: string[];
  /** Only the update will know whether it rotates. */
  isUndecided: boolean;
  /** The arguments whose change replaces the resource. */
  replaces: ("scope" | "organization")[];
  /** Whether there is anything to save or to do. */
  changes: boolean;
}

export function planUpdate(old: Saved<RotationState>, wanted: Planned<RotationInputs>, now: Date): Plan {
  const olds = old.state;
  const news = wanted.inputs;
  const replaces = (["scope", "organization"] as const).filter((key) => isReplacing(key, old, wanted));
  const isUndecided = hasUnknown([news.trigger, news.rotateEvery, news.scope]);
  const members = isUndecided ? [] : (wanted.subject?.targets ?? []);
  const unfinished = namesOf(members).filter((name) => olds.pending && Object.hasOwn(olds.pending, name));
  const reason = isUndecided ? undefined : reasonForAll(olds, news, now);
  const added = reason || news.rotateOnCreate === false ? [] : addedTargets(old, members);
  const isChanged = ARGUMENTS.some((key) => differs(olds[key], news[key]));
  return {
    ...(reason && { reason }),
    added,
    unfinished,
    isUndecided,
    replaces,
    changes: isChanged || reason !== undefined || olds.pending !== undefined,
  };
}

function reasonForAll(olds: RotationState, news: RotationInputs, now: Date): Plan["reason"] {
  // from absent to a value, or back, is a new baseline, not a change
  if (isPresent(olds.trigger) && isPresent(news.trigger) && differs(olds.trigger, news.trigger))
    return "trigger";
  // what an earlier run did not finish comes first: it may be the very rotation that is due
  return olds.pending === undefined && dueSince(olds, news.rotateEvery, now) ? "age" : undefined;
}

/** Since when a rotation by age has been due, or undefined if it is not. */
export function dueSince(
  { rotatedAt, createdAt }: Pick<RotationState, "rotatedAt" | "createdAt">,
  rotateEvery: string | undefined | null,
  now: Date,
): Date | undefined {
  if (!isPresent(rotateEvery)) return undefined;
  const due = Date.parse(rotatedAt ?? createdAt) + durationMs(rotateEvery);
  return due <= now.getTime() ? new Date(due) : undefined;
}

/** Targets that the scope has and had not. */
function addedTargets({ subject }: Saved<RotationState>, members: readonly Target[]): Target[] {
  const before = new Set(namesOf(subject.targets));
  return members.filter(({ name }) => !before.has(name));
}

/** A changed organization or a changed single target replaces the resource; members of a list may come and go. */
function isReplacing(
  key: "scope" | "organization",
  old: Saved<RotationState>,
  wanted: Planned<RotationInputs>,
): boolean {
  if (!differs(old.state[key], wanted.inputs[key])) return false;
  if (key === "organization") return true;
  const [form] = Object.keys(wanted.inputs.scope);
  return !old.subject.isList || form !== old.subject.form;
}

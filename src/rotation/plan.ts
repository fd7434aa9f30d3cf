import { durationMs } from "../values/duration";
import { scopeOf, type Target } from "../values/scope";
import { ARGUMENTS } from "./arguments";
import type { RotationInputs, RotationState } from "./state";
import { differs, hasUnknown, isPresent } from "../core/unknown";

/** What an update of an existing TokenRotation is to do. This is the one place that decides whether anything rotates. */
export interface Plan {
  /** Why all targets rotate; absent: they do not. */
  reason?: "trigger" | "age";
  /** Targets that came into a list, and are rotated for it. */
  added: Target[];
  /** Names of targets that an earlier run left unfinished. */
  unfinished: string[];
  /** Whether it rotates is only known once the update runs, which then decides. */
  undecided: boolean;
  /** The arguments whose change makes it another resource. */
  replaces: ("scope" | "organization")[];
  /** Whether anything at all is to be saved or done. */
  changes: boolean;
}

export function planUpdate(olds: RotationState, news: RotationInputs, now: Date): Plan {
  const replaces = (["scope", "organization"] as const).filter((key) => isAnother(key, olds, news));
  const undecided = hasUnknown([news.trigger, news.rotateEvery, news.scope]);
  const members = undecided ? [] : scopeOf(news).targets;
  const unfinished = members
    .map(({ name }) => name)
    .filter((name) => olds.pending && Object.hasOwn(olds.pending, name));
  const reason = undecided ? undefined : whyAll(olds, news, now);
  const added = undecided || reason || news.rotateOnCreate === false ? [] : addedTargets(olds, members);
  const isChanged = ARGUMENTS.some((key) => differs(olds[key], news[key]));
  return {
    ...(reason && { reason }),
    added,
    unfinished,
    undecided,
    replaces,
    changes: isChanged || reason !== undefined || olds.pending !== undefined,
  };
}

function whyAll(olds: RotationState, news: RotationInputs, now: Date): Plan["reason"] {
  // from absent to a value, or back, is a new baseline, not a change
  if (isPresent(olds.trigger) && isPresent(news.trigger) && differs(olds.trigger, news.trigger))
    return "trigger";
  // what an earlier run left unfinished comes first: it may be the very rotation that is due
  return olds.pending === undefined && dueSince(olds, news.rotateEvery, now) ? "age" : undefined;
}

/** Since when a rotation by age has been due, or undefined if it is not. */
export function dueSince(
  { rotatedAt, since }: Pick<RotationState, "rotatedAt" | "since">,
  rotateEvery: string | undefined | null,
  now: Date,
): Date | undefined {
  if (!isPresent(rotateEvery)) return undefined;
  const due = Date.parse(rotatedAt ?? since) + durationMs(rotateEvery);
  return due <= now.getTime() ? new Date(due) : undefined;
}

/** Targets that the scope has and had not. */
function addedTargets(olds: RotationState, members: Target[]): Target[] {
  const before = new Set(scopeOf(olds).targets.map(({ name }) => name));
  return members.filter(({ name }) => !before.has(name));
}

/** Another organization, or another single target, is another resource; the members of a list may come and go. */
function isAnother(key: "scope" | "organization", olds: RotationState, news: RotationInputs): boolean {
  if (!differs(olds[key], news[key])) return false;
  if (key === "organization") return true;
  const [before] = Object.keys(olds.scope);
  const [after] = Object.keys(news.scope);
  return before !== after || !scopeOf(olds).isList;
}

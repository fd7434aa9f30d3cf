import { renewalAt } from "../core/mint";
import type { Saved } from "../core/protocol";
import { differs, hasUnknown, isPresent } from "../core/unknown";
import { durationMs } from "../values/duration";
import { sameTrigger } from "../values/json";
import { own } from "../values/record";
import { ALL, namesOf, type Resolved, type Subject, type Target } from "../values/scope";
import { lacksToken } from "./pending";
import { ARGUMENTS } from "./arguments";
import type { MintSettings, RotationInputs, RotationState } from "./state";

/** What an update of an existing TokenRotation is to do. This is the one place that decides whether anything rotates. */
export interface Plan {
  /** Why the members rotate; absent: they do not. */
  reason?: "trigger" | "age";
  /** The reason to rotate that `suspend` holds back. */
  held?: "trigger" | "age";
  /** Targets that rotate for the reason, or because they joined a list and `rotateOnJoin` is true. */
  rotates: Target[];
  /** Targets that joined a list. */
  joined: Target[];
  /** Whether `suspend` holds back a rotation of those that joined. */
  holdsJoined?: boolean;
  /** Targets that an earlier run did not finish, and that do not rotate anew. */
  unfinished: Target[];
  /** Targets that only need a token: it is missing, expires, or is to be a different one. */
  mints: Target[];
  /** Whether the resource had no trigger before: the new one is a baseline. */
  isBaseline: boolean;
  /** Whether the last rotation lies in the future by this machine's clock: age then counts from now. */
  isAhead: boolean;
  /** Only the update will know whether it rotates. */
  isUndecided: boolean;
  /** The arguments whose change replaces the resource. */
  replaces: ("scope" | "organization")[];
  /** Whether there is anything to save or to do. */
  changes: boolean;
}

/** How far two machines' clocks may be apart. */
const CLOCK_SKEW_MS = 300_000;

export function planUpdate(
  old: Saved<RotationState>,
  wanted: { subject: Subject | Resolved | undefined; inputs: RotationInputs },
  now: Date,
): Plan {
  const olds = old.state;
  const news = wanted.inputs;
  const replaces = (["scope", "organization"] as const).filter((key) => isReplacing(key, old, wanted));
  const isUndecided = hasUnknown([news.trigger, news.rotateEvery, news.scope, news.suspend]);
  const members = isUndecided || !wanted.subject ? [] : membersOf(wanted.subject, olds);
  const isSuspended = news.suspend === true;
  const due = isUndecided ? undefined : reasonToRotate(olds, news, now);
  const joined = addedTargets(old, members);
  const rotates = isSuspended ? [] : members.filter((member) => rotatesFor(due, member, olds, news, joined));
  // which members "all" has is only known when it rotates
  const isAny = rotates.length > 0 || (wanted.subject?.targets === ALL && !isSuspended);
  const reason = isAny ? due : undefined;
  const held = isSuspended ? due : undefined;
  const isRotating = new Set(namesOf(rotates));
  const unfinished = members.filter(
    ({ name }) => !isRotating.has(name) && needsWork(olds, name, isSuspended),
  );
  const isBegun = new Set([...rotates, ...unfinished]);
  const needsToken = tokenNeeds(olds, news, now);
  const mints = members.filter((member) => !isBegun.has(member) && needsToken(member));
  const isAhead = isPresent(news.rotateEvery) && isInFuture(olds, now);
  const isChanged = ARGUMENTS.some((key) => differs(olds[key], news[key]));
  return {
    ...(reason && { reason }),
    ...(held && { held }),
    rotates,
    joined,
    ...(isSuspended && news.rotateOnJoin === true && { holdsJoined: true }),
    unfinished,
    mints,
    isBaseline: !isUndecided && !isPresent(olds.trigger) && isPresent(news.trigger),
    isAhead,
    isUndecided,
    replaces,
    changes:
      isChanged ||
      isAhead ||
      reason !== undefined ||
      rotates.length + unfinished.length + mints.length > 0 ||
      olds.casualties !== undefined ||
      Object.keys(olds.failures).length > 0,
  };
}

function rotatesFor(
  due: Plan["reason"],
  member: Target,
  { pending = {} }: RotationState,
  { rotateOnJoin }: RotationInputs,
  joined: readonly Target[],
): boolean {
  switch (due) {
    case "trigger":
      return true;
    case "age":
      // what may have happened already is resolved first: it may be the very rotation that is due
      return own(pending, member.name)?.status !== "unknown";
    case undefined:
      return rotateOnJoin === true && joined.includes(member);
  }
}

/** Tells of a target whether a token of it is to be minted although it is not rotated. */
function tokenNeeds(olds: RotationState, news: RotationInputs, now: Date): (target: Target) => boolean {
  const { mint } = news;
  if (!isPresent(mint)) return () => false;
  const { tokens = {}, endpoints = {}, gone = [], pending = {} } = olds;
  const isDue = dueTokens(olds, mint, now);
  return ({ kind, name }) => {
    if (gone.includes(name)) return false;
    if (lacksToken(own(pending, name))) return true;
    if (kind !== "group" || mint.per !== "database") return isDue(name);
    const names = Object.keys(tokens).filter((each) => own(endpoints, each)?.group === name);
    // a group without databases has none to mint, and one that gets its first joins with the next rotation
    if (names.length === 0) return olds.tokens === undefined || differs(content(olds.mint), content(mint));
    return names.some(isDue);
  };
}

/** Tells of a token, by its name, whether it is missing, to be a different one, or about to expire. */
export function dueTokens(
  { mint: before, tokens = {}, expirations = {} }: RotationState,
  mint: MintSettings | undefined,
  now: Date,
): (name: string) => boolean {
  if (!isPresent(mint)) return () => false;
  const isDifferent = differs(content(before), content(mint)); // once, and not for each of thousands
  const early = hasUnknown(mint.renewBefore) ? undefined : mint.renewBefore;
  return (name) => {
    if (isDifferent || own(tokens, name) === undefined) return true;
    const expiry = own(expirations, name);
    return expiry !== undefined && renewalAt(new Date(expiry), early).getTime() <= now.getTime();
  };
}

/** What decides a token's contents. */
const content = (mint: MintSettings | undefined) => mint && { ...mint, renewBefore: undefined };

/** @param isSuspended whether nothing may rotate: then a rotation that has not happened waits */
function needsWork({ pending = {}, failures }: RotationState, name: string, isSuspended: boolean): boolean {
  const left = own(pending, name);
  if (left === undefined) return Object.hasOwn(failures, name);
  return !isSuspended || left.status !== "not-rotated";
}

/** The trigger of the last rotation, or of the baseline. */
export const lastTrigger = (olds: RotationState): unknown =>
  "heldTrigger" in olds ? olds.heldTrigger : olds.trigger;

function reasonToRotate(olds: RotationState, news: RotationInputs, now: Date): Plan["reason"] {
  const last = lastTrigger(olds);
  // from absent to a value, or back, is a new baseline, not a change
  if (isPresent(last) && isPresent(news.trigger) && !sameTrigger(last, news.trigger)) return "trigger";
  return dueSince(olds, news.rotateEvery, now) ? "age" : undefined;
}

type Dates = Pick<RotationState, "rotatedAt" | "createdAt">;

/** When a rotation by age is next due, past or future; undefined: never. */
export const dueAt = (
  { rotatedAt, createdAt }: Dates,
  rotateEvery: string | undefined | null,
): Date | undefined =>
  isPresent(rotateEvery) ? new Date(Date.parse(rotatedAt ?? createdAt) + durationMs(rotateEvery)) : undefined;

/** Since when a rotation by age has been due, or undefined if it is not. */
export function dueSince(dates: Dates, rotateEvery: string | undefined | null, now: Date): Date | undefined {
  const due = dueAt(dates, rotateEvery);
  return due !== undefined && due.getTime() <= now.getTime() ? due : undefined;
}

/** Whether the last rotation lies in the future by this machine's clock. */
export const isInFuture = ({ rotatedAt, createdAt }: Dates, now: Date): boolean =>
  Date.parse(rotatedAt ?? createdAt) > now.getTime() + CLOCK_SKEW_MS;

/** The members of a scope without asking the API: those that it names, or of "all", those that the resource has a record of. */
export function membersOf({ kind, targets }: Subject | Resolved, state: RotationState): readonly Target[] {
  if (targets !== ALL) return targets;
  const { rotations, pending = {}, tokens = {}, endpoints = {}, mint } = state;
  const minted =
    mint?.per === "database"
      ? Object.values(endpoints).map(({ group }) => group)
      : Object.keys({ ...tokens, ...endpoints });
  const names = new Set([...Object.keys(rotations), ...Object.keys(pending), ...minted]);
  return [...names].map((name) => ({ kind, name }));
}

/** Targets that the scope has and had not. */
function addedTargets({ subject, state }: Saved<RotationState>, members: readonly Target[]): Target[] {
  const before = new Set(namesOf(membersOf(subject, state)));
  return members.filter(({ name }) => !before.has(name));
}

/** A changed organization or a changed single target replaces the resource; members of a list may come and go. */
function isReplacing(
  key: "scope" | "organization",
  old: Saved<RotationState>,
  wanted: { inputs: RotationInputs },
): boolean {
  if (!differs(old.state[key], wanted.inputs[key])) return false;
  if (key === "organization") return true;
  const [form] = Object.keys(wanted.inputs.scope);
  return !old.subject.isList || form !== old.subject.form;
}

import { renewalAt } from "../core/mint";
import { UNKNOWN, differs, hasUnknown, isPresent } from "../core/unknown";
import { sameTrigger } from "../values/json";
import { own } from "../values/record";
import { ALL, namesOf, parseSubject, targetOf, type Scope } from "../values/scope";
import { ARGUMENTS, MINTING_ARGUMENTS } from "./arguments";
import type { FollowedRotation, TokenInputs, TokenState } from "./state";

/** Why a new token is due, as the beginning of a sentence, or undefined. This is the one place that decides it. */
export function reasonToMint(olds: TokenState, news: TokenInputs, now: Date): string | undefined {
  if (olds.rejected) return REJECTED;
  const rotation = reasonOfRotation(olds, news);
  if (rotation !== undefined) return rotation;
  const changed = MINTING_ARGUMENTS.find((key) => differs(olds[key], news[key]));
  if (changed !== undefined) return `${changed} changed`;
  if (isPresent(olds.trigger) && isPresent(news.trigger) && isTriggered(olds.trigger, news.trigger))
    return "its trigger changed";
  if (olds.expiresAt === undefined || hasUnknown(news.renewBefore)) return undefined;
  const isDue = renewalAt(new Date(olds.expiresAt), news.renewBefore).getTime() <= now.getTime();
  return isDue ? `its token expires at ${olds.expiresAt}` : undefined;
}

const isTriggered = (old: unknown, now: unknown): boolean => hasUnknown(now) || !sameTrigger(old, now);

export const MAY_ROTATE = "may rotate";
export const REJECTED = "the database rejects its token";

/** Whether the rotation of the token's own target or group happened, or may have happened, since the token was minted. */
function reasonOfRotation(olds: TokenState, { rotation, scope }: TokenInputs): string | undefined {
  // in a replacement that deletes first, the engine knows nothing of the rotation, and it is about to happen
  if ((rotation as unknown) === UNKNOWN) return MAY_ROTATE;
  // an output of a rotation that failed is missing, which proves nothing
  if (!isPresent(rotation) || !isPresent(rotation.rotations) || !isPresent(rotation.scope)) return undefined;
  if (hasUnknown([rotation.rotations, rotation.scope])) return MAY_ROTATE;
  const before = olds.rotation?.rotations;
  const happened = targetsThatReach(rotation, scope, olds.endpoint?.group).some((name) => {
    const at = own(rotation.rotations, name);
    if (at === undefined) return false;
    // a rotation that the token did not follow before may be older than the token
    return before ? own(before, name) !== at : Date.parse(at) > Date.parse(olds.mintedAt);
  });
  return happened ? "its rotation happened" : undefined;
}

/**
 * Whether the rotation that a token followed has left the program, or a new one is in its place. Neither has a record of what the one
 * before rotated in a run that ended before the token's turn.
 */
export function hasLostRotation(olds: TokenState, { rotation }: TokenInputs): boolean {
  const before = Object.keys(olds.rotation?.rotations ?? {});
  if (before.length === 0 || hasUnknown(rotation)) return false;
  if (!isPresent(rotation)) return true;
  const { rotations } = rotation;
  return isPresent(rotations) && before.some((name) => own(rotations, name) === undefined);
}

/**
 * The names of the targets whose rotation invalidates a token: its own, or the group of its database.
 *
 * @param group of the database; where it is not known, each group may be the one
 */
function targetsThatReach(rotation: FollowedRotation, scope: Scope, group: string | undefined): string[] {
  const { kind, targets } = parseSubject(rotation);
  const target = targetOf(parseSubject({ ...rotation, scope }));
  const covered = targets === ALL ? Object.keys(rotation.rotations) : namesOf(targets);
  const name = kind === target.kind ? target.name : group;
  return name !== undefined && covered.includes(name) ? [name] : covered;
}

/** The arguments whose change replaces the resource. */
export const replacedBy = (olds: TokenState, news: TokenInputs): ("scope" | "organization")[] =>
  (["scope", "organization"] as const).filter((key) => differs(olds[key], news[key]));

/** Whether an argument changed that the state keeps. */
export const hasChanged = (olds: TokenState, news: TokenInputs): boolean =>
  differs(followed(olds), followed(news)) ||
  ARGUMENTS.some((key) => key !== "rotation" && differs(olds[key], news[key]));

/** The part of its rotation that a token depends on. The rest may be unknown in a preview although nothing changes. */
const followed = ({ rotation }: Pick<TokenInputs, "rotation">) =>
  rotation && [rotation.rotations, rotation.scope, rotation.organization];

import { differs, hasUnknown, isPresent } from "../core/unknown";
import { durationMs } from "../values/duration";
import { sameTrigger } from "../values/json";
import { own } from "../values/record";
import { ARGUMENTS, MINTING_ARGUMENTS } from "./arguments";
import type { TokenInputs, TokenState } from "./state";

/** Why a new token is due, as the beginning of a sentence, or undefined. This is the one place that decides it. */
export function reasonToMint(olds: TokenState, news: TokenInputs, now: Date): string | undefined {
  if (olds.rejected) return "the database rejects its token";
  const rotation = reasonOfRotation(olds, news);
  if (rotation !== undefined) return rotation;
  const changed = MINTING_ARGUMENTS.find((key) => differs(olds[key], news[key]));
  if (changed !== undefined) return `${changed} changed`;
  if (isPresent(olds.trigger) && isPresent(news.trigger) && isTriggered(olds.trigger, news.trigger))
    return "its trigger changed";
  if (olds.expiresAt === undefined || hasUnknown(news.renewBefore)) return undefined;
  const early = isPresent(news.renewBefore) ? durationMs(news.renewBefore) : 0;
  const isDue = Date.parse(olds.expiresAt) - early <= now.getTime();
  return isDue ? `its token expires at ${olds.expiresAt}` : undefined;
}

const isTriggered = (old: unknown, now: unknown): boolean => hasUnknown(now) || !sameTrigger(old, now);

export const MAY_ROTATE = "its rotation may happen";

/** Whether the rotation of the token's own target or group happened, or may have happened, since the token was minted. */
function reasonOfRotation(olds: TokenState, { rotation }: TokenInputs): string | undefined {
  // an output of a rotation that failed is missing, which proves nothing
  if (!isPresent(rotation) || !isPresent(rotation.rotations)) return undefined;
  if (hasUnknown(rotation.rotations)) return MAY_ROTATE;
  const before = olds.rotation?.rotations;
  const group = olds.endpoint?.group;
  const isOwnGroup = group !== undefined && Object.hasOwn(rotation.rotations, group);
  const happened = Object.entries(rotation.rotations).some(([name, at]) => {
    if ("groups" in rotation.scope && isOwnGroup && name !== group) return false;
    // a rotation that the token did not follow before may be older than the token
    return before ? own(before, name) !== at : Date.parse(at) > Date.parse(olds.mintedAt);
  });
  return happened ? "its rotation happened" : undefined;
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

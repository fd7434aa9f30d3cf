import { differs, hasUnknown, isPresent } from "../core/unknown";
import { durationMs } from "../values/duration";
import { ARGUMENTS, MINTING_ARGUMENTS } from "./arguments";
import type { TokenInputs, TokenState } from "./state";

/** Why a new token is due, as the beginning of a sentence, or undefined. This is the one place that decides it. */
export function reasonToMint(olds: TokenState, news: TokenInputs, now: Date): string | undefined {
  if (olds.rejected) return "the database rejects its token";
  const rotationId = news.rotation?.rotationId;
  if (rotationId !== undefined && differs(olds.rotation?.rotationId, rotationId))
    return hasUnknown(rotationId) ? "its rotation may happen" : "its rotation happened";
  const changed = MINTING_ARGUMENTS.find((key) => differs(olds[key], news[key]));
  if (changed !== undefined) return `${changed} changed`;
  if (isPresent(olds.trigger) && isPresent(news.trigger) && differs(olds.trigger, news.trigger))
    return "its trigger changed";
  if (olds.expiresAt === undefined || hasUnknown(news.renewBefore)) return undefined;
  const early = isPresent(news.renewBefore) ? durationMs(news.renewBefore) : 0;
  const isDue = Date.parse(olds.expiresAt) - early <= now.getTime();
  return isDue ? `its token expires at ${olds.expiresAt}` : undefined;
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
  rotation && [rotation.rotationId, rotation.scope, rotation.organization];

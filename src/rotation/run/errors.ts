// A run's errors that are not the API's own; `id` is that of the target: `acme/databases/app`.
import { UNUSABLE_IN_A_ROW } from "../../core/breaker";
import { TursoError, type ErrorData } from "../../turso/errors";
import { capitalise, nameList } from "../../values/text";
import type { Result } from "../next-state";

const refused = (id: string, data: Omit<ErrorData, "attempted" | "effect">): TursoError =>
  new TursoError({ ...data, attempted: `rotating ${id}`, effect: "unchanged" });

/** A name that never existed is probably a typing error. */
export const neverSeen = (id: string): TursoError =>
  refused(id, {
    answer: "the API says that it does not exist",
    isGone: true,
    next: "Check the name and the organization, or remove the name from the list.",
  });

/** @param radius the blast radius as a sentence */
export const reachesOthers = (id: string, radius: string, group: string): TursoError =>
  refused(id, {
    answer: `groupImpact is "refuse", and ${radius}`,
    next: `Rotate the group "${group}" instead, move the database to a group of its own, or set groupImpact to "warn".`,
  });

/**
 * @param names members of the same group for which the API refuses to mint
 * @param isKnown whether an earlier rotation was seen to reach the whole group
 */
export const strandsOthers = (
  id: string,
  group: string,
  names: readonly string[],
  isKnown: boolean,
): TursoError =>
  refused(id, {
    answer: `${isKnown ? "its rotation invalidates" : 'groupImpact is "refuse", and its rotation may invalidate'} the tokens of all databases of the group "${group}", and the API refuses to mint for ${nameList(names)}`,
    next: "Once the API mints for all of them, run `pulumi up` again.",
  });

/**
 * Whoever cannot mint cannot replace the tokens that the rotation invalidates.
 *
 * @param minter present if the resource itself mints
 */
export const cannotMint = (id: string, { data }: TursoError, minter: object | undefined): TursoError =>
  refused(id, {
    ...data,
    answer: `no token could be minted to replace those that the rotation invalidates: ${data.answer}`,
    next: `${data.next} To rotate without a replacement, ${minter ? "remove mint and " : ""}set verify to "off".`,
  });

export const cannotVerify = (id: string, why: string): TursoError =>
  refused(id, {
    answer: `verify is "required", and the rotation could not be verified: ${why}`,
    next: 'Fix this, or set verify to "auto" to rotate without verification.',
  });

export const noneAvailable = (id: string): TursoError =>
  refused(id, {
    answer:
      "too many targets that were rotated before it have no token yet (the limit is maxUnavailable, and one in the same group)",
    next: "Fix why their tokens could not be minted, then run `pulumi up` again.",
  });

export const rollEnded = (id: string): TursoError =>
  refused(id, {
    answer: `the API gave no usable answer to ${UNUSABLE_IN_A_ROW} rotations in a row, so the run sent no further ones`,
    next: "Once the API responds again, run `pulumi up`.",
  });

/** What a run knows of a target whose token could not be minted. */
interface Unminted {
  /** What became of its rotation in the same run. */
  result: Result | undefined;
  /** Whether a different target's rotation invalidated its tokens. */
  isReached: boolean;
  /** Whether an earlier run left its token to be minted. */
  wasDue: boolean;
  /** Whether its tokens are those of its databases, some of which may be minted. */
  isPerDatabase: boolean;
}

/** Why a target's token could not be minted, and what its consumers have to expect: the same for all members with the same cause. */
export function notMinted(error: TursoError, target: Unminted): string {
  const { data } = error;
  // a token that was minted, and that no database accepts
  if (data.changed !== undefined) return error.reason;
  const { reason } = new TursoError({
    ...data,
    answer: `minting its token failed: ${data.answer}`,
    changed: oldToken(target),
    next: `${data.next} The next \`pulumi up\` mints it.`,
  });
  const { result, isReached } = target;
  if (result?.error === undefined) return reason;
  // why it could not be rotated says more
  if (result.kind === "failed" && !isReached) return result.error.reason;
  return `${result.error.reason} ${capitalise(reason)}`;
}

function oldToken({ result, isReached, wasDue, isPerDatabase }: Unminted): string {
  const isRotated = result?.kind === "rotated" && result.isNew;
  if (isReached || (isRotated && !result.pending))
    return isPerDatabase
      ? "It was rotated, so not all of its databases have a valid token."
      : "It was rotated, so it has no valid token.";
  if (isRotated) return "It was rotated, so its old token is invalid or soon will be.";
  if (result?.kind === "unknown") return "It may have been rotated, so its old token may be invalid.";
  return wasDue
    ? "It needed a new token before this run, so its old one may be invalid."
    : "This run did not rotate it.";
}

/** A request whose response was lost. */
interface Lost {
  at: string;
  answer: string;
}

export const notResent = (id: string, { at, answer }: Lost): TursoError =>
  refused(`${id} at ${at}`, {
    answer,
    changed: "It was not carried out: old tokens are still accepted.",
    next: "It is not sent again while suspend is true.",
  });

/**
 * @param canBeResolved whether there is a canary token
 * @param why why its outcome could not be determined; a sentence
 */
export const outcomeUnknown = (
  id: string,
  { at, answer }: Lost,
  canBeResolved: boolean,
  why: string,
): TursoError =>
  new TursoError({
    attempted: `rotating ${id} at ${at}`,
    answer,
    effect: "unknown",
    changed: `Whether it was carried out is unknown. ${why} It is saved as pending and not sent again blindly: a second rotation would invalidate the tokens minted after the first.`,
    next: canBeResolved
      ? "Run `pulumi up` again: it resolves this first."
      : "Try an old token: if it is rejected, the rotation happened. To rotate for certain, change the trigger. To accept it as done, set rotateOnCreate: false and replace the resource (pulumi up --replace URN).",
  });

export const notAccepted = (id: string): TursoError =>
  new TursoError({
    attempted: `minting a token for ${id}`,
    answer: "the database rejects the new token",
    effect: "unchanged",
    changed: "It is published anyway.",
    next: "Run `pulumi up` again: it mints another one.",
  });

/** A refresh would drop the resource from the state, and the next `up` would create it anew. */
export const goneUnresolved = (id: string, at: string): TursoError =>
  new TursoError({
    attempted: `resolving the rotation of ${id} at ${at}`,
    answer: "the API says that it does not exist",
    effect: "unchanged",
    changed: "Whether that rotation invalidated old tokens stays unresolved, and nothing was sent.",
    next: "If it was deleted for good, remove the resource from the program. If it comes back, run `pulumi up` again: it resolves this first.",
  });

export const notProven = (id: string, answer: string): TursoError =>
  new TursoError({
    attempted: `verifying the rotation of ${id}`,
    answer,
    effect: "unchanged",
    changed: "The rotation itself is done and recorded.",
    next: "Run `pulumi up` again: it repeats only the check. If this keeps happening, raise verifyTimeout.",
  });

// The errors of a rotation that are not the API's own. `id` is that of the target: `acme/databases/app`.
import { UNKNOWN_IN_A_ROW } from "../core/breaker";
import { TursoError, type ErrorData } from "../turso/errors";

const refused = (id: string, data: Omit<ErrorData, "attempted" | "effect">): TursoError =>
  new TursoError({ attempted: `rotating ${id}`, effect: "unchanged", ...data });

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

/** Whoever cannot mint cannot replace the tokens that the rotation invalidates. */
export const cannotMint = (id: string, { data }: TursoError): TursoError =>
  refused(id, {
    ...data,
    answer: `no token could be minted to replace those that the rotation invalidates: ${data.answer}`,
    next: `${data.next} To rotate without a replacement, set verify to "off".`,
  });

export const cannotVerify = (id: string, why: string): TursoError =>
  refused(id, {
    answer: `verify is "required", and the rotation could not be verified: ${why}`,
    next: 'Fix this, or set verify to "auto" to rotate without verification.',
  });

export const callerGone = (id: string): TursoError =>
  refused(id, {
    answer: "the Pulumi CLI that asked for it is gone",
    next: "Run `pulumi cancel`, then `pulumi up` again.",
  });

export const rollEnded = (id: string): TursoError =>
  refused(id, {
    answer: `the outcomes of ${UNKNOWN_IN_A_ROW} rotations in a row are unknown, so the run sent no further ones`,
    next: "Once the API responds again, run `pulumi up`.",
  });

/** A request whose response was lost. */
interface Lost {
  at: string;
  answer: string;
  canary?: object | undefined;
}

export const notResent = (id: string, { at, answer }: Lost): TursoError =>
  refused(`${id} at ${at}`, {
    answer,
    changed: "It was not carried out: tokens from before it are still accepted.",
    next: "It is not sent again while suspend is true.",
  });

/** @param why why its outcome could not be determined; a sentence */
export const outcomeUnknown = (id: string, { at, answer, canary }: Lost, why: string): TursoError =>
  new TursoError({
    attempted: `rotating ${id} at ${at}`,
    answer,
    effect: "unknown",
    changed: `Whether it was carried out is unknown. ${why} It is saved as pending and not sent again blindly: a second rotation would invalidate the tokens minted after the first.`,
    next: canary
      ? "Run `pulumi up` again: it resolves this first."
      : "Try an old token: if it is rejected, the rotation happened. To rotate for certain, change the trigger. To accept it as done, set rotateOnCreate: false and replace the resource (pulumi up --replace URN).",
  });

export const notProven = (id: string, answer: string): TursoError =>
  new TursoError({
    attempted: `verifying the rotation of ${id}`,
    answer,
    effect: "unchanged",
    changed: "The rotation itself is done and recorded.",
    next: "Run `pulumi up` again: it only checks again. If this keeps happening, raise verifyTimeout.",
  });

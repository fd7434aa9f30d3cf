import * as pulumi from "@pulumi/pulumi";
import type { Follower } from "../rotation/state";
import type { AuthTokenArgs } from "./auth-token-args";

/**
 * The AuthTokens that follow a rotation, as far as the program has made them; undefined for one that the program only reads. A rotation of
 * a different copy of this package is not in here.
 */
const lists = new WeakMap<object, Follower[] | undefined>();

/** Which sorts of AuthTokens a list has: thousands may follow one rotation. */
const sorts = new WeakMap<Follower[], Set<string>>();

/**
 * A list for the AuthTokens that the program makes right after a rotation, as an input of that rotation. Its preflight tries whether tokens
 * such as theirs can be minted.
 */
export function expectFollowers(): { list: Follower[]; input: Promise<Follower[]> } {
  const list: Follower[] = [];
  return { list, input: new Promise((resolve) => setImmediate(() => resolve([...list]))) };
}

/** @param list undefined: the program only reads the rotation */
export const keepFollowers = (rotation: object, list: Follower[] | undefined): void =>
  void lists.set(rotation, list);

/** Stops a program whose token follows a rotation that was only read: it never rotates here, so the token would never be minted again. */
export function requireRotation(name: string, rotation: object | undefined): void {
  if (rotation === undefined || !lists.has(rotation) || lists.get(rotation)) return;
  throw new pulumi.RunError(
    `AuthToken "${name}": rotation was read with TokenRotation.get, so it never rotates in this stack. Nothing was changed. ` +
      "Use the rotationId of the stack that rotates as this token's trigger: see docs/operating.md.",
  );
}

/**
 * Adds an AuthToken to the list of its rotation, one of each sort, and each whose permissions or readAttach its own database may refuse. One
 * whose arguments are outputs is left out: those may depend on the rotation itself, which would wait for them.
 */
export function addFollower({ rotation, scope, permissions, readAttach }: AuthTokenArgs): void {
  const list = rotation && lists.get(rotation);
  const restrictions = { ...(permissions && { permissions }), ...(readAttach && { readAttach }) };
  const follower = { scope, ...restrictions };
  if (list === undefined || !isPlain(follower)) return;
  const isRestricted = Object.keys(restrictions).length > 0;
  const sort = JSON.stringify(isRestricted ? follower : Object.keys(scope));
  const known = sorts.get(list) ?? new Set();
  if (!known.has(sort)) list.push(follower);
  sorts.set(list, known.add(sort));
}

function isPlain(value: unknown): value is Follower {
  if (pulumi.Output.isInstance(value) || value instanceof Promise) return false;
  return typeof value !== "object" || value === null || Object.values(value).every(isPlain);
}

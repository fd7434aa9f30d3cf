import { UNKNOWN, hasUnknown, isPresent } from "../core/unknown";
import { own } from "../values/record";
import type { Scope } from "../values/scope";
import type { FollowedRotation } from "./state";

/**
 * What a token needs to know about its rotation: of a long list, only the part that concerns it. The rest may be unknown in a preview
 * although nothing happens to the token.
 *
 * @returns undefined if too little is known to take a part
 */
export function followedPart(
  rotation: FollowedRotation | undefined,
  mine: Scope,
): FollowedRotation | undefined {
  if (!isPresent(rotation) || hasUnknown([rotation.scope, mine])) return undefined;
  const { scope: covered, rotations } = rotation;
  // the outputs of a rotation that failed are missing, whatever their types say
  if (!isPresent(covered) || !isPresent(rotations) || (rotations as unknown) === UNKNOWN) return undefined;
  const scope = scopePart(covered, mine);
  return { ...rotation, scope, rotations: rotationsPart(rotations, scope) };
}

/** The token's own target where a list has it, else the beginning of the list, for a message. */
export function scopePart(covered: Scope, mine: Scope): Scope {
  const [names, name] =
    "databases" in covered && "database" in mine
      ? [covered.databases, mine.database]
      : "groups" in covered && "group" in mine
        ? [covered.groups, mine.group]
        : [];
  if (names === undefined || name === undefined) return covered;
  if (names === "all" || names.includes(name)) return mine;
  return "databases" in covered ? { databases: names.slice(0, 5) } : { groups: names.slice(0, 5) };
}

/** When the targets of a scope were rotated. */
export function rotationsPart(rotations: Record<string, string>, scope: Scope): Record<string, string> {
  const name = nameIn(scope);
  if (name === undefined) return rotations;
  const at = own(rotations, name);
  return at === undefined ? {} : { [name]: at };
}

/** The name of a scope's one target. */
function nameIn(scope: Scope): string | undefined {
  if ("database" in scope) return scope.database;
  return "group" in scope ? scope.group : undefined;
}

import { UNKNOWN, hasUnknown, isPresent } from "../core/unknown";
import type { Scope } from "../values/scope";
import { rotationsPart, scopePart } from "../values/scope-part";
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

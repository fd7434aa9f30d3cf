// What remains to be done for one target: the changes to it that more than one module makes.
import type { Pending } from "./state";

/** Whether a target's token has to be minted, whatever becomes of its rotation. */
export const lacksToken = (left: Pending | undefined): boolean =>
  left !== undefined && (left.status === "not-minted" || left.isNotMinted === true);

/** What remains to be done for a target whose token has to be minted. Nothing that was left to do before is forgotten. */
export function withoutToken(left: Pending | undefined): Pending {
  switch (left?.status) {
    case "unproven":
    case "unknown":
    case "not-rotated":
      return { ...left, isNotMinted: true };
    case "not-minted":
    case undefined:
      return { status: "not-minted" };
  }
}

/** What remains to be done for a target that waits to be rotated, beside what an adoption left. */
export const notRotated = (left: Pending | undefined): Pending => ({
  status: "not-rotated",
  ...(left?.status === "not-rotated" && left.wasSeen && { wasSeen: true }),
  ...(lacksToken(left) && { isNotMinted: true }),
});

import type { SavedCanary } from "../core/canary";
import type { Json } from "../values/json";
import type { Scope } from "../values/scope";

/** A TokenRotation's arguments, resolved; the organization is always filled in. */
export interface RotationInputs {
  scope: Scope;
  organization: string;
  trigger?: Json;
  rotateEvery?: string;
  rotateOnCreate?: boolean;
  verify?: Verify;
  verifyTimeout?: string;
  groupImpact?: GroupImpact;
  parallelism?: number;
}

/** How many targets of a list are worked on at once. */
export const DEFAULT_PARALLELISM = 8;

/**
 * What to do when a database's rotation can kill the tokens of other databases of its group: `warn` tells and goes on,
 * `refuse` stops before anything is rotated.
 */
export type GroupImpact = "warn" | "refuse";

/**
 * Whether to see that old tokens are refused: `auto` goes on without proof where that cannot be had, and says why;
 * `required` stops before rotating then, and fails while old tokens outlive `verifyTimeout`; `off` asks nothing.
 */
export type Verify = "auto" | "required" | "off";

/** `verified`: old tokens were seen refused; `unverified`: that could not be seen; `skipped`: nobody asked. */
export type Verification = "verified" | "unverified" | "skipped";

/** What the state keeps: the arguments, and what was done. Every version must read what earlier ones wrote. */
export interface RotationState extends RotationInputs {
  /** Changes exactly when a rotation happened. */
  rotationId: string;
  /** ISO 8601; absent before the first rotation. Of a list: when all its members were last due. */
  rotatedAt?: string;
  rotationCount: number;
  /** Absent before the first rotation. */
  verification?: Verification;
  /** ISO 8601: when the resource was made; age counts from here until there is a rotation. */
  since: string;
  /** By the target's name, what is left to do under this trigger; kept as a secret, for its canaries. */
  pending?: Record<string, Pending>;
}

/** What is left to do for one target. */
export type Pending =
  /** Certainly not rotated yet. */
  | { fate: "owed" }
  /** Rotated, but its old tokens were not yet seen refused, which `verify: required` asks for. */
  | { fate: "unverified"; at: string; canary: SavedCanary }
  /** Whether it was rotated is not known. */
  | { fate: "unknown"; at: string; answer: string; canary?: SavedCanary };

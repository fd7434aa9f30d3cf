import type { Endpoint } from "../core/blast-radius";
import type { SavedCanary } from "../core/canary";
import { unreadableState, withTextsParsed, type Properties } from "../core/protocol";
import type { DeadTokens } from "../core/run-ledger";
import type { Json } from "../values/json";
import type { Permission } from "../values/permissions";
import type { Scope } from "../values/scope";

/** A TokenRotation's arguments, resolved; the organization is always filled in. */
export interface RotationInputs {
  scope: Scope;
  organization: string;
  trigger?: Json;
  rotateEvery?: string;
  rotateOnCreate?: boolean;
  rotateOnJoin?: boolean;
  suspend?: boolean;
  mint?: MintSettings;
  maxUnavailable?: number;
  verify?: Verify;
  verifyTimeout?: string;
  groupImpact?: GroupImpact;
  parallelism?: number;
}

/** An AuthToken of the program that follows the rotation. */
export interface Follower {
  scope: Scope;
  permissions?: readonly Permission[];
  readAttach?: readonly string[];
}

/** What a program declares: the arguments, and what the resource class adds, which the state does not keep. */
export interface Declaration extends RotationInputs {
  /** The AuthTokens that follow the rotation: one of each sort, and each that has permissions or readAttach. */
  followers?: readonly Follower[];
}

/** Which tokens are minted right after each target's rotation. */
export interface MintSettings {
  /**
   * Whether they may read and write, or only read.
   *
   * @defaultValue `"full-access"`
   * @throws if it is not one of the two words
   */
  authorization?: "full-access" | "read-only";
  /**
   * When they expire.
   *
   * @defaultValue `"never"`
   * @throws if it is not `never` or a valid duration
   */
  expiration?: string;
  /**
   * How long before their expiry they are minted again.
   *
   * @defaultValue `undefined`: the first `up` after it
   * @throws if it is not a valid duration
   */
  renewBefore?: string;
  /**
   * Databases that they may attach and read.
   *
   * @defaultValue `undefined`
   * @throws if it is not a list of database names
   */
  readAttach?: readonly string[];
  /**
   * What they may do with which tables.
   *
   * @defaultValue `undefined`: not restricted
   * @throws if it is not a valid list of permissions
   */
  permissions?: readonly Permission[];
  /**
   * With a group: a token for each of its databases instead of one for the group.
   *
   * @defaultValue `undefined`: one for each target
   * @throws if it is a different word
   */
  per?: "database";
}

/**
 * What to do when a database's rotation can invalidate the tokens of other databases of its group: `warn` logs it and
 * continues, `refuse` stops before anything is rotated.
 */
export type GroupImpact = "warn" | "refuse";

/**
 * Whether to verify that old tokens are rejected: `auto` continues where there can be no verification, and says why; `required` stops
 * before rotating in that case, and fails while old tokens outlive `verifyTimeout`; `off` sends no request for it.
 */
export type Verify = "auto" | "required" | "off";

/** `verified`: old tokens were seen to be rejected; `unverified`: they were not; `skipped`: `verify` was off. */
export type Verification = "verified" | "unverified" | "skipped";

/** What the state keeps: the arguments, and what was done. */
export interface RotationState extends RotationInputs {
  stateVersion: 1;
  /** Changes exactly when a rotation happened. */
  rotationId: string;
  /** By the target's name, when it was last rotated, or may have been; ISO 8601. Those that it never rotated have no entry. */
  rotations: Record<string, string>;
  /** By the target's name, one sentence for each that needs another run. No secrets. */
  failures: Record<string, string>;
  /** By the name of the target, or of the database with `per`: the token; a secret. Absent without `mint`. */
  tokens?: Record<string, string>;
  /** Where each of the tokens is tried. */
  endpoints?: Record<string, Endpoint>;
  /** When each of the tokens expires; ISO 8601. Those that never expire have no entry. */
  expirations?: Record<string, string>;
  /** Members of a list that no longer exist. Nothing is minted for them until a refresh finds them again. Absent without `mint`. */
  gone?: readonly string[];
  /** By the group's name, what the last rotation in it was seen to reach. */
  reach?: Record<string, Reach>;
  /** ISO 8601; absent before the first rotation. In a list: when all its members were last due. */
  rotatedAt?: string;
  rotationCount: number;
  /** Why all of its targets were due the last time. */
  cause: Cause;
  /** Names of the targets that were due after that, because they joined the list. */
  joined?: string[];
  /** Absent before the first rotation. */
  verification?: Verification;
  /** ISO 8601: when the resource was created; age counts from here until there is a rotation. */
  createdAt: string;
  /** By the target's name, what remains to be done under this trigger; kept as a secret, because of its canary tokens. */
  pending?: Record<string, Pending>;
  /** By the SHA-256 of each, the ids of the program's tokens that its rotations invalidated and that are not minted again yet. */
  casualties?: DeadTokens;
  /** SHA-256 of dead tokens of its own that newer ones have replaced, while a TokenRotation may still count them as casualties. */
  replaced?: readonly string[];
  /** While `suspend` is true: the trigger of the last rotation, where the argument has changed since. A secret. */
  heldTrigger?: Json;
}

export type Cause = "creation" | "trigger" | "age";

/** The state of a resource that has not rotated yet. */
export const newState = (
  inputs: Pick<RotationInputs, "scope" | "organization">,
  rotationId: string,
  now: Date,
): RotationState => ({
  ...inputs,
  stateVersion: 1,
  rotationId,
  rotationCount: 0,
  cause: "creation",
  rotations: {},
  failures: {},
  createdAt: now.toISOString(),
});

/** What tells the casualties apart: their ids, numbered where several tokens of one target are dead. */
export function casualtyNames(casualties: DeadTokens): string[] {
  const counts = new Map<string, number>();
  for (const id of Object.values(casualties)) counts.set(id, (counts.get(id) ?? 0) + 1);
  return [...counts].flatMap(([id, length]) =>
    length === 1 ? [id] : Array.from({ length }, (_, i) => `${id} (${i + 1} of ${length})`),
  );
}

/** What is a secret in the state, whatever the program says: tokens, and what may contain a canary token or a secret trigger. */
export const SECRETS = ["tokens", "pending", "heldTrigger"] as const satisfies (keyof RotationState)[];

/** What is saved as one JSON text, because the engine is slow with the values inside objects. */
export const TEXTS = ["endpoints", "expirations"] as const satisfies (keyof RotationState)[];

/** What remains to be done for one target. */
export type Pending =
  /** Certainly not rotated yet. */
  | {
      status: "not-rotated";
      /** It has been seen to exist. */
      wasSeen?: boolean;
      /** Its token has to be minted too. */
      isNotMinted?: true;
    }
  /** Its token has to be minted. */
  | { status: "not-minted" }
  /**
   * Rotated, but its old tokens were not yet seen to be rejected. `isReached`: without a request of its own, because a rotation of
   * its group was seen to reach other databases.
   */
  | ({ status: "unproven"; isReached?: true } & Begun)
  /** Whether it was rotated is unknown. Without a canary token, only a person can find out. */
  | ({ status: "unknown"; answer: string } & Begun);

/** What is known of a rotation that is not finished. */
interface Begun {
  at: string;
  canaries: readonly SavedCanary[];
  /** Its token has to be minted too. */
  isNotMinted?: true;
}

/**
 * What a rotation was seen to do to each kind of token: those of the database, of its group, and of the group's other databases.
 * A kind that was not tried is absent.
 */
export interface Reach {
  /** Tokens of the database that was rotated. */
  database?: Fate;
  /** Tokens of the group. */
  group?: Fate;
  /** Tokens of the group's other databases. */
  siblings?: Fate;
}

/** Whether tokens from before a rotation were rejected or still accepted after it. */
export type Fate = "rejected" | "accepted";

/** Reads what a state of any version keeps, as the current version. Each version gets a case of its own here. */
export function readRotationState(id: string, props: Properties): RotationState {
  switch (props["stateVersion"]) {
    case 1:
      return withTextsParsed(id, props, TEXTS) as unknown as RotationState;
    default:
      throw unreadableState(id, props["stateVersion"]);
  }
}

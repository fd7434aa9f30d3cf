import type { Endpoint } from "../core/blast-radius";
import { unreadableState, type Properties } from "../core/protocol";
import type { Json } from "../values/json";
import type { Permission } from "../values/permissions";
import type { Scope } from "../values/scope";

/** What an AuthToken takes from the TokenRotation that it follows. */
export interface FollowedRotation {
  /** What it rotates. */
  scope: Scope;
  /** The organization's slug. */
  organization: string;
  /** When its targets were last rotated, by name: that of the token's own target, or of the groups that may contain it. */
  rotations: Record<string, string>;
  /** The age at which it rotates. */
  rotateEvery?: string;
}

/** An AuthToken's arguments, resolved. */
export interface TokenInputs {
  scope: Scope;
  organization: string;
  authorization?: "full-access" | "read-only";
  expiration?: string;
  readAttach?: string[];
  permissions?: Permission[];
  rotation?: FollowedRotation;
  trigger?: Json;
  renewBefore?: string;
  verify?: "auto" | "off";
  verifyTimeout?: string;
}

/** What the state keeps of an AuthToken: the arguments, and the token. */
export interface TokenState extends TokenInputs {
  stateVersion: 1;
  /** The JWT; a secret. */
  token: string;
  /** ISO 8601. */
  mintedAt: string;
  /** ISO 8601, from the JWT; absent: it never expires. */
  expiresAt?: string;
  /** Where the token was tried; absent if it never was. */
  endpoint?: Endpoint;
  /** The data plane rejects it, as a refresh found, or the minting itself. */
  rejected?: boolean;
  /** SHA-256 of dead tokens that this one has replaced, while a TokenRotation may still count them as casualties. */
  replaced?: readonly string[];
}

/** What is a secret in the state, whatever the program says. */
export const SECRETS = ["token"] as const satisfies (keyof TokenState)[];

/** Reads what a state of any version keeps, as the current version. Each version gets a case of its own here. */
export function readTokenState(id: string, props: Properties): TokenState {
  switch (props["stateVersion"]) {
    case 1:
      return props as unknown as TokenState;
    default:
      throw unreadableState(id, props["stateVersion"]);
  }
}

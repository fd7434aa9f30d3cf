import type { Json } from "../values/json";
import type { Scope } from "../values/scope";

/** What an AuthToken takes over from the TokenRotation that it follows. */
export interface FollowedRotation {
  rotationId: string;
  scope: Scope;
  organization: string;
  rotateEvery?: string;
}

/** An AuthToken's arguments, resolved. */
export interface TokenInputs {
  scope: Scope;
  organization: string;
  authorization?: "full-access" | "read-only";
  expiration?: string;
  readAttach?: string[];
  rotation?: FollowedRotation;
  trigger?: Json;
  renewBefore?: string;
  verify?: "auto" | "off";
  verifyTimeout?: string;
}

/** What the state keeps of an AuthToken. Every version must read what earlier ones wrote. */
export interface TokenState extends TokenInputs {
  /** The JWT; a secret. */
  token: string;
  /** ISO 8601. */
  mintedAt: string;
  /** ISO 8601, from the JWT; absent: it never expires. */
  expiresAt?: string;
  /** Where it was tried, and the group that its database is in; absent where nobody looked. */
  home?: { hostname: string; group: string };
  /** A refresh found that the data plane refuses it. */
  dead?: boolean;
}

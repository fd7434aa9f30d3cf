import type { FineGrainedPermission } from "../permissions";
import type { ServerGeneration } from "./generation";
import type { Ending, KeyRing } from "./keys";

/** Which clients a database or a group admits. Empty lists admit every client. */
export interface AllowRules {
  allowedIps: string[];
  /** Kept and reported, but not enforced. */
  allowedAwsVpcIds: string[];
}

/** How old tokens end after a rotation; a field that is left out inherits from the group, then from the platform. */
export type EndingOptions = { [Key in keyof Ending]?: Ending[Key] | undefined };

export interface Group extends AllowRules, EndingOptions {
  name: string;
  uuid: string;
  location: string;
  deleteProtection: boolean;
  serverGeneration: ServerGeneration;
  keys: KeyRing;
}

export interface Database extends AllowRules, EndingOptions {
  name: string;
  id: string;
  /** Grows with each creation: the order of listings. */
  sequence: number;
  group: Group;
  hostname: string;
  sizeLimit: string;
  blockReads: boolean;
  blockWrites: boolean;
  deleteProtection: boolean;
  /** Its own keys, on servers of the generation `current`. */
  keys: KeyRing | undefined;
}

export interface GroupOptions extends EndingOptions {
  location?: string | undefined;
  /** The generation of the platform if left out. */
  serverGeneration?: ServerGeneration | undefined;
}

export type DatabaseOptions = EndingOptions;

export interface RotationRecord {
  at: number;
  kind: "group" | "database";
  name: string;
  /** The databases whose tokens it invalidated. */
  databases: readonly string[];
}

export interface MintOptions {
  /** `never` (also `none` and `default`), or a duration such as `2w1d30m`. */
  expiration?: string | undefined;
  authorization?: string | undefined;
  readAttach?: string[] | undefined;
  permissions?: readonly FineGrainedPermission[] | undefined;
}

export type GroupSettings = Partial<AllowRules & Pick<Group, "deleteProtection">>;

export type DatabaseSettings = Partial<
  AllowRules & Pick<Database, "sizeLimit" | "blockReads" | "blockWrites" | "deleteProtection">
>;

/** The target of a rotation. */
export type Rotated = Pick<RotationRecord, "kind" | "name">;

/** A delay, or a function that returns the delay for a target. */
export type DeathDelay = number | ((rotated: Rotated) => number);

export interface PlatformOptions extends Omit<Ending, "deathDelayMs"> {
  deathDelayMs: DeathDelay;
  serverGeneration: ServerGeneration;
  now: () => number;
}

/** Gives each database an address of its own and deletes its data; what the data plane does for the platform. */
export interface Hosting {
  open(databaseName: string): Promise<string>;
  discard(databaseName: string): void;
  /** Closes every address. */
  clear(): Promise<void>;
}

export type TokenValidity = "valid" | "invalid" | "expired" | "other-database";

/** What the data plane of a database determines about a token. */
export interface Inspection {
  state: TokenValidity;
  readOnly: boolean;
  /** Absent for a token that was minted without fine-grained permissions. */
  permissions?: readonly FineGrainedPermission[] | undefined;
}

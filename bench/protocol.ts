import type { ServerGeneration } from "../emulator/src";

/** The kinds of requests that are counted separately. `canary`: a mint of a token that no consumer gets; `refused`: answered with 429. */
export type CountedRequest = "rotate" | "mint" | "canary" | "probe" | "list" | "get" | "refused";

/** What the emulator's process is started with. */
export interface World {
  databases: number;
  /** How many databases share a group; all of them if absent. */
  perGroup?: number;
  latencyMs: number;
  generation?: ServerGeneration;
  deathDelayMs?: number;
  requestsPerSecond?: number;
}

/** What a line on the emulator's standard input may ask for; each is answered with a tally. */
export type Command = "take" | "hang" | "hang after a rotation" | "heal";

export interface Hello {
  url: string;
  token: string;
  organization: string;
  names: string[];
}

/** The dark window of one member, in milliseconds since 1970. */
export interface Window {
  name: string;
  /** When the rotation that reached the member arrived, which is when it takes effect. */
  from: number;
  /** When the response with a new token was sent. */
  minted?: number;
  /** When the database's response that accepts the new token was sent. */
  accepted?: number;
}

export interface Tally {
  calls: Record<CountedRequest, number>;
  /** Milliseconds since 1970: when the first request arrived, and when the last response was sent. */
  firstAt?: number;
  lastAt?: number;
  /** For how long at least one request was in flight. */
  busyMs: number;
  /** When the responses to the last rotation and the last mint were sent. */
  rotatedAt?: number;
  mintedAt?: number;
  /** One for each member and rotation that reached it. */
  windows: Window[];
}

/** The group that all databases are in, unless a world says differently. */
export const GROUP = "tenants";

import type { FaultAction } from "../../../emulator/src";

/** The kinds of request that the provider sends. */
export type RequestKind = "rotate" | "mint" | "read" | "probe";

/** What goes wrong with a request, named after what the server does. */
export type Trouble =
  | "drop"
  | "hang"
  | "truncate"
  | "500"
  | "502"
  | "504"
  | "408"
  | "web page"
  | "503"
  | "503, Retry-After 0"
  | "503, Retry-After 3600"
  | "429"
  | "429, Retry-After 1"
  | "429, Retry-After 3600"
  | "404 of something else"
  | "403"
  /** A proxy or a sign-in page answers in the database's place. */
  | "foreign 401"
  | "foreign 401 in JSON"
  /** The database itself rejects every token for a moment, as an edge that restarts may do. */
  | "stray 401"
  /** The request hangs, and the platform carries it out after the client has timed out. */
  | "late by 1 s"
  | "late by 2 h";

export interface PlannedFault {
  on: RequestKind;
  /** How many requests of this kind succeed first. */
  skip: number;
  times: number;
  when: "before" | "after";
  trouble: Trouble;
}

const status = (code: number, headers?: Record<string, string>, body?: string): FaultAction => ({
  type: "status",
  status: code,
  ...(headers && { headers }),
  ...(body !== undefined && { body }),
});

const ACTIONS: Record<Trouble, FaultAction> = {
  drop: { type: "drop" },
  hang: { type: "hang" },
  truncate: { type: "truncate" },
  "500": status(500),
  "502": status(502, {}, "<html><head><title>502 Bad Gateway</title></head></html>"),
  "504": status(504, {}, ""),
  "408": status(408),
  "web page": status(200, {}, "<!doctype html><html><title>Sign in</title></html>"),
  "503": status(503),
  "503, Retry-After 0": status(503, { "retry-after": "0" }),
  "503, Retry-After 3600": status(503, { "retry-after": "3600" }),
  "429": status(429),
  "429, Retry-After 1": status(429, { "retry-after": "1" }),
  "429, Retry-After 3600": status(429, { "retry-after": "3600" }),
  "404 of something else": status(404, {}, '{"error":"not found"}'),
  "403": status(403, {}, '{"error":"forbidden"}'),
  "foreign 401": status(401, {}, "<html><head><title>401 Authorization Required</title></head></html>"),
  "foreign 401 in JSON": status(401, {}, '{"error":"Unauthorized"}'),
  "stray 401": status(401, {}, '{"error":"Unauthorized: `The JWT is invalid`"}'),
  "late by 1 s": { type: "hang" },
  "late by 2 h": { type: "hang" },
};

/** Responses that a server sends only if it did nothing. */
const REFUSALS = /^(429|404|403)/;
const REJECTIONS = /401/;

export const actionOf = ({ trouble }: PlannedFault): FaultAction => ACTIONS[trouble];

/**
 * Excludes a server that did something and claims the opposite. Only rotations can be executed late, and only a database
 * rejects tokens. It does so twice at most: whatever rejects all tokens for longer is not what a run can tell from a rotation.
 */
export const isPossible = ({ on, when, trouble, times }: PlannedFault): boolean =>
  !(REFUSALS.test(trouble) && when === "after") &&
  !(REJECTIONS.test(trouble) && on !== "probe") &&
  !(trouble === "stray 401" && times > 5) &&
  !(trouble.startsWith("late") && (on !== "rotate" || when === "after"));

/** Whether the client cannot know if the request was carried out. */
export const losesResponse = ({ trouble }: PlannedFault): boolean => !REFUSALS.test(trouble);

export const lateness = ({ trouble }: PlannedFault): number | undefined =>
  trouble === "late by 1 s" ? 1_000 : trouble === "late by 2 h" ? 7_200_000 : undefined;

/**
 * Where a process crashes: at its nth request, or before the engine saves its nth resource. Where its CLI is killed, it lives on, and
 * what it sends from then on arrives after the next `up`.
 */
export type Crash =
  | { at: number; when: "before it is sent" | "while waiting for the response" | "its CLI is killed" }
  | { at: "the save"; of: number };

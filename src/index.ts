/**
 * Resources for Pulumi programs that rotate Turso's database and group tokens and mint new ones.
 *
 * Connection: stack config `turso:apiToken` (a secret), `turso:organization` and `turso:apiUrl`; else the environment's
 * `TURSO_API_TOKEN`, `TURSO_ORGANIZATION` and `TURSO_API_BASEURL`. The URL's default is `https://api.turso.tech`.
 *
 * @packageDocumentation
 */
export { AuthToken } from "./resources/auth-token";
export type { AuthTokenArgs } from "./resources/auth-token-args";
export type { Json } from "./values/json";
export type { Fate, GroupImpact, MintSettings, Reach, Verification, Verify } from "./rotation/state";
export type { Action, Permission } from "./values/permissions";
export type { Scope } from "./values/scope";
export type { ScopeArgs } from "./resources/scope-args";
export { TokenRotation } from "./resources/token-rotation";
export type { MintArgs, TokenRotationArgs } from "./resources/token-rotation-args";

/**
 * Resources for Pulumi programs that rotate Turso's database and group tokens, and mint them anew.
 *
 * Connection: stack config `turso:apiToken` (a secret), `turso:organization` and `turso:apiUrl`; else the environment's
 * `TURSO_API_TOKEN`, `TURSO_ORGANIZATION` and `TURSO_API_BASEURL`. The URL's default is `https://api.turso.tech`.
 *
 * @packageDocumentation
 */
export { AuthToken, type AuthTokenArgs } from "./auth-token";
export type { Json } from "./json";
export type { GroupImpact, Verification, Verify } from "./provider/rotation-state";
export type { Scope } from "./scope";
export { TokenRotation, type ScopeArgs, type TokenRotationArgs } from "./token-rotation";

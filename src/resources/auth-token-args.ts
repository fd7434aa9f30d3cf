import type * as pulumi from "@pulumi/pulumi";
import type { Json } from "../values/json";
import type { Permission } from "../values/permissions";
import type { TokenRotation } from "./token-rotation";

/**
 * The arguments of an AuthToken.
 *
 * The preview rejects an invalid or unknown argument, names it, and says what to use instead; nothing is minted then.
 */
export interface AuthTokenArgs {
  /**
   * What the token is for: `{ database: "NAME" }` or `{ group: "NAME" }`. Changing it replaces the resource.
   *
   * @defaultValue `none`: required
   * @throws if it is missing, does not have exactly one of the two keys, or contains an invalid name
   */
  scope: pulumi.Input<{ database: pulumi.Input<string> } | { group: pulumi.Input<string> }>;
  /**
   * The organization's slug. Changing it replaces the resource. A machine's environment never moves a resource that
   * exists.
   *
   * @defaultValue stack config `turso:organization`, else what the resource has, else `TURSO_ORGANIZATION`
   * @throws if none of these sets it, or if it is not a valid name
   */
  organization?: pulumi.Input<string> | undefined;
  /**
   * Whether the token may read and write, or only read.
   *
   * @defaultValue `"full-access"`
   * @throws if it is not one of the two words
   */
  authorization?: pulumi.Input<"full-access" | "read-only"> | undefined;
  /**
   * When the token expires: `never`, or after a duration such as `120d` or `2w1d30m`, in units w d h m s.
   *
   * @defaultValue `"never"`
   * @throws if it is not `never` or a valid duration
   */
  expiration?: pulumi.Input<string> | undefined;
  /**
   * Names of databases that a session with this token may attach and read. Turso has deprecated ATTACH.
   *
   * @defaultValue `undefined`
   * @throws if it is not a list of database names
   */
  readAttach?: pulumi.Input<pulumi.Input<string>[]> | undefined;
  /**
   * What the token may do with which tables; without it, everything that `authorization` allows. Some databases refuse
   * permissions: Turso then answers 400, and nothing is minted.
   *
   * @defaultValue `undefined`: not restricted
   * @throws if it is not a list of `{ tables, actions }`, or contains an unknown action
   * @see https://docs.turso.tech/api-reference/databases/create-token
   */
  permissions?: pulumi.Input<pulumi.Input<Permission>[]> | undefined;
  /**
   * The rotation that invalidates this token: a new token is minted after each of its rotations.
   *
   * @defaultValue `undefined`: it follows no rotation
   * @throws if it is in a different organization, or does not cover the token's scope
   */
  rotation?: TokenRotation | undefined;
  /**
   * Any JSON value. When it changes, a new token is minted while the old one stays valid, so that consumers can move over
   * before a rotation invalidates the old one. A change from absent to a value, or back, mints nothing. The trigger may be
   * a secret.
   *
   * @defaultValue `undefined`
   * @throws if it contains a value that JSON cannot represent
   */
  trigger?: pulumi.Input<Json> | undefined;
  /**
   * Mints a new token at the first `up` within this time before the old one expires, in units w d h m s. Until then, both
   * are valid.
   *
   * @defaultValue `undefined`: the first `up` after its expiry
   * @throws if it is not a valid duration
   */
  renewBefore?: pulumi.Input<string> | undefined;
  /**
   * `auto` publishes the token once the database accepts it, and warns if it does not; `off` sends no request for that.
   *
   * @defaultValue `"auto"`
   * @throws if it is not one of the two words
   */
  verify?: pulumi.Input<"auto" | "off"> | undefined;
  /**
   * How long to wait while the database rejects the token, in units w d h m s. A token is withheld for at most ten seconds while the
   * database says nothing about it.
   *
   * @defaultValue `"60s"`
   * @throws if it is not a valid duration
   */
  verifyTimeout?: pulumi.Input<string> | undefined;
}

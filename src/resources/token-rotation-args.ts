import type * as pulumi from "@pulumi/pulumi";
import type { GroupImpact, Verify } from "../rotation/state";
import type { Json } from "../values/json";
import type { Permission } from "../values/permissions";
import type { ScopeArgs } from "./scope-args";

/**
 * The arguments of a TokenRotation.
 * The preview rejects an invalid argument, names it, and says what to use instead; nothing is rotated then. An unknown
 * argument is an error too: with a typing error in `rotateEvery`, the resource would otherwise silently never rotate.
 */
export interface TokenRotationArgs {
  /**
   * What to rotate: exactly one of `{ database: "NAME" }`, `{ group: "NAME" }`, `{ databases: [...] }`, `{ groups: [...] }`. In place
   * of a list, `"all"` stands for every database or group that the organization has when a rotation runs; one that appears later joins
   * at the next rotation.
   *
   * Changing a single target replaces the resource: the new target is rotated and the old one is not touched. A name that
   * joins a list rotates with the next rotation; see `rotateOnJoin`. Removing a name from the list does nothing to that
   * target. A name given twice counts once.
   *
   * @defaultValue `none`: required
   * @throws if it is missing, does not have exactly one of the four keys, is an empty list, or contains an invalid name
   * @throws during the `up`, if the organization has none that `"all"` could stand for, or the API token may not list the organization
   */
  scope: pulumi.Input<ScopeArgs>;
  /**
   * Any JSON value. The tokens are rotated when it changes. Values are compared deeply, regardless of the order of keys,
   * and a number or boolean equals the string with the same text: `2` and `"2"` are the same trigger, because stack config,
   * YAML and environment variables disagree about types. A change from absent to a value, or back, is a new baseline: it rotates
   * nothing, and the preview warns. The trigger may be a secret. Never use the current time: each `up` would rotate.
   *
   * @defaultValue `undefined`; required unless `rotateEvery` is given
   * @throws if both are missing, or if it contains a value that JSON cannot represent
   */
  trigger?: pulumi.Input<Json> | undefined;
  /**
   * Rotates at the first `up` after this age, counted from `rotatedAt`, or from the creation of the resource before its
   * first rotation: `90d`, `2w1d30m`. Units w d h m s, whole numbers, largest first, at most 100 years. Nothing happens
   * between two runs.
   *
   * @defaultValue `undefined`: never by age
   * @throws if it is not a valid duration
   */
  rotateEvery?: pulumi.Input<string> | undefined;
  /**
   * `false` adopts what exists: the first rotation happens when it is due.
   *
   * @defaultValue `true`
   * @throws if it is not a boolean
   */
  rotateOnCreate?: pulumi.Input<boolean> | undefined;
  /**
   * Whether a name that joins a list later is rotated when it joins. `false` adopts it: it rotates with the next rotation.
   * Adding a tenant must not be an outage for the others of its group.
   *
   * @defaultValue `false`
   * @throws if it is not a boolean
   */
  rotateOnJoin?: pulumi.Input<boolean> | undefined;
  /**
   * `true` holds every rotation back: neither the trigger nor age rotates, and the preview says what is held back. After it
   * is set back to `false`, what is due rotates.
   *
   * @defaultValue `false`
   * @throws if it is not a boolean
   */
  suspend?: pulumi.Input<boolean> | undefined;
  /**
   * Mints a token for each target right after its rotation, into the output `tokens`: no target waits for its token until the
   * others are rotated too. Removing it forgets the tokens; they stay valid until the next rotation.
   *
   * @defaultValue `undefined`: nothing is minted
   * @throws if it has an unknown member, an invalid one, or a `renewBefore` that is not shorter than `expiration`
   */
  mint?: pulumi.Input<MintArgs> | undefined;
  /**
   * How many targets may be without a valid token at the same time: from a target's rotation until its new token is accepted. When
   * the limit is reached by targets whose minting fails, no further target is rotated. Only used with `mint`.
   *
   * @defaultValue the value of `parallelism`
   * @throws if it is not a whole number from 1 to 10000
   */
  maxUnavailable?: pulumi.Input<number> | undefined;
  /**
   * The organization's slug. Changing it replaces the resource. A machine's environment never moves a resource that
   * exists.
   *
   * @defaultValue stack config `turso:organization`, else what the resource has, else `TURSO_ORGANIZATION`
   * @throws if none of these sets it, or if it is not a valid name
   */
  organization?: pulumi.Input<string> | undefined;
  /**
   * Whether to verify that old tokens are rejected, with a read-only canary token that is minted before the rotation and
   * expires after seven days.
   *
   * @defaultValue `"auto"`
   * @throws if it is not one of the three words
   */
  verify?: pulumi.Input<Verify> | undefined;
  /**
   * How long to wait until old tokens are rejected, in units w d h m s. It also decides when a rotation whose response was
   * lost counts as not done. Raise it if old tokens stay valid for longer after a rotation.
   *
   * @defaultValue `"60s"`
   * @throws if it is not a valid duration
   */
  verifyTimeout?: pulumi.Input<string> | undefined;
  /**
   * What to do when a database's rotation can invalidate the tokens of other databases of its group, which depends on the
   * generation of Turso's servers.
   *
   * @defaultValue `"warn"`
   * @throws if it is not one of the two words
   * @see https://docs.turso.tech/cli/db/tokens/invalidate
   */
  groupImpact?: pulumi.Input<GroupImpact> | undefined;
  /**
   * How many targets of a list are processed in parallel.
   *
   * @defaultValue `8`
   * @throws if it is not a whole number from 1 to 100
   */
  parallelism?: pulumi.Input<number> | undefined;
}

/**
 * Which tokens a TokenRotation mints.
 */
export interface MintArgs {
  /**
   * Whether the tokens may read and write, or only read.
   *
   * @defaultValue `"full-access"`
   * @throws if it is not one of the two words
   */
  authorization?: pulumi.Input<"full-access" | "read-only"> | undefined;
  /**
   * When the tokens expire: `never`, or after a duration such as `120d`, in units w d h m s.
   *
   * @defaultValue `"never"`
   * @throws if it is not `never` or a valid duration
   */
  expiration?: pulumi.Input<string> | undefined;
  /**
   * Mints a new token at the first `up` within this time before the old one expires, without a rotation.
   *
   * @defaultValue `undefined`: the first `up` after its expiry
   * @throws if it is not a valid duration, or not shorter than `expiration`
   */
  renewBefore?: pulumi.Input<string> | undefined;
  /**
   * Names of databases that a session with these tokens may attach and read. Turso has deprecated ATTACH.
   *
   * @defaultValue `undefined`
   * @throws if it is not a list of database names
   */
  readAttach?: pulumi.Input<pulumi.Input<string>[]> | undefined;
  /**
   * What the tokens may do with which tables. Some databases refuse permissions: then nothing is rotated.
   *
   * @defaultValue `undefined`: not restricted
   * @throws if it is not a list of `{ tables, actions }`, or contains an unknown action
   */
  permissions?: pulumi.Input<pulumi.Input<Permission>[]> | undefined;
  /**
   * With a group: `"database"` mints a token for each of its databases instead of one for the group.
   *
   * @defaultValue `undefined`: one token for each target
   * @throws if it is a different word, or if the scope names databases
   */
  per?: pulumi.Input<"database"> | undefined;
}

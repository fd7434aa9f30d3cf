import * as pulumi from "@pulumi/pulumi";
import {
  failRun,
  providerText,
  requireJson,
  requireNode,
  typeToken,
  type OutputsToCome,
} from "./dynamic-resource";
import type { Json } from "../values/json";
import type { GroupImpact, Reach, RotationInputs, Verification, Verify } from "../rotation/state";
import type { Scope } from "../values/scope";
import type { ScopeArgs } from "./scope-args";

/**
 * The arguments of a {@link TokenRotation}.
 * The preview rejects an invalid argument, names it, and says what to use instead; nothing is rotated then. An unknown
 * argument is an error too: with a typing error in `rotateEvery`, the resource would otherwise silently never rotate.
 */
export interface TokenRotationArgs {
  /**
   * What to rotate: exactly one of `{ database: "NAME" }`, `{ group: "NAME" }`, `{ databases: [...] }`, `{ groups: [...] }`.
   *
   * Changing a single target replaces the resource: the new target is rotated and the old one is not touched. A name that
   * joins a list rotates with the next rotation; see `rotateOnJoin`. Removing a name from the list does nothing to that
   * target. A name given twice counts once.
   *
   * @defaultValue `none`: required
   * @throws if it is missing, does not have exactly one of the four keys, is an empty list, or contains an invalid name
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
   * The organization's slug. Changing it replaces the resource. A machine's environment never moves a resource that
   * exists.
   *
   * @defaultValue stack config `turso:organization`, else what the resource has, else `TURSO_ORGANIZATION`
   * @throws if none of these sets it, or if it is not a valid name
   */
  organization?: pulumi.Input<string> | undefined;
  /**
   * Whether to verify that old tokens are rejected, with a short-lived read-only canary token that is minted before the
   * rotation.
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
 * Invalidates every token of Turso databases or groups: when it is created, when its trigger changes, and when it is due
 * by age. It rotates at no other time: not in a preview, a refresh or a destroy, and not for a changed argument or a new
 * version of anything.
 *
 * Turso's tokens are stateless JWTs that cannot be listed or revoked one by one. {@link AuthToken} mints new ones after
 * each rotation. Destroying the resource leaves the tokens as they are.
 *
 * Its `id` is `acme/groups/default` or `acme/databases/app`; the id of a list is `acme/databases`, whatever its members.
 *
 * @example
 * ```ts
 * import * as pulumi from "@pulumi/pulumi";
 * import { TokenRotation } from "pulumi-turso-tokens";
 *
 * const config = new pulumi.Config();
 * const rotation = new TokenRotation("app", {
 *   scope: { group: "default" },
 *   trigger: config.require("rotation"),
 *   rotateEvery: "90d",
 * });
 *
 * export const rotatedAt = rotation.rotatedAt;
 * ```
 * @see https://docs.turso.tech/api-reference/groups/invalidate-tokens
 * @see https://docs.turso.tech/api-reference/databases/invalidate-tokens
 */
export class TokenRotation extends pulumi.CustomResource {
  /** What it rotates, as given. */
  declare readonly scope: pulumi.Output<Scope>;
  /** The organization's slug, wherever it was set. */
  declare readonly organization: pulumi.Output<string>;
  /** The trigger of the last `up`; absent if there was none. */
  declare readonly trigger: pulumi.Output<Json | undefined>;
  /** As given; absent: it never rotates by age. */
  declare readonly rotateEvery: pulumi.Output<string | undefined>;
  /** As given; absent counts as `true`. */
  declare readonly rotateOnCreate: pulumi.Output<boolean | undefined>;
  /** As given; absent counts as `false`. */
  declare readonly rotateOnJoin: pulumi.Output<boolean | undefined>;
  /** As given; absent counts as `false`. */
  declare readonly suspend: pulumi.Output<boolean | undefined>;
  /** As given; absent counts as `"auto"`. */
  declare readonly verify: pulumi.Output<Verify | undefined>;
  /** As given; absent counts as `"60s"`. */
  declare readonly verifyTimeout: pulumi.Output<string | undefined>;
  /** As given; absent counts as `"warn"`. */
  declare readonly groupImpact: pulumi.Output<GroupImpact | undefined>;
  /** As given; absent counts as `8`. */
  declare readonly parallelism: pulumi.Output<number | undefined>;
  /** Changes exactly when a rotation happened or may have happened. Whatever must follow a rotation depends on it. */
  declare readonly rotationId: pulumi.Output<string>;
  /**
   * By the target's name, when it was last rotated, or may have been; ISO 8601. What follows a target depends on its entry
   * alone. One that was never rotated has none.
   */
  declare readonly rotations: pulumi.Output<Record<string, string>>;
  /**
   * By the target's name, one sentence for each that needs another run; no secrets. While it is not empty, the `up` ends
   * with an error, after everything that depends on this resource was updated.
   */
  declare readonly failures: pulumi.Output<Record<string, string>>;
  /** When the last rotation happened, ISO 8601; absent before the first. In a list: the last rotation of all its members. */
  declare readonly rotatedAt: pulumi.Output<string | undefined>;
  /** By the group's name, which tokens the last rotation in it was seen to reach; a kind that was not tried is absent. */
  declare readonly reach: pulumi.Output<Record<string, Reach> | undefined>;
  /** How many rotations this resource has made; a run over a list counts once. */
  declare readonly rotationCount: pulumi.Output<number>;
  /** Whether old tokens were seen to be rejected after the last rotation; absent before the first. In a list: the worst. */
  declare readonly verification: pulumi.Output<Verification | undefined>;

  /**
   * Declares a rotation. It rotates in the `up` that creates it, unless `rotateOnCreate` is false.
   * @param name the resource's name in the stack; rename it with `aliases`, otherwise it is a new resource and rotates
   * @param args what to rotate, and when
   * @param opts Pulumi's options, such as `aliases`, `ignoreChanges` or `dependsOn`
   * @throws pulumi.RunError if the trigger contains what JSON cannot represent: a function, itself, a class instance
   * @throws pulumi.RunError during the `up`, if some targets failed
   */
  constructor(name: string, args: TokenRotationArgs, opts?: pulumi.CustomResourceOptions) {
    super(typeToken("TokenRotation"), name, properties(name, args), pulumi.mergeOptions(opts, SECRETS));
    pulumi.all([this.id, this.failures]).apply(([id, failures]) => failRun(id, failures));
  }

  /**
   * Reads a target without managing or rotating it.
   * @param name the resource's name in the stack
   * @param id `acme/groups/default` or `acme/databases/app`
   * @param opts Pulumi's options
   * @returns the rotation, with `rotationCount` 0: this stack has never rotated it
   * @throws an error of the run, if the target does not exist or the id has a different form
   * @example
   * ```ts
   * import { TokenRotation } from "pulumi-turso-tokens";
   *
   * export const seen = TokenRotation.get("seen", "acme/groups/default").id;
   * ```
   */
  static get(name: string, id: pulumi.Input<pulumi.ID>, opts?: pulumi.CustomResourceOptions): TokenRotation {
    return new TokenRotation(name, {} as TokenRotationArgs, { ...opts, id });
  }
}

/** What an unfinished rotation leaves in the state may contain a canary token, so it is always secret. */
const SECRETS: pulumi.CustomResourceOptions = { additionalSecretOutputs: ["pending", "heldTrigger"] };

/** The properties to register: the arguments and the outputs. */
function properties(name: string, args: TokenRotationArgs): Record<string, unknown> {
  requireNode(process.versions, process.env["PATH"]);
  requireJson(`TokenRotation "${name}": trigger`, args.trigger);
  const outputs: OutputsToCome<TokenRotation, RotationInputs> = {
    rotationId: undefined,
    rotations: undefined,
    failures: undefined,
    reach: undefined,
    rotatedAt: undefined,
    rotationCount: undefined,
    verification: undefined,
  };
  return { ...ABSENT, ...args, ...outputs, __provider: providerText("TokenRotation") };
}

/** The engine only fills in what was registered. */
const ABSENT: Record<keyof RotationInputs, undefined> = {
  scope: undefined,
  organization: undefined,
  trigger: undefined,
  rotateEvery: undefined,
  rotateOnCreate: undefined,
  rotateOnJoin: undefined,
  suspend: undefined,
  verify: undefined,
  verifyTimeout: undefined,
  groupImpact: undefined,
  parallelism: undefined,
};

import * as pulumi from "@pulumi/pulumi";
import { providerText, requireJson, requireNode, typeToken, type OutputsToCome } from "./dynamic-resource";
import type { Json } from "../values/json";
import type { GroupImpact, RotationInputs, Verification, Verify } from "../rotation/state";
import type { Scope } from "../values/scope";

/**
 * The arguments of a {@link TokenRotation}.
 *
 * A wrong one is told by the preview, with its name and what to give instead; nothing is rotated then. An argument that
 * is not known here is an error too: a typing error in `rotateEvery` would otherwise silently never rotate.
 */
export interface TokenRotationArgs {
  /**
   * What to rotate: exactly one of `{ database: "NAME" }`, `{ group: "NAME" }`, `{ databases: [...] }`, `{ groups: [...] }`.
   *
   * Another single target replaces the resource: the new one is rotated, the old one left alone. A name that comes into
   * a list is rotated, unless `rotateOnCreate` is false; one that leaves it is left alone. A name given twice counts once.
   *
   * @defaultValue `none`: required
   * @throws if it is missing, has none or several of the four keys, is an empty list, or holds what is no name
   */
  scope: pulumi.Input<ScopeArgs>;
  /**
   * Any JSON value. The tokens are rotated when it changes, compared deeply and without regard to the order of keys:
   * `1` and `"1"` differ, `{ a: 1, b: 2 }` and `{ b: 2, a: 1 }` do not. From absent to a value, or back, is a new
   * baseline and rotates nothing. It may be a secret. Never give it the time of day: each `up` would rotate.
   *
   * @defaultValue `undefined`; required unless `rotateEvery` is given
   * @throws if both are missing, or if it holds what JSON cannot
   */
  trigger?: pulumi.Input<Json> | undefined;
  /**
   * Rotates at the first `up` after this age, counted from `rotatedAt` (or from the resource's making, while there was
   * no rotation): `90d`, `2w1d30m`. Units w d h m s, whole numbers, largest first, at most 100 years. Nothing happens
   * between two runs.
   *
   * @defaultValue `undefined`: never by age
   * @throws if it is no such duration
   */
  rotateEvery?: pulumi.Input<string> | undefined;
  /**
   * `false` adopts what exists: the first rotation happens when it is due.
   *
   * @defaultValue `true`
   * @throws if it is neither true nor false
   */
  rotateOnCreate?: pulumi.Input<boolean> | undefined;
  /**
   * The organization's slug. Another one replaces the resource. A machine's environment never moves a resource that
   * exists.
   *
   * @defaultValue stack config `turso:organization`, else what the resource has, else `TURSO_ORGANIZATION`
   * @throws if none of them gives it, or if it is no name
   */
  organization?: pulumi.Input<string> | undefined;
  /**
   * Whether to see, with a short-lived read-only token minted before, that old tokens are refused.
   *
   * @defaultValue `"auto"`
   * @throws if it is none of the three words
   */
  verify?: pulumi.Input<Verify> | undefined;
  /**
   * How long to wait for old tokens to die, in units w d h m s. It also decides when a rotation whose answer was lost is
   * taken as not done: where old tokens live on for long after a rotation, raise it.
   *
   * @defaultValue `"60s"`
   * @throws if it is no such duration
   */
  verifyTimeout?: pulumi.Input<string> | undefined;
  /**
   * What to do when a database's rotation can kill the tokens of other databases of its group, on which Turso's pages
   * disagree.
   *
   * @defaultValue `"warn"`
   * @throws if it is neither word
   * @see https://docs.turso.tech/cli/db/tokens/invalidate
   */
  groupImpact?: pulumi.Input<GroupImpact> | undefined;
  /**
   * How many targets of a list are worked on at once.
   *
   * @defaultValue `8`
   * @throws if it is not a whole number from 1 to 100
   */
  parallelism?: pulumi.Input<number> | undefined;
}

/** {@link Scope}, in which names may be outputs. */
export type ScopeArgs =
  | { database: pulumi.Input<string> }
  | { group: pulumi.Input<string> }
  | { databases: pulumi.Input<pulumi.Input<string>[]> }
  | { groups: pulumi.Input<pulumi.Input<string>[]> };

/**
 * Invalidates every token of Turso databases or groups, when it is created, whenever its trigger changes and when its
 * age says so, and at no other time: not in a preview, a refresh, a destroy, nor for another argument or a new version
 * of anything.
 *
 * The tokens are stateless JWTs that cannot be listed or revoked one by one, so new ones must be minted after it: see
 * {@link AuthToken}. Destroying the resource leaves the tokens as they are.
 *
 * Its `id` is `acme/groups/default` or `acme/databases/app`; of a list `acme/databases`, whatever its members are.
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
  /** What is rotated, as given. */
  declare readonly scope: pulumi.Output<Scope>;
  /** The organization's slug, whichever place it came from. */
  declare readonly organization: pulumi.Output<string>;
  /** The trigger under which it was last run; absent where none was given. */
  declare readonly trigger: pulumi.Output<Json | undefined>;
  /** As given; absent: it never rotates by age. */
  declare readonly rotateEvery: pulumi.Output<string | undefined>;
  /** As given; absent counts as `true`. */
  declare readonly rotateOnCreate: pulumi.Output<boolean | undefined>;
  /** As given; absent counts as `"auto"`. */
  declare readonly verify: pulumi.Output<Verify | undefined>;
  /** As given; absent counts as `"60s"`. */
  declare readonly verifyTimeout: pulumi.Output<string | undefined>;
  /** As given; absent counts as `"warn"`. */
  declare readonly groupImpact: pulumi.Output<GroupImpact | undefined>;
  /** As given; absent counts as `8`. */
  declare readonly parallelism: pulumi.Output<number | undefined>;
  /** Changes exactly when a rotation happened: what must follow a rotation depends on it. */
  declare readonly rotationId: pulumi.Output<string>;
  /** When the last rotation happened, ISO 8601; absent before the first. Of a list: the last of all its members. */
  declare readonly rotatedAt: pulumi.Output<string | undefined>;
  /** How many rotations this resource has made; a list's run counts once. */
  declare readonly rotationCount: pulumi.Output<number>;
  /** Whether old tokens were seen refused after the last rotation; absent before the first. */
  declare readonly verification: pulumi.Output<Verification | undefined>;

  /**
   * Declares a rotation. It rotates in the `up` that creates it, unless `rotateOnCreate` is false.
   *
   * @param name the resource's name in the stack; rename it with `aliases`, or it counts as a new one and rotates
   * @param args what to rotate, and when
   * @param opts Pulumi's options, such as `aliases`, `ignoreChanges` or `dependsOn`
   * @throws pulumi.RunError if the trigger holds what JSON cannot: a function, itself, a class instance
   */
  constructor(name: string, args: TokenRotationArgs, opts?: pulumi.CustomResourceOptions) {
    super(typeToken("TokenRotation"), name, properties(name, args), pulumi.mergeOptions(opts, SECRETS));
  }

  /**
   * Looks at a target without managing or rotating it.
   *
   * @param name the resource's name in the stack
   * @param id `acme/groups/default` or `acme/databases/app`
   * @param opts Pulumi's options
   * @returns the rotation, with `rotationCount` 0: this stack has never rotated it
   * @throws an error of the run, if no such target exists or the id has another form
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

/** What an unfinished rotation leaves in the state is nobody's to read: it may hold a token. */
const SECRETS: pulumi.CustomResourceOptions = { additionalSecretOutputs: ["pending"] };

/** The properties to register: the arguments, and the outputs to come. */
function properties(name: string, args: TokenRotationArgs): Record<string, unknown> {
  requireNode(process.versions, process.env["PATH"]);
  requireJson(`TokenRotation "${name}": trigger`, args.trigger);
  const outputs: OutputsToCome<TokenRotation, RotationInputs> = {
    rotationId: undefined,
    rotatedAt: undefined,
    rotationCount: undefined,
    verification: undefined,
  };
  return { ...ABSENT, ...args, ...outputs, __provider: providerText("TokenRotation") };
}

/** The engine only fills in the properties that were registered. */
const ABSENT: Record<keyof RotationInputs, undefined> = {
  scope: undefined,
  organization: undefined,
  trigger: undefined,
  rotateEvery: undefined,
  rotateOnCreate: undefined,
  verify: undefined,
  verifyTimeout: undefined,
  groupImpact: undefined,
  parallelism: undefined,
};

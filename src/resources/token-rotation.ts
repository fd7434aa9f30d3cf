import * as pulumi from "@pulumi/pulumi";
import {
  failRun,
  providerText,
  requireJson,
  requireToken,
  requireNode,
  typeToken,
  type OutputsToCome,
} from "./dynamic-resource";
import { expectFollowers, keepFollowers } from "./followers";
import type { TokenRotationArgs } from "./token-rotation-args";
import type { Json } from "../values/json";
import type {
  GroupImpact,
  MintSettings,
  Reach,
  RotationInputs,
  Verification,
  Verify,
} from "../rotation/state";
import type { Scope } from "../values/scope";

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
  /** As given; absent: nothing is minted. */
  declare readonly mint: pulumi.Output<MintSettings | undefined>;
  /** As given; absent counts as the value of `parallelism`. */
  declare readonly maxUnavailable: pulumi.Output<number | undefined>;
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
  /**
   * By the name of the target, or of the database with `per: "database"`: the token minted after its last rotation; a secret.
   * Absent without `mint`.
   */
  declare readonly tokens: pulumi.Output<Record<string, string> | undefined>;
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
    const followers = opts?.id === undefined ? expectFollowers() : undefined;
    const props = { ...properties(name, args), ...(followers && { followers: followers.input }) };
    super(typeToken("TokenRotation"), name, props, pulumi.mergeOptions(opts, SECRETS));
    keepFollowers(this, followers?.list);
    pulumi.all([this.id, this.failures]).apply(([id, failures]) => failRun(id, failures));
  }

  /**
   * One of the tokens that `mint` mints.
   *
   * @param name of the target, or of the database with `per: "database"`
   * @returns the token, as a secret
   * @throws pulumi.RunError during the `up`, if there is no token of that name
   * @example
   * ```ts
   * import { TokenRotation } from "pulumi-turso-tokens";
   *
   * const rotation = new TokenRotation("tenants", {
   *   scope: { databases: ["app", "reports"] },
   *   trigger: 1,
   *   mint: { expiration: "90d" },
   * });
   *
   * export const appToken = rotation.token("app");
   * ```
   */
  token(name: string): pulumi.Output<string> {
    return pulumi.secret(
      pulumi.all([this.id, this.tokens]).apply(([id, tokens]) => requireToken(id, tokens, name)),
    );
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
const SECRETS: pulumi.CustomResourceOptions = {
  additionalSecretOutputs: ["pending", "heldTrigger", "tokens"],
};

/** The properties to register: the arguments and the outputs. */
function properties(name: string, args: TokenRotationArgs): Record<string, unknown> {
  requireNode(process.versions, process.env["PATH"]);
  requireJson(`TokenRotation "${name}": trigger`, args.trigger);
  const outputs: OutputsToCome<TokenRotation, RotationInputs> = {
    rotationId: undefined,
    rotations: undefined,
    failures: undefined,
    tokens: undefined,
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
  mint: undefined,
  maxUnavailable: undefined,
  verify: undefined,
  verifyTimeout: undefined,
  groupImpact: undefined,
  parallelism: undefined,
};

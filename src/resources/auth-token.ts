import * as pulumi from "@pulumi/pulumi";
import { providerText, requireJson, requireNode, typeToken, type OutputsToCome } from "./dynamic-resource";
import type { TokenInputs, TokenState } from "../token/state";
import type { Permission } from "../values/permissions";
import type { Scope } from "../values/scope";
import { rotationsPart, scopePart } from "../values/scope-part";
import type { AuthTokenArgs } from "./auth-token-args";
import { addFollower, requireRotation } from "./followers";
import type { TokenRotation } from "./token-rotation";

/**
 * A token for a Turso database or group, delivered to its consumers as a secret output in the run that minted it.
 *
 * It is minted again after its rotation, when a minting argument or `trigger` changed, within `renewBefore` of its
 * expiry, and after a refresh that found it rejected. Tokens cannot be revoked one by one: after the resource is
 * destroyed, the JWT stays valid until it expires or its database or group is rotated.
 *
 * Its `id` is that of its scope: `acme/groups/default` or `acme/databases/app`.
 *
 * @example
 * ```ts
 * import { AuthToken, TokenRotation } from "pulumi-turso-tokens";
 *
 * const rotation = new TokenRotation("app", { scope: { group: "default" }, trigger: 1 });
 * const api = new AuthToken("api", { scope: { database: "app" }, rotation, authorization: "read-only" });
 *
 * export const databaseToken = api.token;
 * ```
 * @see https://docs.turso.tech/api-reference/databases/create-token
 * @see https://docs.turso.tech/api-reference/groups/create-token
 */
export class AuthToken extends pulumi.CustomResource {
  /** What the token is for, as given. */
  declare readonly scope: pulumi.Output<Scope>;
  /** The organization's slug, wherever it was set. */
  declare readonly organization: pulumi.Output<string>;
  /** As given; absent counts as `"full-access"`. */
  declare readonly authorization: pulumi.Output<"full-access" | "read-only" | undefined>;
  /** As given; absent counts as `"never"`. */
  declare readonly expiration: pulumi.Output<string | undefined>;
  /** As given; absent: the token may attach no databases. */
  declare readonly readAttach: pulumi.Output<string[] | undefined>;
  /** As given; absent: not restricted. */
  declare readonly permissions: pulumi.Output<Permission[] | undefined>;
  /** As given; absent: a new token is minted at the first `up` after its expiry. */
  declare readonly renewBefore: pulumi.Output<string | undefined>;
  /** The JWT; a secret. */
  declare readonly token: pulumi.Output<string>;
  /** When it was minted, ISO 8601. */
  declare readonly mintedAt: pulumi.Output<string>;
  /** When it expires, ISO 8601, read from the JWT; absent if it never does. */
  declare readonly expiresAt: pulumi.Output<string | undefined>;

  /**
   * Declares a token. It is minted in the `up` that creates it.
   *
   * @param name the resource's name in the stack
   * @param args what it is for, what it may do, and which rotation it follows
   * @param opts Pulumi's options
   * @throws pulumi.RunError if the trigger contains what JSON cannot represent: a function, itself, a class instance
   */
  constructor(name: string, args: AuthTokenArgs, opts?: pulumi.CustomResourceOptions) {
    super(typeToken("AuthToken"), name, properties(name, args), pulumi.mergeOptions(opts, SECRETS));
    addFollower(args);
  }

  /**
   * Brings an existing token into a program without managing it. Turso does not return existing tokens, so pass it in.
   *
   * @param name the resource's name in the stack
   * @param id its scope: `acme/groups/default` or `acme/databases/app`
   * @param state what Turso does not return
   * @param state.token the JWT
   * @param opts Pulumi's options
   * @returns the token, as a secret
   * @throws an error of the run, if its scope does not exist or the id has a different form
   * @example
   * ```ts
   * import * as pulumi from "@pulumi/pulumi";
   * import { AuthToken } from "pulumi-turso-tokens";
   *
   * const config = new pulumi.Config();
   * const found = AuthToken.get("found", "acme/databases/app", { token: config.requireSecret("token") });
   *
   * export const databaseToken = found.token;
   * ```
   */
  static get(
    name: string,
    id: pulumi.Input<pulumi.ID>,
    state: { token: pulumi.Input<string> },
    opts?: pulumi.CustomResourceOptions,
  ): AuthToken {
    return new AuthToken(name, { token: pulumi.secret(state.token) } as unknown as AuthTokenArgs, {
      ...opts,
      id,
    });
  }
}

const SECRETS: pulumi.CustomResourceOptions = { additionalSecretOutputs: ["token"] };

/** The properties to register: the arguments and the outputs. */
function properties(name: string, { rotation, ...args }: AuthTokenArgs): Record<string, unknown> {
  requireNode(process.versions, process.env["PATH"]);
  requireRotation(name, rotation);
  requireJson(`AuthToken "${name}": trigger`, args.trigger);
  const outputs: OutputsToCome<AuthToken, TokenInputs> = {
    token: undefined,
    mintedAt: undefined,
    expiresAt: undefined,
  };
  return {
    ...ABSENT,
    ...outputs,
    ...args,
    rotation: rotation && follow(rotation, args),
    __provider: providerText("AuthToken"),
  };
}

/** What the token needs to know about its rotation; of a long list, only the part that concerns it. */
function follow(
  rotation: TokenRotation,
  args: Pick<AuthTokenArgs, "scope">,
): Record<keyof NonNullable<TokenState["rotation"]>, unknown> {
  const { organization, rotateEvery } = rotation;
  const scope = pulumi
    .all([known(rotation.scope), args.scope])
    .apply(([covered, mine]) => covered && scopePart(covered, mine));
  const rotations = pulumi
    .all([known(rotation.rotations), scope])
    .apply(([all, covered]) => (all && covered ? rotationsPart(all, covered) : all));
  return { scope, organization, rotations, rotateEvery };
}

/** An output of a resource that failed is missing, whatever its type says. */
const known = <T>(output: pulumi.Output<T>): pulumi.Output<T | undefined> => output;

/** The engine only fills in the properties that were registered. */
const ABSENT: Record<keyof TokenInputs, undefined> = {
  scope: undefined,
  organization: undefined,
  authorization: undefined,
  expiration: undefined,
  readAttach: undefined,
  permissions: undefined,
  rotation: undefined,
  trigger: undefined,
  renewBefore: undefined,
  verify: undefined,
  verifyTimeout: undefined,
};

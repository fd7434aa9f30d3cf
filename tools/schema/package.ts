import { SECRETS as ROTATION_SECRETS } from "../../src/rotation/state";
import { SECRETS as TOKEN_SECRETS } from "../../src/token/state";
import { Declarations, type Property } from "./declarations";
import { requiredOf, Types, type PropertySpec, type TypeDefinition, type TypeSpec } from "./types";

const PACKAGE = "turso-tokens";
const MODULE = `${PACKAGE}:index`;

const SOURCES = [
  "src/resources/token-rotation.ts",
  "src/resources/token-rotation-args.ts",
  "src/resources/auth-token.ts",
  "src/resources/auth-token-args.ts",
  "src/resources/scope-args.ts",
  "src/rotation/state.ts",
  "src/token/state.ts",
  "src/values/permissions.ts",
  "src/values/scope.ts",
];

/** What a TokenRotation gives to the AuthTokens that follow it, in languages in which it cannot be passed as it is. */
const HANDLE: TypeSpec = { $ref: `#/types/${MODULE}:RotationHandle` };

export interface ResourceSpec {
  description: string;
  properties: Record<string, PropertySpec>;
  required: string[];
  inputProperties: Record<string, PropertySpec>;
  requiredInputs: string[];
  stateInputs?: { type: "object"; properties: Record<string, PropertySpec> };
  aliases: { type: string }[];
}

export interface PackageSpec {
  name: string;
  version: string;
  resources: Record<string, ResourceSpec>;
  types: Record<string, TypeDefinition>;
  [key: string]: unknown;
}

/** The Pulumi package schema of the native plugin, made from the types of the public API and their documentation. */
export function packageSchema(version: string): PackageSpec {
  const declarations = new Declarations(SOURCES);
  const types = new Types(declarations, MODULE, {
    TokenRotation: { declared: "FollowedRotation", name: "RotationHandle" },
  });
  const rotation = resource("TokenRotation", ROTATION_SECRETS, declarations, types);
  const token = resource("AuthToken", TOKEN_SECRETS, declarations, types);
  rotation.properties["handle"] = {
    ...HANDLE,
    description: "What an AuthToken follows: pass it as the AuthToken's argument `rotation`.",
  };
  rotation.required.push("handle");
  token.stateInputs = {
    type: "object",
    properties: {
      token: { type: "string", description: "The JWT. Turso does not return existing tokens.", secret: true },
    },
  };
  return {
    ...HEAD,
    version,
    config: { variables: CONFIG },
    provider: { description: "The connection to Turso's Platform API.", inputProperties: CONFIG },
    types: types.definitions,
    resources: { [`${MODULE}:TokenRotation`]: rotation, [`${MODULE}:AuthToken`]: token },
    language: LANGUAGES,
  };
}

function resource(
  name: string,
  secrets: readonly string[],
  declarations: Declarations,
  types: Types,
): ResourceSpec {
  const secretFlag = (property: string): { secret?: true } =>
    secrets.includes(property) ? { secret: true } : {};
  const spec = (each: Property): PropertySpec => ({
    ...types.toSpec(each.type, { resource: name, property: each.name }),
    description: NATIVE[each.name] ?? each.description,
  });
  const args = declarations.propertiesOf(`${name}Args`);
  const inputs = Object.fromEntries(args.map((each) => [each.name, spec(each)]));
  const outputs = declarations.propertiesOf(name);
  const properties = outputs.map((each) => {
    // an argument and the output of the same name have one type
    const same = inputs[each.name];
    const type = same === undefined ? spec(each) : { ...same, description: each.description };
    return [each.name, { ...type, ...secretFlag(each.name) }];
  });
  const hidden = secrets.filter((each) => !outputs.some((output) => output.name === each));
  return {
    description: declarations.describe(name),
    properties: Object.fromEntries([
      ...properties,
      ...hidden.map((each) => [each, { $ref: "pulumi.json#/Any", description: INTERNAL, secret: true }]),
    ]) as Record<string, PropertySpec>,
    required: requiredOf(outputs).required ?? [],
    inputProperties: inputs,
    requiredInputs: requiredOf(args).required ?? [],
    aliases: [{ type: `pulumi-nodejs:dynamic/turso:${name}` }],
  };
}

/** What differs from a Node.js program with the dynamic provider. */
const NATIVE: Record<string, string> = {
  rotation:
    "The rotation that invalidates this token, as the TokenRotation's output `handle`: a new token is minted after each of its rotations.\n\nDefault: it follows no rotation.",
  failures:
    "By the target's name, one sentence for each that needs another run; no secrets. A program should raise an error while it is not empty, so that the `up` fails.",
};

const INTERNAL = "What the next run needs to know; a secret. Its form may change: programs do not read it.";

const CONFIG: Record<string, PropertySpec> = {
  apiToken: {
    type: "string",
    description: "The Platform API token. Default: `TURSO_API_TOKEN` of the environment.",
    secret: true,
  },
  organization: {
    type: "string",
    description:
      "The organization's slug, where a resource does not name its own. Default: what the resource has, else `TURSO_ORGANIZATION` of the environment.",
  },
  apiUrl: {
    type: "string",
    description:
      "The API's URL, without a path. Default: `TURSO_API_BASEURL` of the environment, else `https://api.turso.tech`.",
  },
};

const HEAD = {
  $schema: "https://raw.githubusercontent.com/pulumi/pulumi/master/pkg/codegen/schema/pulumi.json",
  name: PACKAGE,
  displayName: "Turso tokens",
  description: "Rotate Turso database and group tokens declaratively, from Pulumi programs.",
  keywords: ["pulumi", "turso", "libsql", "token", "rotation", "category/database"],
  license: "MIT",
  publisher: "pulumi-turso-tokens",
};

const LANGUAGES = {
  python: { packageName: "pulumi_turso_tokens", pyproject: { enabled: true }, respectSchemaVersion: true },
  go: { respectSchemaVersion: true, generateExtraInputTypes: true },
  nodejs: { packageName: "pulumi-turso-tokens-native", respectSchemaVersion: true },
};

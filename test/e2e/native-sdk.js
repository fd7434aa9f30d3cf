// @ts-check
// The native resources for the tests' programs, with the same names and arguments as the dynamic ones: the scenarios of both
// hosts are the same programs.
"use strict";

const { readFileSync } = require("node:fs");
const path = require("node:path");
const pulumi = require("@pulumi/pulumi");
const { failRun, requireToken } = require(
  path.join(path.dirname(require.resolve("pulumi-turso-tokens")), "resources", "dynamic-resource.js"),
);
/** @type {{ resources: Record<string, { properties: object, aliases: pulumi.Alias[] }> }} */
const { resources } = JSON.parse(readFileSync(path.join(__dirname, "schema.json"), "utf8"));

/** @param {string} type @param {object} args */
const properties = (type, args) => ({
  ...Object.fromEntries(Object.keys(resources[type]?.properties ?? {}).map((name) => [name, undefined])),
  ...args,
});

/**
 * With the aliases of the schema, as a generated SDK adds them.
 * @param {string} type @param {pulumi.CustomResourceOptions} [opts]
 */
const options = (type, opts) => pulumi.mergeOptions(opts, { aliases: resources[type]?.aliases ?? [] });

const ROTATION = "turso-tokens:index:TokenRotation";
const TOKEN = "turso-tokens:index:AuthToken";

/** @param {object} rotation */
const outputs = (rotation) => {
  const { id, failures, tokens } =
    /** @type {{ id: pulumi.Output<string>, failures: pulumi.Output<Record<string, string>>, tokens: pulumi.Output<Record<string, string> | undefined> }} */ (
      rotation
    );
  return pulumi.output({ id, failures, tokens });
};

class TokenRotation extends pulumi.CustomResource {
  /** @param {string} name @param {object} args @param {pulumi.CustomResourceOptions} [opts] */
  constructor(name, args, opts) {
    super(ROTATION, name, properties(ROTATION, args), options(ROTATION, opts));
    outputs(this).apply(({ id, failures }) => failRun(id, failures));
  }

  /** @param {string} name */
  token(name) {
    return pulumi.secret(outputs(this).apply(({ id, tokens }) => requireToken(id, tokens, name)));
  }

  /** @param {string} name @param {string} id */
  static get(name, id) {
    return new TokenRotation(name, {}, { id });
  }
}

class AuthToken extends pulumi.CustomResource {
  /** @param {string} name @param {any} args @param {pulumi.CustomResourceOptions} [opts] */
  constructor(name, { rotation, ...args }, opts) {
    super(TOKEN, name, properties(TOKEN, { ...args, rotation: rotation?.handle }), options(TOKEN, opts));
  }
}

module.exports = { TokenRotation, AuthToken };

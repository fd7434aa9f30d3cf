import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { ARGUMENTS as ROTATION_ARGUMENTS, RULES as ROTATION_RULES } from "../../src/rotation/arguments";
import {
  SECRETS as ROTATION_SECRETS,
  type RotationInputs,
  type RotationState,
} from "../../src/rotation/state";
import { ARGUMENTS as TOKEN_ARGUMENTS, RULES as TOKEN_RULES } from "../../src/token/arguments";
import { SECRETS as TOKEN_SECRETS, type TokenInputs, type TokenState } from "../../src/token/state";
import type { Rules } from "../../src/core/argument-rules";
import { packageSchema, type ResourceSpec } from "../../tools/schema/package";
import type { PropertySpec, TypeSpec } from "../../tools/schema/types";
import { ROOT } from "../../tools/stack";

const read = (file: string): string => readFileSync(path.join(ROOT, file), "utf8");
const { version } = JSON.parse(read("package.json")) as { version: string };
const schema = packageSchema(version);

/** What a state keeps beside the arguments and does not show to programs; a new property must be put here or below. */
type Internal =
  | "stateVersion"
  | "endpoints"
  | "endpoint"
  | "expirations"
  | "gone"
  | "createdAt"
  | "cause"
  | "joined"
  | "casualties"
  | "replaced"
  | "rejected";
type Outputs<State, Inputs> = Record<Exclude<keyof State, keyof Inputs | Internal>, true>;

const ROTATION_OUTPUTS: Outputs<RotationState, RotationInputs> = {
  rotationId: true,
  rotations: true,
  failures: true,
  tokens: true,
  reach: true,
  rotatedAt: true,
  rotationCount: true,
  verification: true,
  pending: true,
  heldTrigger: true,
};
const TOKEN_OUTPUTS: Outputs<TokenState, TokenInputs> = { token: true, mintedAt: true, expiresAt: true };

const CASES = [
  {
    name: "TokenRotation",
    rules: ROTATION_RULES as Rules,
    args: ROTATION_ARGUMENTS as string[],
    outputs: [...Object.keys(ROTATION_OUTPUTS), "handle"],
    secrets: ROTATION_SECRETS as readonly string[],
    onlyInputs: [] as string[],
  },
  {
    name: "AuthToken",
    rules: TOKEN_RULES as Rules,
    args: TOKEN_ARGUMENTS as string[],
    outputs: Object.keys(TOKEN_OUTPUTS),
    secrets: TOKEN_SECRETS as readonly string[],
    onlyInputs: ["rotation", "trigger", "verify", "verifyTimeout"],
  },
];

const resourceOf = (name: string): ResourceSpec =>
  schema.resources[`turso-tokens:index:${name}`] ?? assert.fail(`the schema has no ${name}`);

/** Values that a property of the schema may have, among them each word of an enumeration, and each member of an object alone. */
function samplesOf(spec: TypeSpec): unknown[] {
  if ("$ref" in spec) return spec.$ref === "pulumi.json#/Any" ? [["app"], "all"] : samplesOfType(spec.$ref);
  switch (spec.type) {
    case "boolean":
      return [true, false];
    case "integer":
      return [1];
    case "array":
      return samplesOf(spec.items).map((each) => [each]);
    case "object":
      return samplesOf(spec.additionalProperties).map((each) => ({ key: each }));
    case "string":
      return ["90d"]; // a duration, and a name too
  }
}

function samplesOfType(reference: string): unknown[] {
  const type = schema.types[reference.replace("#/types/", "")];
  if (type === undefined) return [];
  if ("enum" in type) return type.enum.map(({ value }) => value);
  const [needed] = type.required ?? [];
  const base = needed === undefined ? {} : { [needed]: samplesOf(type.properties[needed] as TypeSpec)[0] };
  return Object.entries(type.properties).flatMap(([name, spec]) =>
    samplesOf(spec).map((each) => ({ ...base, [name]: each })),
  );
}

describe("the schema of the native plugin", () => {
  it("is up to date: otherwise run `npm run schema`", () => {
    assert.equal(read("src/hosts/plugin/schema.json"), `${JSON.stringify(schema, null, 2)}\n`);
  });

  it("describes every property", () => {
    const owners = [
      ...Object.values(schema.types).flatMap((type) => ("properties" in type ? [type.properties] : [])),
      ...Object.values(schema.resources).flatMap((each) => [each.properties, each.inputProperties]),
    ];
    const properties = owners.flatMap((owner) => Object.entries<PropertySpec>(owner));
    assert.ok(properties.length > 50);
    assert.deepEqual(
      properties
        .filter(([, { description }]) => !/^[`A-Z].+[.:]|^[`A-Z].*\w\.$/s.test(description))
        .map(([name]) => name),
      [],
    );
  });

  for (const { name, rules, args, outputs, secrets, onlyInputs } of CASES) {
    const resource = resourceOf(name);

    it(`has the arguments of ${name} that the rules have`, () => {
      assert.deepEqual(Object.keys(resource.inputProperties).sort(), [...args].sort());
    });

    it(`has the outputs of ${name} that its state has`, () => {
      const expected = [...args.filter((each) => !onlyInputs.includes(each)), ...outputs];
      assert.deepEqual(Object.keys(resource.properties).sort(), expected.sort());
    });

    it(`marks as secret what the state of ${name} keeps secret, and nothing else`, () => {
      const marked = Object.entries(resource.properties).filter(([, spec]) => spec.secret);
      assert.deepEqual(marked.map(([property]) => property).sort(), [...secrets].sort());
    });

    it(`takes over the ${name} of the dynamic provider`, () => {
      assert.deepEqual(resource.aliases, [{ type: `pulumi-nodejs:dynamic/turso:${name}` }]);
    });

    it(`has every word that the rules of ${name} allow`, () => {
      const words = Object.entries(resource.inputProperties).flatMap(([property, spec]) => {
        const type = "$ref" in spec ? schema.types[spec.$ref.replace("#/types/", "")] : undefined;
        if (type === undefined || !("enum" in type)) return [];
        const sentence =
          rules[property]?.("no such word", property) ?? assert.fail(`${property} has no rule`);
        return [
          [type.enum.map(({ value }) => `"${value}"`).join(", "), sentence.replace(/^.*must be one of /, "")],
        ];
      });
      assert.ok(words.length > 1);
      for (const [known, allowed] of words) assert.equal(known, allowed);
    });

    for (const [property, spec] of Object.entries(resource.inputProperties)) {
      const samples = samplesOf(spec);
      const rule = rules[property];
      if (samples.length === 0) continue; // any JSON value
      it(`allows only values of ${name}.${property} that its rule accepts`, () => {
        assert.deepEqual(
          samples.map((each) => rule?.(each, property)).filter((problem) => problem !== undefined),
          [],
        );
      });
    }
  }
});

import ts from "typescript";
import type { ScopeForm } from "../../src/values/scope";
import { isUndefined, type Declarations } from "./declarations";

/** The reference to a type in a Pulumi package schema. */
export type TypeSpec =
  | { type: "string" | "integer" | "boolean" }
  | { type: "array"; items: TypeSpec }
  | { type: "object"; additionalProperties: TypeSpec }
  | { $ref: string };

export type PropertySpec = TypeSpec & { description: string; secret?: true };

export type TypeDefinition =
  | { type: "string"; description?: string; enum: { value: string }[] }
  | {
      type: "object";
      description?: string;
      properties: Record<string, PropertySpec>;
      required?: string[];
    };

/** Where a type stands that has no name of its own. */
export interface Place {
  resource: string;
  property: string;
}

/** The keys of a scope, which its TypeScript type explains in one comment for all of them. */
const SCOPE_KEYS: Record<ScopeForm, string> = {
  database: "The name of one database.",
  group: "The name of one group.",
  databases: 'Names of several databases, or `"all"`.',
  groups: 'Names of several groups, or `"all"`.',
};

const ANYTHING: TypeSpec = { $ref: "pulumi.json#/Any" };

/** Translates TypeScript's types into those of a schema, and collects the named ones. */
export class Types {
  readonly definitions: Record<string, TypeDefinition> = {};

  /**
   * @param declarations where named types are declared
   * @param prefix the package and the module of a type token, such as `turso-tokens:index`
   * @param replaced types that have a different form in the schema, by name
   */
  constructor(
    private readonly declarations: Declarations,
    private readonly prefix: string,
    private readonly replaced: Record<string, { declared: string; name: string }>,
  ) {}

  toSpec(node: ts.TypeNode, place: Place): TypeSpec {
    if (ts.isParenthesizedTypeNode(node) || ts.isTypeOperatorNode(node)) return this.toSpec(node.type, place);
    if (ts.isArrayTypeNode(node)) return { type: "array", items: this.toSpec(node.elementType, place) };
    if (ts.isTypeReferenceNode(node)) return this.reference(node, place);
    if (ts.isUnionTypeNode(node)) return this.union(node.types, place);
    if (ts.isLiteralTypeNode(node)) return this.union([node], place);
    switch (node.kind) {
      case ts.SyntaxKind.StringKeyword:
        return { type: "string" };
      case ts.SyntaxKind.NumberKeyword:
        return { type: "integer" };
      case ts.SyntaxKind.BooleanKeyword:
        return { type: "boolean" };
      default:
        throw new Error(`${place.resource}.${place.property}: a schema has no type for ${node.getText()}.`);
    }
  }

  private reference(node: ts.TypeReferenceNode, place: Place): TypeSpec {
    const name = node.typeName.getText().replace("pulumi.", "");
    const [first, second] = node.typeArguments ?? [];
    if (first && (name === "Input" || name === "Output")) return this.toSpec(first, place);
    if (second && name === "Record")
      return { type: "object", additionalProperties: this.toSpec(second, place) };
    if (name === "Json") return ANYTHING;
    const replacement = Object.hasOwn(this.replaced, name) ? this.replaced[name] : undefined;
    return replacement ? this.named(replacement.declared, replacement.name) : this.named(name);
  }

  /** @param name without the ending of an argument's type, whose outputs have the same form */
  private named(declared: string, name = declared.replace(/Args$/, "")): TypeSpec {
    const source = this.declarations.has(`${declared}Args`) ? `${declared}Args` : declared;
    const declaration = this.declarations.find(source);
    const description = this.declarations.describe(this.declarations.has(name) ? name : source);
    if (ts.isTypeAliasDeclaration(declaration)) {
      const { type } = declaration;
      const place = { resource: "", property: name };
      const members = ts.isUnionTypeNode(type) ? type.types : [type];
      return this.union(members, place, description);
    }
    const properties = this.declarations.propertiesOf(source);
    return this.define(name, "", {
      type: "object",
      description,
      properties: Object.fromEntries(
        properties.map((each) => [
          each.name,
          {
            ...this.toSpec(each.type, { resource: name, property: each.name }),
            description: each.description,
          },
        ]),
      ),
      ...requiredOf(properties),
    });
  }

  private union(nodes: readonly ts.TypeNode[], place: Place, description?: string): TypeSpec {
    const members = nodes.filter((each) => !isUndefined(each));
    const [only, ...others] = members;
    const words = members.map(wordOf);
    const name = place.property.charAt(0).toUpperCase() + place.property.slice(1);
    const described = description === undefined ? {} : { description };
    if (words.every((word) => word !== undefined))
      return this.define(name, place.resource, {
        type: "string",
        ...described,
        enum: words.map((value) => ({ value })),
      });
    if (only && others.length === 0) return this.toSpec(only, place);
    if (members.every(ts.isTypeLiteralNode))
      return this.define(name, place.resource, {
        type: "object",
        ...described,
        properties: Object.fromEntries(members.flatMap(({ members }) => this.scopeKeys(members, place))),
      });
    // a list of names or a word: Pulumi's Python SDK fails on a list whose type is one of several
    return ANYTHING;
  }

  /** A union of objects becomes one object, of which a program gives one member. */
  private scopeKeys(members: readonly ts.TypeElement[], place: Place): [string, PropertySpec][] {
    return members.filter(ts.isPropertySignature).map((member) => {
      const key = member.name.getText();
      const isKey = (text: string): text is ScopeForm => Object.hasOwn(SCOPE_KEYS, text);
      if (!isKey(key) || member.type === undefined) throw new Error(`${place.property}: what is ${key}?`);
      return [key, { ...this.toSpec(member.type, place), description: SCOPE_KEYS[key] }];
    });
  }

  /** Adds a definition. A different one of the same name gets the name of its resource in front. */
  private define(name: string, resource: string, definition: TypeDefinition): TypeSpec {
    for (const candidate of [name, resource + name]) {
      const token = `${this.prefix}:${candidate}`;
      const known = (this.definitions[token] ??= definition);
      if (JSON.stringify(known) === JSON.stringify(definition)) return { $ref: `#/types/${token}` };
    }
    throw new Error(`Two different types of the schema would be called ${resource}${name}.`);
  }
}

export function requiredOf(properties: readonly { name: string; isOptional: boolean }[]): {
  required?: string[];
} {
  const required = properties.filter(({ isOptional }) => !isOptional).map(({ name }) => name);
  return required.length === 0 ? {} : { required };
}

function wordOf(node: ts.TypeNode): string | undefined {
  return ts.isLiteralTypeNode(node) && ts.isStringLiteral(node.literal) ? node.literal.text : undefined;
}

import { readFileSync } from "node:fs";
import path from "node:path";
import ts from "typescript";
import { ROOT } from "../stack";

/** A property of an interface or a class, as its source declares it. */
export interface Property {
  name: string;
  type: ts.TypeNode;
  /** Whether it may be absent. */
  isOptional: boolean;
  description: string;
}

type Declaration = ts.InterfaceDeclaration | ts.TypeAliasDeclaration | ts.ClassDeclaration;

/**
 * The named types of some source files. They are only parsed, not checked: that takes milliseconds, and the names are unique.
 */
export class Declarations {
  private readonly known = new Map<string, Declaration>();

  /** @param files paths from the repository's root */
  constructor(files: readonly string[]) {
    for (const file of files) {
      const text = readFileSync(path.join(ROOT, file), "utf8");
      const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
      for (const node of source.statements)
        if (ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node) || ts.isClassDeclaration(node))
          if (node.name) this.known.set(node.name.text, node);
    }
  }

  has(name: string): boolean {
    return this.known.has(name);
  }

  find(name: string): Declaration {
    const found = this.known.get(name);
    if (found === undefined)
      throw new Error(`The type ${name} is in none of the files that the schema is made from.`);
    return found;
  }

  /** What a documentation comment says about a type. */
  describe(name: string): string {
    return descriptionOf(this.find(name));
  }

  /** The documented properties of an interface, or the outputs of a resource's class. */
  propertiesOf(name: string): Property[] {
    const found = this.find(name);
    if (ts.isTypeAliasDeclaration(found)) throw new Error(`${name} has no properties.`);
    return found.members.filter(isProperty).map((member) => ({
      name: member.name.getText(),
      type: member.type,
      isOptional: member.questionToken !== undefined || isUndefinable(member.type),
      description: descriptionOf(member),
    }));
  }
}

type TypedProperty = (ts.PropertySignature | ts.PropertyDeclaration) & { type: ts.TypeNode };

const isProperty = (node: ts.Node): node is TypedProperty =>
  (ts.isPropertySignature(node) || ts.isPropertyDeclaration(node)) && node.type !== undefined;

/** Whether a type is an output that may be undefined. */
function isUndefinable(type: ts.TypeNode): boolean {
  if (!ts.isTypeReferenceNode(type)) return false;
  const [inner] = type.typeArguments ?? [];
  return inner !== undefined && ts.isUnionTypeNode(inner) && inner.types.some(isUndefined);
}

export const isUndefined = (type: ts.TypeNode): boolean => type.kind === ts.SyntaxKind.UndefinedKeyword;

/** A documentation comment in plain words, with the default in a sentence of its own. */
function descriptionOf(node: ts.Node): string {
  const [comment] = ts.getJSDocCommentsAndTags(node).filter(ts.isJSDoc).slice(-1);
  const text = ts.getTextOfJSDocComment(comment?.comment) ?? "";
  const plain = text
    .replace(/\{@link (\w+)\s*\}/g, "`$1`")
    .replaceAll("`turso:", "`turso-tokens:")
    .split(/\n\n+/)
    .map((paragraph) => (paragraph.includes("\n- ") ? paragraph : paragraph.replace(/\s*\n\s*/g, " ").trim()))
    .join("\n\n");
  const standard = defaultOf(comment);
  return standard === undefined ? plain : `${plain}\n\nDefault: ${standard}.`;
}

function defaultOf(comment: ts.JSDoc | undefined): string | undefined {
  const tag = comment?.tags?.find(({ tagName }) => tagName.text === "defaultValue");
  const text = ts.getTextOfJSDocComment(tag?.comment)?.replaceAll("`turso:", "`turso-tokens:").trim();
  if (text === undefined || text.startsWith("`none`")) return undefined;
  return text.replace(/^`undefined`(?:[:;] )?/, "") || "none";
}

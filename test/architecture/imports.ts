import { existsSync, readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import ts from "typescript";

export const ROOT = path.join(__dirname, "..", "..");

/** An import of a file (a path from the root, without extension) or of a package. */
export interface Import {
  from: string;
  to: string;
  /** Whether the compiler erases it, so that nothing is loaded. */
  isType: boolean;
}

/** All imports in a folder, including dynamic imports and require. */
export function importsOf(folder: string): Import[] {
  return readdirSync(path.join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => path.join(folder, file))
    .sort()
    .flatMap(importsOfFile);
}

function importsOfFile(file: string): Import[] {
  const text = readFileSync(path.join(ROOT, file), "utf8");
  const types = typeImports(ts.createSourceFile(file, text, ts.ScriptTarget.Latest));
  const all = ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => fileName);
  return [...new Set(all)].map((to) => ({
    from: withoutExtension(file),
    to: to.startsWith(".") ? resolve(path.join(path.dirname(file), to)) : to,
    isType: types.has(to),
  }));
}

/** The modules from which a file imports only types. */
function typeImports(source: ts.SourceFile): Set<string> {
  const found = new Map<string, boolean>();
  for (const statement of source.statements) {
    if (!ts.isImportDeclaration(statement) && !ts.isExportDeclaration(statement)) continue;
    if (!statement.moduleSpecifier || !ts.isStringLiteral(statement.moduleSpecifier)) continue;
    const { text } = statement.moduleSpecifier;
    found.set(text, (found.get(text) ?? true) && holdsOnlyTypes(statement));
  }
  return new Set([...found].filter(([, onlyTypes]) => onlyTypes).map(([name]) => name));
}

function holdsOnlyTypes(statement: ts.ImportDeclaration | ts.ExportDeclaration): boolean {
  if (ts.isExportDeclaration(statement)) {
    const { isTypeOnly, exportClause } = statement;
    return isTypeOnly || (!!exportClause && ts.isNamedExports(exportClause) && areTypes(exportClause));
  }
  const clause = statement.importClause;
  if (clause === undefined) return false;
  if (clause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true;
  const { name, namedBindings } = clause;
  return name === undefined && !!namedBindings && ts.isNamedImports(namedBindings) && areTypes(namedBindings);
}

const areTypes = ({ elements }: ts.NamedImports | ts.NamedExports): boolean =>
  elements.length > 0 && elements.every(({ isTypeOnly }) => isTypeOnly);

const withoutExtension = (file: string): string => file.replace(/\.ts$/, "").replaceAll(path.sep, "/");

const resolve = (target: string): string =>
  withoutExtension(
    existsSync(path.join(ROOT, `${target}.ts`)) ? path.normalize(target) : path.join(target, "index"),
  );

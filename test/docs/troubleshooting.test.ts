import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import ts from "typescript";
import { PAGES, ROOT } from "./markdown";

const SRC = path.join(ROOT, "src");

/** Texts of three or more words that are not messages. */
const isCode = (text: string): boolean => /^exports\.handler|error\.code|process\.cwd|=> \(\{/.test(text);

const INTERNAL = new Set(["not known before the update", " is a list, which is not one target."]);

/** A part of the line about a retry, which is progress. */
const RETRY = " of at most ";

/** A text in the source, split at its placeholders. */
interface Text {
  file: string;
  parts: string[];
}

/** Functions whose sentences report progress; nothing is wrong when a person reads them. */
const PROGRESS = new Set([
  "describeSingle",
  "describeList",
  "describeProgress",
  "describeRoll",
  "describeAge",
  "describeBlastRadius",
  "describeGroups",
  "describeDatabases",
  "reasonToMint",
  "reasonOfRotation",
  "announceFollowers",
  "farewell",
  "summary",
]);

/** Whether a part of the source only writes progress: such a function, `notify("info", …)`, or the reason of `announce`. */
function isProgress(node: ts.Node): boolean {
  if (ts.isFunctionDeclaration(node) || ts.isMethodDeclaration(node))
    return node.name !== undefined && PROGRESS.has(node.name.getText());
  // what --help prints
  if (ts.isVariableDeclaration(node)) return node.name.getText() === "USAGE";
  if (!ts.isCallExpression(node)) return false;
  const callee = ts.isPropertyAccessExpression(node.expression) ? node.expression.name : node.expression;
  const [first] = node.arguments;
  const isInfo = first !== undefined && ts.isStringLiteral(first) && first.text === "info";
  return callee.getText() === "announce" || (callee.getText() === "notify" && isInfo);
}

/** Every text in a source file but its progress, so that no new message is missed. */
function textsOf(file: string, source: string): Text[] {
  const found: Text[] = [];
  const visit = (node: ts.Node): void => {
    if (isProgress(node)) return;
    if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node))
      found.push({ file, parts: [node.text] });
    if (ts.isTemplateExpression(node))
      found.push({ file, parts: [node.head.text, ...node.templateSpans.map(({ literal }) => literal.text)] });
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, source, ts.ScriptTarget.ES2022, true));
  return found;
}

/** The number of words separated by spaces. Paths, package names and keys count as one. */
const words = (text: string): number => text.split(/\s+/).filter((each) => /[a-z]{2}/i.test(each)).length;

/** Without upper case and outer punctuation, which depend on the surrounding sentence. */
const plain = (text: string): string => text.replace(/^[\s:;,.()]+|[\s:;,.()]+$/g, "").toLowerCase();

const sources = readdirSync(SRC, { recursive: true, encoding: "utf8" }).filter((file) =>
  file.endsWith(".ts"),
);
const TEXTS = sources.flatMap((file) => textsOf(file, readFileSync(path.join(SRC, file), "utf8")));

const page = PAGES.find(({ file }) => file === "docs/troubleshooting.md");
const source = readFileSync(path.join(ROOT, "docs", "troubleshooting.md"), "utf8");
const DOCUMENTED = (page?.codes ?? []).map((code) => code.toLowerCase());

/** How `status` presents its report. What it reports as unresolved, and its errors, are messages like any other. */
const REPORT = /^status[/\\](page|table|words)/;

/** The texts of errors and warnings that no message of the page contains. */
const missing = (texts: Text[]): string[] =>
  texts.flatMap(({ file, parts }) =>
    parts
      .filter((part) => words(part) >= 3 && !INTERNAL.has(part) && !isCode(part) && part !== RETRY)
      .filter((part) => !DOCUMENTED.some((message) => message.includes(plain(part))))
      .map((part) => `${file}: ${part}`),
  );

const PARTS = [...new Set(TEXTS.flatMap(({ parts }) => parts.map(plain)))]
  .filter((part) => words(part) > 0)
  .sort((a, b) => b.length - a.length);

/** The rest of a message of the page after removing all texts of the source as whole words. */
function invented(message: string): string {
  let rest = message.toLowerCase();
  for (const part of PARTS)
    rest = rest.split(part).reduce((before, after) => {
      const isWhole = !/[a-z]$/.test(before) && !/^[a-z]/.test(after);
      return `${before}${isWhole ? "…" : part}${after}`;
    });
  return rest;
}

/** A command that users type, not a message. */
const isCommand = (code: string): boolean => /^(pulumi|npx|npm|turso|curl) /.test(code);

describe("docs/troubleshooting.md", () => {
  it("contains every message of the package", () => {
    assert.ok(TEXTS.length > 200);
    assert.deepEqual(missing(TEXTS.filter(({ file }) => !REPORT.test(file))), []);
  });

  it("fails for a new message in a template", () => {
    const made = "const a = (b: string) => notify('warning', `${b}: the moon is full, so nothing rotates.`);";
    assert.deepEqual(missing(textsOf("new.ts", made)), ["new.ts: : the moon is full, so nothing rotates."]);
  });

  it("contains no message that the package cannot print", () => {
    const own = source.slice(0, source.indexOf("\n## Pulumi's own"));
    const codes = (page?.codes ?? []).filter(
      (code) => own.includes(code) && words(code) >= 3 && !isCommand(code),
    );
    const unknown = codes
      .filter((code) => words(invented(code)) > 2)
      .map((code) => `${code} → ${invented(code)}`);
    assert.deepEqual(unknown, []);
  });

  it("recommends an action for each message", () => {
    const entries = source.slice(0, source.indexOf("\n## Pulumi's own")).split(/^ *- /m).slice(1);
    for (const entry of entries) assert.match(entry, /\*\*Do:\*\*/);
  });
});

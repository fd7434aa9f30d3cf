import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import ts from "typescript";
import { PAGES, ROOT } from "./markdown";

const SRC = path.join(ROOT, "src");

/** Texts of three or more words that users never see. */
const INTERNAL = new Set(["not known before the update"]);

/** A text in the source, split at its placeholders. */
interface Text {
  file: string;
  parts: string[];
}

/** Every text in a source file, so that no new message is missed. */
function textsOf(file: string, source: string): Text[] {
  const found: Text[] = [];
  const visit = (node: ts.Node): void => {
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

/** The texts that no message of the page contains. */
const missing = (texts: Text[]): string[] =>
  texts.flatMap(({ file, parts }) =>
    parts
      .filter((part) => words(part) >= 3 && !INTERNAL.has(part))
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
    assert.deepEqual(missing(TEXTS), []);
  });

  it("fails for a new message in a template", () => {
    const made = "const a = (b: string) => tell(`${b}: the moon is full, so nothing rotates.`);";
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
    const groups = /goes on without proof, since|With it comes why|Find out before sending/;
    for (const entry of entries) assert.ok(/\*\*Do:\*\*/.test(entry) || groups.test(entry), entry);
  });
});

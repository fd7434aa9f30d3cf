import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import ts from "typescript";
import { PAGES, ROOT } from "./markdown";

const SRC = path.join(ROOT, "src");

/** Texts of three words and more that no person gets to read. */
const INTERNAL = new Set(["not known before the update"]);

/** A text of the source, cut at what is filled in. */
interface Text {
  file: string;
  parts: string[];
}

/** Every text in a source file, so that a new message counts wherever and however it is made. */
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

/** Words between blanks: paths, names of packages and keys have none. */
const words = (text: string): number => text.split(/\s+/).filter((each) => /[a-z]{2}/i.test(each)).length;

/** Without the case of its beginning, and the punctuation at its ends, which depend on the sentence around it. */
const plain = (text: string): string => text.replace(/^[\s:;,.()]+|[\s:;,.()]+$/g, "").toLowerCase();

const sources = readdirSync(SRC, { recursive: true, encoding: "utf8" }).filter((file) =>
  file.endsWith(".ts"),
);
const TEXTS = sources.flatMap((file) => textsOf(file, readFileSync(path.join(SRC, file), "utf8")));

const page = PAGES.find(({ file }) => file === "docs/troubleshooting.md");
const source = readFileSync(path.join(ROOT, "docs", "troubleshooting.md"), "utf8");
const DOCUMENTED = (page?.codes ?? []).map((code) => code.toLowerCase());

/** What of the texts no message of the page holds. */
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

/** What of a message of the page is in no text of the source, as whole words. */
function invented(message: string): string {
  let rest = message.toLowerCase();
  for (const part of PARTS)
    rest = rest.split(part).reduce((before, after) => {
      const isWhole = !/[a-z]$/.test(before) && !/^[a-z]/.test(after);
      return `${before}${isWhole ? "…" : part}${after}`;
    });
  return rest;
}

/** Not what the package says, but what a person types. */
const isCommand = (code: string): boolean => /^(pulumi|npx|npm|turso|curl) /.test(code);

describe("docs/troubleshooting.md", () => {
  it("has every sentence that the package can say", () => {
    assert.ok(TEXTS.length > 200);
    assert.deepEqual(missing(TEXTS), []);
  });

  it("would miss a new one, however it is made", () => {
    const made = "const a = (b: string) => tell(`${b}: the moon is full, so nothing rotates.`);";
    assert.deepEqual(missing(textsOf("new.ts", made)), ["new.ts: : the moon is full, so nothing rotates."]);
  });

  it("has no sentence that the package cannot say", () => {
    const own = source.slice(0, source.indexOf("\n## Pulumi's own"));
    const codes = (page?.codes ?? []).filter(
      (code) => own.includes(code) && words(code) >= 3 && !isCommand(code),
    );
    const strangers = codes
      .filter((code) => words(invented(code)) > 2)
      .map((code) => `${code} → ${invented(code)}`);
    assert.deepEqual(strangers, []);
  });

  it("says of each what to do", () => {
    const entries = source.slice(0, source.indexOf("\n## Pulumi's own")).split(/^ *- /m).slice(1);
    const groups = /goes on without proof, since|With it comes why|Find out before sending/;
    for (const entry of entries) assert.ok(/\*\*Do:\*\*/.test(entry) || groups.test(entry), entry);
  });
});

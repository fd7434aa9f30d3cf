import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { TerminalSession } from "./terminal";

const FOLDER = path.join(__dirname, "golden");

/** Text that differs between runs, and its placeholder. The order matters. */
const VARIABLE: [RegExp, string][] = [
  [/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, "2026-11-30T12:00:00.000Z"],
  [/\b127\.0\.0\.1:\d{2,5}\b/g, "127.0.0.1:8080"],
  [/\b(after|in|of|for) (at most )?(under )?\d+(\.\d+)? s\b/g, "$1 $2N s"],
  [/^ *\d+ s {2}(?=\S| {4}\S)/, "  N s  "],
  [/^(.*time without a valid token:? +)\d+\.\d\d s$/, "$1N s"],
  [/^( *Duration: )\d+m?\d*s$/, "$1Ns"],
];

/** A row of the engine's resource tree. At this width its Info is truncated after a few letters, and its times vary. */
const ROW = /^(.{5})([│├└ ]*─ )?(pulumi:pulumi:Stack|pulumi-nodejs:\S+) +(\S+)(?: +(.*))?$/;
const HEADER = /^ {5}Type +Name +(Plan|Status)( +Inf?o?)? *$/;

function normalise(line: string): string {
  const [, operation, branch = "", type = "", name = "", rest = ""] = ROW.exec(line) ?? [];
  if (operation !== undefined) {
    // the engine updates resources in parallel, so that any of them may be the last row
    const status = /^(?:\*\*[^*]+\*\*|[a-z]+(?: [a-z]+)*)/.exec(rest)?.[0] ?? "";
    return `${operation}${branch.replace("└", "├")}${type}  ${name}  ${status}`.trimEnd();
  }
  const header = HEADER.exec(line);
  if (header) return `     Type  Name  ${header[1] ?? ""}`;
  return VARIABLE.reduce((text, [pattern, placeholder]) => text.replace(pattern, placeholder), line);
}

/** Sorts what the engine prints in no fixed order: the rows of its resource tree and the parts of its diagnostics. */
function sorted(lines: string[]): string[] {
  const ordered: string[] = [];
  for (let at = 0; at < lines.length;) {
    let end = at;
    const isPartOf = lines[at]?.includes("├─")
      ? isBranch
      : lines[at] === "Diagnostics:"
        ? isIndented
        : undefined;
    while (isPartOf !== undefined && end + 1 < lines.length && isPartOf(lines[end + 1] ?? "")) end += 1;
    const block = lines.slice(at, end + 1);
    ordered.push(
      ...(isPartOf === isBranch ? block.sort(byText) : isPartOf ? sortedDiagnostics(block) : block),
    );
    at = end + 1;
  }
  return ordered;
}

const isBranch = (line: string): boolean => line.includes("├─");
const isIndented = (line: string): boolean => line === "" || line.startsWith("  ");
const byText = (a: string, b: string): number => (a < b ? -1 : 1);

/** By resource; the engine's own summary comes last. */
function sortedDiagnostics([title = "", ...lines]: string[]): string[] {
  const parts: { head: string; said: string[]; last: string[] }[] = [];
  for (const line of lines.filter((each) => each !== "")) {
    if (/^ {2}\S/.test(line)) parts.push({ head: line, said: [], last: [] });
    else
      (/^ {4}error: (update|preview) failed$/.test(line) ? parts.at(-1)?.last : parts.at(-1)?.said)?.push(
        line,
      );
  }
  parts.sort((a, b) => byText(a.head, b.head));
  return [title, ...parts.flatMap(({ head, said, last }) => [head, ...said, ...last, ""])];
}

/** Normalises the output of a program that does not format for a terminal. */
export const printed = (output: string): string => output.split("\n").map(normalise).join("\n");

export const transcript = (command: string, { code, lines }: TerminalSession): string =>
  [`$ ${command}`, ...sorted(lines.map(normalise)), `[exit code ${code}]`, ""].join("\n");

/** Compares a text with the committed golden file; `UPDATE_GOLDEN=1` overwrites the file instead. */
export function assertGolden(name: string, text: string): void {
  const file = path.join(FOLDER, `${name}.txt`);
  if (process.env["UPDATE_GOLDEN"] === "1") {
    mkdirSync(FOLDER, { recursive: true });
    writeFileSync(file, text);
    return;
  }
  assert.ok(existsSync(file), `there is no ${file} yet: UPDATE_GOLDEN=1 creates it with this text:\n${text}`);
  assert.equal(
    text,
    readFileSync(file, "utf8"),
    `golden/${name}.txt differs; UPDATE_GOLDEN=1 accepts the current output`,
  );
}

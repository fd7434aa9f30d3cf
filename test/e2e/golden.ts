import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { COLUMNS, type Session } from "./terminal";

const FOLDER = path.join(__dirname, "golden");

/** What differs from run to run, and what stands for it. The order matters. */
const VARIABLE: [RegExp, string][] = [
  [/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, "2026-11-30T12:00:00.000Z"],
  [/\b127\.0\.0\.1:\d{2,5}\b/g, "127.0.0.1:8080"],
  [/\b(after|in|of|for) (at most )?(under )?\d+(\.\d+)? s\b/g, "$1 $2N s"],
  [/^ *\d+ s {2}(?=\S| {4}\S)/, "  N s  "],
  [/^(.*no valid token existed for:? +)\d+\.\d\d s$/, "$1N s"],
  [/^( *Duration: )\d+m?\d*s$/, "$1Ns"],
];

/** A row of the engine's tree: its Info is cut off after a few letters at this width, and its times vary. */
const ROW = /^(.{5})([│├└ ]*─ )?(pulumi:pulumi:Stack|pulumi-nodejs:\S+) +(\S+)(?: +(.*))?$/;
const HEADER = /^ {5}Type +Name +(Plan|Status)( +Inf?o?)? *$/;

function normalise(line: string): string {
  const [, operation, branch = "", type = "", name = "", rest = ""] = ROW.exec(line) ?? [];
  if (operation !== undefined) {
    // resources are worked on at once, so any of them may be the last
    const status = /^(?:\*\*[^*]+\*\*|[a-z]+(?: [a-z]+)*)/.exec(rest)?.[0] ?? "";
    return `${operation}${branch.replace("└", "├")}${type}  ${name}  ${status}`.trimEnd();
  }
  const header = HEADER.exec(line);
  if (header) return `     Type  Name  ${header[1] ?? ""}`;
  return VARIABLE.reduce((text, [pattern, standIn]) => text.replace(pattern, standIn), line);
}

/** Puts what the engine shows as it comes into one order: the rows of its tree, and the parts of its diagnostics. */
function inOrder(lines: string[]): string[] {
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
      ...(isPartOf === isBranch ? block.sort(byText) : isPartOf ? diagnosticsInOrder(block) : block),
    );
    at = end + 1;
  }
  return ordered;
}

const isBranch = (line: string): boolean => line.includes("├─");
const isIndented = (line: string): boolean => line === "" || line.startsWith("  ");
const byText = (a: string, b: string): number => (a < b ? -1 : 1);

/** By resource, and the engine's own last word after the others. */
function diagnosticsInOrder([title = "", ...lines]: string[]): string[] {
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

/** As the terminal breaks a line that is too long. */
const wrap = (line: string): string[] => line.match(new RegExp(`.{1,${COLUMNS}}`, "gu")) ?? [""];

/** What a program printed that knows of no terminal. */
export const printed = (output: string): string => output.split("\n").map(normalise).join("\n");

export const transcript = (command: string, { code, lines }: Session): string =>
  [`$ ${command}`, ...inOrder(lines.map(normalise)).flatMap(wrap), `[exit code ${code}]`, ""].join("\n");

/** Compares with the text that was reviewed and kept; `UPDATE_GOLDEN=1` keeps the new one instead. */
export function assertGolden(name: string, text: string): void {
  const file = path.join(FOLDER, `${name}.txt`);
  if (process.env["UPDATE_GOLDEN"] === "1") {
    mkdirSync(FOLDER, { recursive: true });
    writeFileSync(file, text);
    return;
  }
  assert.ok(existsSync(file), `there is no ${file} yet: UPDATE_GOLDEN=1 keeps what it is now:\n${text}`);
  assert.equal(
    text,
    readFileSync(file, "utf8"),
    `golden/${name}.txt; UPDATE_GOLDEN=1 accepts what it is now`,
  );
}

import assert from "node:assert/strict";

/** Text that differs between runs, and its placeholder. */
const VARYING: [RegExp, string][] = [
  [/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "TIME"],
  [/(under )?\d+(\.\d+)? (s|ms|minutes)\b/g, "DURATION"],
  [/[\da-f]{8}-[\da-f]{4}-[\da-f-]{22,}/g, "ID"],
  [/127\.0\.0\.1:\d+/g, "127.0.0.1:PORT"],
];

const normal = (line: string): string =>
  VARYING.reduce((text, [pattern, name]) => text.replace(pattern, name), line).trimEnd();

/**
 * Asserts that a page shows the lines that a command printed, in order. `…` stands for omitted lines. Times, ids and
 * ports may differ.
 */
export function assertShown(shown: string, printed: string, where: string): void {
  const actual = printed.split("\n").map(normal);
  let next = 0;
  for (const part of shown.split(/^…$/m)) {
    if (part.trim() === "") continue;
    const lines = part
      .replace(/^\n|\n$/g, "")
      .split("\n")
      .map(normal);
    const found = actual.findIndex(
      (_, at) => at >= next && lines.every((line, i) => actual[at + i] === line),
    );
    assert.ok(
      found >= next,
      `${where} shows lines that were not printed:\n${part}\nActual output:\n${printed}`,
    );
    next = found + lines.length;
  }
}

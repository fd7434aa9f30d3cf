/** `npm run test:breaks`: breaks one rule after the other in a copy of the code, and checks that a test notices. */
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { UsageError, runTool } from "../../tools/command-line.js";
import { ROOT } from "../../tools/stack";
import { MODEL, type Break } from "./break";
import { Copy } from "./copy";
import { CHAPTERS } from "./list";
import { withTable } from "./table";

const PAGE = path.join(ROOT, "docs", "reliability.md");
const BREAKS = CHAPTERS.flatMap(({ breaks }) => breaks);
const USAGE = `Breaks each rule once in a copy of the code, and checks that the tests which are to notice it fail.

  npm run test:breaks                  all ${BREAKS.length} breaks, in sequence
  npm run test:breaks -- --only NAME   only this one; may be repeated
  npm run test:breaks -- --list        prints the names, and what the broken code does
  npm run test:breaks -- --write       writes the table of all breaks into docs/reliability.md
  npm run test:breaks -- --help        prints this text

The breaks are in test/breaks/list. The exit code is 1 if a break is not caught by each of its tests, or does not apply any more.`;

const OPTIONS = {
  only: { type: "list", default: [] },
  list: { type: "flag" },
  write: { type: "flag" },
} as const;

function selected(names: readonly string[]): Break[] {
  const unknown = names.find((name) => !BREAKS.some((each) => each.name === name));
  if (unknown !== undefined) throw new UsageError(`There is no break "${unknown}": --list prints the names.`);
  return BREAKS.filter(({ name }) => names.length === 0 || names.includes(name));
}

/** @returns whether all of its tests caught it */
function tryOne(copy: Copy, each: Break): boolean {
  const start = Date.now();
  let failures: { test: string; failure: string | undefined }[];
  try {
    failures = copy.with(each, () =>
      each.caughtBy.map((test) => ({ test, failure: copy.firstFailure(test) })),
    );
  } catch (error) {
    console.log(`${each.name}: ${error instanceof Error ? error.message : String(error)}`);
    return false;
  }
  const missed = failures.filter(({ failure }) => failure === undefined);
  const seconds = Math.round((Date.now() - start) / 1000);
  console.log(`${each.name}: ${missed.length === 0 ? "caught" : "NOT caught"} (${seconds} s)`);
  for (const { test, failure } of failures) console.log(`  ${test}: ${failure ?? "passes"}`);
  return missed.length === 0;
}

/** Tests that fail anyway would seem to catch everything. Some depend on time, so a busy machine has a second try. */
function requirePassing(copy: Copy, breaks: readonly Break[]): void {
  const tests = new Set(breaks.flatMap(({ caughtBy }) => caughtBy));
  tests.delete(MODEL); // takes minutes, and `npm test` runs it
  if (tests.size === 0 || copy.mocha([...tests]) === undefined) return;
  const failure = copy.mocha([...tests]);
  if (failure !== undefined) throw new Error(`A test fails although nothing is broken: ${failure}`);
}

function tryAll(breaks: readonly Break[]): void {
  const copy = new Copy();
  try {
    requirePassing(copy, breaks);
    const caught = breaks.filter((each) => tryOne(copy, each));
    console.log(`${caught.length} of ${breaks.length} caught`);
    if (caught.length < breaks.length) process.exitCode = 1;
  } finally {
    copy.remove();
  }
}

void runTool({ usage: USAGE, options: OPTIONS }, ({ only, list, write }) => {
  const breaks = selected(only);
  if (list) for (const { name, defect } of breaks) console.log(`${name}: ${defect}`);
  else if (write) writeFileSync(PAGE, withTable(readFileSync(PAGE, "utf8"), CHAPTERS));
  else tryAll(breaks);
  return Promise.resolve();
});

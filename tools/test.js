// @ts-check
// `npm test` after the set-up: every stage by name, and a last line with the counts.
"use strict";

const { spawn } = require("node:child_process");
const { readdirSync } = require("node:fs");
const path = require("node:path");
const { stripVTControlCharacters } = require("node:util");

const ROOT = path.dirname(__dirname);
const BIN = path.join(ROOT, "node_modules", ".bin");

/** Wait for time limits, start processes, or make thousands of requests. */
const SLOW = [
  "core/canary",
  "rotation/lost-answer",
  "tools/setup",
  "turso/hostile",
  "turso/hostile-data-plane",
  "emulator/lifecycle",
  "emulator/scale",
].map((name) => `test/${name}.test.ts`);

/** @param {string} folder @returns {string[]} the files of tests in it */
const testsIn = (folder) =>
  readdirSync(path.join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".test.ts"))
    .map((file) => path.posix.join(folder, file.replaceAll(path.sep, "/")))
    .sort();

const UNIT = testsIn("test").filter(
  (file) => !/^test\/(docs|e2e|model|package)\//.test(file) && !SLOW.includes(file),
);

/** The longest first, so that two workers end together. */
const LONG = ["examples-scheduled", "auth-token", "kill", "examples-fleet", "examples-deliver", "rule-1"];
/** @param {string} file */
const isLong = (file) => LONG.includes(path.basename(file, ".test.ts"));
const E2E = [
  ...LONG.map((name) => `test/e2e/${name}.test.ts`),
  ...testsIn("test/e2e").filter((file) => !isLong(file)),
];

/**
 * From quick to slow. Those of one line run at once: each is one process's work, and there is more than one processor.
 * @type {{ name: string, command: string[] }[][]}
 */
const STAGES = [
  [
    { name: "lint", command: ["eslint", "--max-warnings", "0", "."] },
    { name: "format", command: ["prettier", "--check", "--log-level", "warn", "."] },
    { name: "types", command: ["tsc", "--noEmit", "-p", "."] },
    { name: "unused", command: ["knip"] },
  ],
  [
    {
      name: "unit",
      command: ["mocha", "--parallel", "--jobs", "2", "--timeout", "5000", ...UNIT],
    },
  ],
  [
    { name: "slow", command: ["mocha", "--parallel", "--jobs", "3", ...SLOW] },
    { name: "model", command: ["mocha", "test/model/**/*.test.ts"] },
  ],
  [{ name: "docs", command: ["mocha", "--parallel", "--jobs", "2", ...testsIn("test/docs")] }],
  [{ name: "e2e", command: ["mocha", "--parallel", "--jobs", "2", "--timeout", "300000", ...E2E] }],
  [
    {
      name: "package",
      command: ["mocha", "--parallel", "--jobs", "2", "--timeout", "300000", ...testsIn("test/package")],
    },
  ],
];

const USAGE = `Runs the project's checks and tests.

  npm test                  all stages: ${STAGES.flat()
    .map(({ name }) => name)
    .join(", ")}
  npm test -- STAGE...      only these
  npx mocha FILE            one file of tests (npx mocha --grep TEXT FILE: one test)`;

/**
 * @param {string[]} command @param {(text: string) => void} show
 * @returns {Promise<{ code: number, output: string }>}
 */
function run([tool = "", ...args], show) {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, ...(process.stdout.isTTY ? { FORCE_COLOR: "1" } : { NO_COLOR: "1" }) };
    const child = spawn(path.join(BIN, tool), args, { cwd: ROOT, env, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text) => {
        output += text;
        show(text);
      });
    child.on("error", reject);
    child.on("close", (code) => resolve({ code: code ?? 1, output }));
  });
}

/** @param {string} output @param {string} word @returns {number} mocha's own count */
const count = (output, word) =>
  Number(new RegExp(`^\\s*(\\d+) ${word}`, "m").exec(stripVTControlCharacters(output))?.[1] ?? 0);

/**
 * What a failed stage's output says of the failures: mocha's list of them, which it prints last; else its last lines.
 * @param {string} output @returns {string}
 */
function failuresIn(output) {
  const start = output.search(/^.*\d+ failing/m);
  return start < 0 ? output.trimEnd().split("\n").slice(-100).join("\n") : output.slice(start).trimEnd();
}

/**
 * @param {{ name: string, command: string[] }} stage @param {boolean} isAlone others print between its lines otherwise
 * @returns {Promise<{ passed: number, failed: number, report: string }>}
 */
async function play({ name, command }, isAlone) {
  const start = Date.now();
  const isMocha = command[0] === "mocha";
  const title = `\n── ${name}: ${isMocha ? "mocha" : command.join(" ")}\n`;
  if (isAlone) process.stdout.write(title);
  const { code, output } = await run(command, (text) => isAlone && process.stdout.write(text));
  if (!isAlone) process.stdout.write(title + output);
  const failures = isMocha ? count(output, "failing") : 0;
  const passed = isMocha ? count(output, "passing") : Number(code === 0);
  const result = `${code === 0 ? "passed" : "FAILED"} in ${((Date.now() - start) / 1000).toFixed(1)} s`;
  console.log(`── ${name}: ${result}${isMocha ? `, ${passed} tests` : ""}`);
  const report = code === 0 ? "" : `\n── what failed in ${name}:\n${failuresIn(output)}\n`;
  return { passed, failed: failures > 0 ? failures : Number(code !== 0), report };
}

async function main() {
  const wanted = process.argv.slice(2);
  if (wanted.includes("--help")) return console.log(USAGE);
  const unknown = wanted.find((name) => !STAGES.flat().some((stage) => stage.name === name));
  if (unknown !== undefined) throw new Error(`There is no stage "${unknown}".\n${USAGE}`);
  let [passed, failed] = [0, 0];
  const reports = [];
  for (const group of STAGES) {
    const stages = group.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
    for (const result of await Promise.all(stages.map((stage) => play(stage, stages.length === 1)))) {
      passed += result.passed;
      failed += result.failed;
      reports.push(result.report);
    }
  }
  // once more at the end: a log that CI keeps is often its tail alone
  console.log(`${reports.join("")}\n${passed} passed, ${failed} failed`);
  if (failed > 0) process.exitCode = 1;
}

main().catch((error) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
});

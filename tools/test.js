// @ts-check
// `npm test` after the set-up: runs the stages, and prints the counts in the last line.
"use strict";

const { spawn } = require("node:child_process");
const { readdirSync } = require("node:fs");
const path = require("node:path");
const { stripVTControlCharacters } = require("node:util");
const { runTool } = require("./command-line.js");
const { stageOf } = require("./stages.js");

const ROOT = path.dirname(__dirname);
const BIN = path.join(ROOT, "node_modules", ".bin");

/** @param {string} stage @returns {string[]} the stage's files of tests */
const testsOf = (stage) =>
  readdirSync(path.join(ROOT, "test"), { recursive: true, encoding: "utf8" })
    .map((file) => path.posix.join("test", file.replaceAll(path.sep, "/")))
    .filter((file) => stageOf(file) === stage)
    .sort();

/**
 * From quick to slow. The stages of one group run in parallel: most of them keep only one processor busy.
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
      command: ["mocha", "--parallel", "--jobs", "2", "--timeout", "5000", ...testsOf("unit")],
    },
  ],
  [
    { name: "slow", command: ["mocha", "--parallel", "--jobs", "3", ...testsOf("slow")] },
    { name: "model", command: ["mocha", ...testsOf("model")] },
  ],
  [{ name: "docs", command: ["mocha", "--parallel", "--jobs", "2", ...testsOf("docs")] }],
  [
    {
      name: "e2e",
      command: ["mocha", "--parallel", "--jobs", "2", "--timeout", "300000", ...testsOf("e2e")],
    },
  ],
  [
    {
      name: "package",
      command: ["mocha", "--parallel", "--jobs", "2", "--timeout", "300000", ...testsOf("package")],
    },
  ],
];

const NAMES = STAGES.flat().map(({ name }) => name);
const USAGE = `Runs the project's checks and tests.

  npm test                  all stages: ${NAMES.join(", ")}
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

/** @param {string} output @param {string} word @returns {number} the count that mocha printed before the word */
const count = (output, word) =>
  Number(new RegExp(`^\\s*(\\d+) ${word}`, "m").exec(stripVTControlCharacters(output))?.[1] ?? 0);

/**
 * The part of a failed stage's output that describes the failures: mocha's list of failures, which it prints last, or
 * the last lines of any other tool.
 * @param {string} output @returns {string}
 */
function failuresIn(output) {
  const start = output.search(/^.*\d+ failing/m);
  return start < 0 ? output.trimEnd().split("\n").slice(-100).join("\n") : output.slice(start).trimEnd();
}

/**
 * @param {{ name: string, command: string[] }} stage @param {boolean} isAlone no other stage runs in parallel, so the output can be shown as it comes
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

/** @param {string[]} wanted */
async function main(wanted) {
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
  // repeats the failures at the end: CI often keeps only the tail of a log
  console.log(`${reports.join("")}\n${passed} passed, ${failed} failed`);
  if (failed > 0) process.exitCode = 1;
}

const operands = { name: "stage", choices: NAMES };
void runTool({ usage: USAGE, options: {}, operands }, (_, wanted) => main(wanted));

// @ts-check
// `npm test` after the set-up: runs the stages, and prints the counts in the last line.
"use strict";

const { readdirSync } = require("node:fs");
const path = require("node:path");
const { runTool } = require("./command-line.js");
const { play } = require("./play-stage.js");
const { stageOf } = require("./stages.js");

const ROOT = path.dirname(__dirname);

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

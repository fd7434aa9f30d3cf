// @ts-check
// Runs one stage of `npm test`, and reports its result.
"use strict";

const { spawn } = require("node:child_process");
const path = require("node:path");
const { stripVTControlCharacters } = require("node:util");
const { killTree } = require("./kill-tree.js");

const ROOT = path.dirname(__dirname);
const BIN = path.join(ROOT, "node_modules", ".bin");
/**
 * The slowest stage took 25 minutes on two cores that had other work too. A test that blocks its thread in native code cannot be ended by mocha's timeout,
 * because that timer runs in the same thread.
 */
const LIMIT_MINUTES = 45;

/**
 * Runs a tool of this repository. At the limit, it kills the tool with all of its child processes.
 * @param {string[]} command @param {number} limitMs @param {(text: string) => void} show
 * @returns {Promise<{ code: number, output: string, isLate: boolean }>}
 */
function run([tool = "", ...args], limitMs, show) {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, ...(process.stdout.isTTY ? { FORCE_COLOR: "1" } : { NO_COLOR: "1" }) };
    const child = spawn(path.join(BIN, tool), args, { cwd: ROOT, env, stdio: ["ignore", "pipe", "pipe"] });
    let [output, isLate] = ["", false];
    const timer = setTimeout(() => {
      isLate = true;
      if (child.pid !== undefined) killTree(child.pid);
      // a process that was detached from the tree may keep the pipes open
      for (const stream of [child.stdout, child.stderr]) stream.destroy();
    }, limitMs);
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text) => {
        output += text;
        show(text);
      });
    child.on("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.on("close", (code) => {
      clearTimeout(timer);
      resolve({ code: code ?? 1, output, isLate });
    });
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
 * @typedef {object} Stage
 * @property {string} name
 * @property {string[]} command
 * @property {number} [limitMinutes] `LIMIT_MINUTES` by default
 */
/**
 * @param {Stage} stage @param {boolean} isAlone no other stage runs in parallel, so the output can be shown as it comes
 * @returns {Promise<{ passed: number, failed: number, report: string }>}
 */
async function play({ name, command, limitMinutes = LIMIT_MINUTES }, isAlone) {
  const start = Date.now();
  const isMocha = command[0] === "mocha";
  const title = `\n── ${name}: ${isMocha ? "mocha" : command.join(" ")}\n`;
  if (isAlone) process.stdout.write(title);
  const limitMs = limitMinutes * 60_000;
  const { code, output, isLate } = await run(
    command,
    limitMs,
    (text) => isAlone && process.stdout.write(text),
  );
  if (!isAlone) process.stdout.write(title + output);
  const failures = isMocha ? count(output, "failing") : 0;
  const passed = isMocha ? count(output, "passing") : Number(code === 0);
  const result = `${code === 0 ? "passed" : "FAILED"} in ${((Date.now() - start) / 1000).toFixed(1)} s`;
  console.log(`── ${name}: ${result}${isMocha ? `, ${passed} tests` : ""}`);
  const late = isLate
    ? `The stage "${name}" did not end within ${limitMinutes} minutes. It was killed with all of its processes.\n`
    : "";
  const report = code === 0 ? "" : `\n── what failed in ${name}:\n${failuresIn(output)}\n${late}`;
  return { passed, failed: failures > 0 ? failures : Number(code !== 0), report };
}

module.exports = { play };

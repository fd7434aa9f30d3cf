// @ts-check
// The command line of every tool of this repository: options, --help, and one sentence for a mistake.
"use strict";

const { parseArgs } = require("node:util");

/** A mistake in a command line, as one sentence. */
class UsageError extends Error {}

/**
 * @typedef {{ type: "flag" }} Flag
 * @typedef {{ type: "text" }} Text
 * @typedef {{ type: "number", min: number, max: number, default?: number }} WholeNumber
 * @typedef {Record<string, Flag | Text | WholeNumber>} Options
 */
/**
 * @template {Options} O
 * @typedef {{ [K in keyof O]: O[K] extends Flag ? boolean
 *   : O[K] extends Text ? string | undefined
 *   : O[K] extends { default: number } ? number : number | undefined }} Values
 */
/**
 * @template {Options} O
 * @typedef {object} CommandLine
 * @property {string} usage what --help prints
 * @property {O} options by name, without the dashes
 * @property {{ name: string, choices: readonly string[] }} [operands] the words that may follow the options
 */

/**
 * @template {Options} const O
 * @param {CommandLine<O>} commandLine
 * @param {readonly string[]} argv
 * @returns {{ values: Values<O>, operands: string[] } | "help"}
 */
function readCommandLine({ options, operands }, argv) {
  const { values, positionals } = parse(argv, options, operands !== undefined);
  if (values["help"] === true) return "help";
  const unknown = positionals.find((word) => !operands?.choices.includes(word));
  if (operands !== undefined && unknown !== undefined)
    throw new UsageError(
      `There is no ${operands.name} "${unknown}": choose from ${operands.choices.join(", ")}.`,
    );
  const read = Object.entries(options).map(([name, option]) => [name, valueOf(name, option, values[name])]);
  return { values: Object.fromEntries(read), operands: positionals };
}

/**
 * @param {readonly string[]} argv @param {Options} options @param {boolean} allowPositionals
 * @returns {{ values: Record<string, unknown>, positionals: string[] }}
 */
function parse(argv, options, allowPositionals) {
  /** @type {import("node:util").ParseArgsConfig["options"]} */
  const known = { help: { type: "boolean", short: "h" } };
  for (const [name, { type }] of Object.entries(options))
    known[name] = { type: type === "flag" ? "boolean" : "string" };
  try {
    return parseArgs({ args: [...argv], options: known, allowPositionals });
  } catch (error) {
    // Node.js adds a hint on how to quote to its first sentence
    const [sentence = ""] = (error instanceof Error ? error.message : String(error)).split(/\.(?:\s|$)/);
    throw new UsageError(`${sentence}.`);
  }
}

/** @param {string} name @param {Flag | Text | WholeNumber} option @param {unknown} value */
function valueOf(name, option, value) {
  if (option.type === "flag") return value === true;
  if (option.type === "text") {
    if (value === "") throw new UsageError(`--${name} must not be empty.`);
    return value;
  }
  if (value === undefined) return option.default;
  const number = /^\d+$/.test(String(value)) ? Number(value) : NaN;
  if (!(number >= option.min && number <= option.max))
    throw new UsageError(
      `--${name} must be a whole number from ${option.min} to ${option.max}, not "${String(value)}".`,
    );
  return number;
}

/**
 * Runs a tool with its command line. Exit code 2 is a mistake in the command line, 1 a failure of the tool.
 * @template {Options} const O
 * @param {CommandLine<O>} commandLine
 * @param {(values: Values<O>, operands: string[]) => Promise<void>} main
 * @returns {Promise<void>}
 */
async function runTool(commandLine, main) {
  try {
    const read = readCommandLine(commandLine, process.argv.slice(2));
    if (read === "help") console.log(commandLine.usage);
    else await main(read.values, read.operands);
  } catch (error) {
    console.error(error instanceof UsageError ? `${error.message} See --help.` : error);
    process.exitCode = error instanceof UsageError ? 2 : 1;
  }
}

module.exports = { UsageError, readCommandLine, runTool };

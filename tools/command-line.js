// @ts-check
// The command line of every tool of this repository: options, --help, and one sentence for a mistake.
"use strict";

const { parseArgs } = require("node:util");

/** A mistake in a command line, as one sentence. */
class UsageError extends Error {}

/**
 * @typedef {{ type: "flag" }} Flag
 * @typedef {{ type: "text", default?: string }} Text
 * @typedef {{ type: "list", default: readonly string[] }} List a text that may be repeated
 * @typedef {{ type: "choice", choices: readonly string[], default: string }} Choice
 * @typedef {{ type: "number", min: number, max: number, default?: number, fractions?: boolean }} Numeric
 * @typedef {Record<string, Flag | Text | List | Choice | Numeric>} Options
 */
/**
 * @template {Options} O
 * @typedef {{ [K in keyof O]: O[K] extends Flag ? boolean
 *   : O[K] extends Text ? O[K] extends { default: string } ? string : string | undefined
 *   : O[K] extends List ? readonly string[]
 *   : O[K] extends Choice ? O[K]["choices"][number]
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
    known[name] = { type: type === "flag" ? "boolean" : "string", multiple: type === "list" };
  try {
    return parseArgs({ args: [...argv], options: known, allowPositionals });
  } catch (error) {
    // Node.js adds a hint on how to quote to its first sentence
    const [sentence = ""] = (error instanceof Error ? error.message : String(error)).split(/\.(?:\s|$)/);
    throw new UsageError(`${sentence}.`);
  }
}

/**
 * @param {string} name @param {Options[string]} option
 * @param {unknown} value as parsed: undefined, a boolean for a flag, an array of texts for a list, or else a text
 */
function valueOf(name, option, value) {
  if (option.type === "flag") return value === true;
  if (value === undefined) return option.default;
  for (const text of [value].flat()) if (text === "") throw new UsageError(`--${name} must not be empty.`);
  if (option.type === "number") return numberFrom(name, option, String(value));
  if (option.type === "choice" && !option.choices.includes(String(value)))
    throw new UsageError(`--${name} must be one of ${option.choices.join(", ")}, not "${String(value)}".`);
  return value;
}

/** @param {string} name @param {Numeric} option @param {string} text @returns {number} */
function numberFrom(name, { min, max, fractions = false }, text) {
  const number = (fractions ? /^\d+(\.\d+)?$/ : /^\d+$/).test(text) ? Number(text) : NaN;
  if (number >= min && number <= max) return number;
  const kind = fractions ? "number" : "whole number";
  throw new UsageError(`--${name} must be a ${kind} from ${min} to ${max}, not "${text}".`);
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

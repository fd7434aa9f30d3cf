import assert from "node:assert/strict";
import { UsageError, readCommandLine } from "../../tools/command-line.js";

const COMMAND_LINE = {
  usage: "Plays.",
  options: {
    quick: { type: "flag" },
    out: { type: "text" },
    runs: { type: "number", min: 1, max: 500, default: 20 },
    seed: { type: "number", min: 0, max: 99 },
  },
  operands: { name: "stage", choices: ["unit", "slow"] },
} as const;
const read = (...argv: string[]) => readCommandLine(COMMAND_LINE, argv);
const DEFAULTS = { quick: false, out: undefined, runs: 20, seed: undefined };

describe("a tool's command line", () => {
  const ACCEPTED: [argv: string[], values: object, operands: string[]][] = [
    [[], {}, []],
    [["--quick"], { quick: true }, []],
    [["--out", "folder", "--runs", "3"], { out: "folder", runs: 3 }, []],
    [["--runs=500", "--seed=0"], { runs: 500, seed: 0 }, []],
    [["slow", "--quick", "unit"], { quick: true }, ["slow", "unit"]],
  ];
  for (const [argv, values, operands] of ACCEPTED)
    it(`accepts "${argv.join(" ")}"`, () =>
      assert.deepEqual(read(...argv), { values: { ...DEFAULTS, ...values }, operands }));

  const REJECTED: [argv: string[], message: string][] = [
    [["--fast"], "Unknown option '--fast'."],
    [["-x"], "Unknown option '-x'."],
    [["--quick=yes"], "Option '--quick' does not take an argument."],
    [["--out"], "Option '--out <value>' argument missing."],
    [["--out", "--quick"], "Option '--out' argument is ambiguous."],
    [["--out="], "--out must not be empty."],
    [["--runs", "0"], '--runs must be a whole number from 1 to 500, not "0".'],
    [["--runs", "501"], '--runs must be a whole number from 1 to 500, not "501".'],
    [["--runs", "1e2"], '--runs must be a whole number from 1 to 500, not "1e2".'],
    [["--runs", "2.5"], '--runs must be a whole number from 1 to 500, not "2.5".'],
    [["--runs", "many"], '--runs must be a whole number from 1 to 500, not "many".'],
    [["--runs", ""], '--runs must be a whole number from 1 to 500, not "".'],
    [["--seed=-1"], '--seed must be a whole number from 0 to 99, not "-1".'],
    [["unit", "slwo"], 'There is no stage "slwo": choose from unit, slow.'],
  ];
  for (const [argv, message] of REJECTED)
    it(`rejects "${argv.join(" ")}": ${message}`, () =>
      assert.throws(
        () => read(...argv),
        (error) => error instanceof UsageError && error.message === message,
      ));

  it("accepts no words if the tool has no use for them", () => {
    const message = "Unexpected argument 'unit'.";
    assert.throws(() => readCommandLine({ usage: "", options: {} }, ["unit"]), { message });
  });

  for (const flag of ["--help", "-h"])
    it(`asks for the usage with ${flag}, even beside a wrong value`, () =>
      assert.equal(read("--runs", "many", flag), "help"));
});

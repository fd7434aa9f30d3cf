import assert from "node:assert/strict";
import { UsageError, readCommandLine } from "../../tools/command-line.js";

const COMMAND_LINE = {
  usage: "Plays.",
  options: {
    quick: { type: "flag" },
    out: { type: "text" },
    runs: { type: "number", min: 1, max: 500, default: 20 },
    seed: { type: "number", min: 0, max: 99 },
    organization: { type: "text", default: "acme" },
    database: { type: "list", default: ["app", "reports"] },
    radius: { type: "choice", choices: ["group", "database"], default: "group" },
    delay: { type: "number", min: 0, max: 60, default: 0, fractions: true },
  },
  operands: { name: "stage", choices: ["unit", "slow"] },
} as const;
const read = (...argv: string[]) => readCommandLine(COMMAND_LINE, argv);
const DEFAULTS = {
  quick: false,
  out: undefined,
  runs: 20,
  seed: undefined,
  organization: "acme",
  database: ["app", "reports"],
  radius: "group",
  delay: 0,
};

describe("a tool's command line", () => {
  const ACCEPTED: [argv: string[], values: object, operands: string[]][] = [
    [[], {}, []],
    [["--quick"], { quick: true }, []],
    [["--out", "folder", "--runs", "3"], { out: "folder", runs: 3 }, []],
    [["--runs=500", "--seed=0"], { runs: 500, seed: 0 }, []],
    [["--organization", "other", "--radius", "database"], { organization: "other", radius: "database" }, []],
    [["--database", "one"], { database: ["one"] }, []],
    [["--database", "one", "--database=two"], { database: ["one", "two"] }, []],
    [["--delay", "2.5"], { delay: 2.5 }, []],
    [["--delay", "60"], { delay: 60 }, []],
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
    [["--runs", ""], "--runs must not be empty."],
    [["--organization="], "--organization must not be empty."],
    [["--database", "one", "--database="], "--database must not be empty."],
    [["--database"], "Option '--database <value>' argument missing."],
    [["--radius", "world"], '--radius must be one of group, database, not "world".'],
    [["--delay", "60.5"], '--delay must be a number from 0 to 60, not "60.5".'],
    [["--delay", "1."], '--delay must be a number from 0 to 60, not "1.".'],
    [["--delay", "soon"], '--delay must be a number from 0 to 60, not "soon".'],
    [["--seed=-1"], '--seed must be a whole number from 0 to 99, not "-1".'],
    [["unit", "slwo"], 'There is no stage "slwo": choose from unit, slow.'],
  ];
  for (const [argv, message] of REJECTED)
    it(`rejects "${argv.join(" ")}": ${message}`, () =>
      assert.throws(
        () => read(...argv),
        (error) => error instanceof UsageError && error.message === message,
      ));

  it("rejects operands if the tool takes no operands", () => {
    const message = "Unexpected argument 'unit'.";
    assert.throws(() => readCommandLine({ usage: "", options: {} }, ["unit"]), { message });
  });

  for (const flag of ["--help", "-h"])
    it(`asks for the usage with ${flag}, even with an invalid option`, () =>
      assert.equal(read("--runs", "many", flag), "help"));
});

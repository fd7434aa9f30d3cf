import { parseArgs } from "node:util";

export const PARTS = ["fleet", "single", "dark-window", "growth", "weight"] as const;
export type Part = (typeof PARTS)[number];

export interface Options {
  quick: boolean;
  parts: readonly Part[];
  rounds: number;
  /** Databases in the largest fleet. */
  size: number;
  /** Requests at once: of the package, and of the loops that are its limit. */
  parallelism: number;
  /** Where the results are written; absent: nowhere. */
  out?: string;
}

/** A mistake of the person at the keyboard: told in one sentence. */
export class UsageError extends Error {}

export const USAGE = `Measures the package against what a person would do instead, and against the limit.

  npm run bench                    all of it, in about half an hour; writes bench/RESULTS.md and bench/fleet.svg
  npm run bench -- --quick         small sizes, one round, under three minutes; writes nothing unless --out is given
    --only PART,...   ${PARTS.join(", ")}; writes nothing unless --out is given
    --rounds N        how often each figure is taken, contenders in turn (5; quick: 1)
    --size N          databases in the fleet (1000; quick: 50)
    --parallelism N   requests at once in the fleets, for the package and the loops alike (8, the package's default)
    --out FOLDER      where RESULTS.md and fleet.svg are written
    --help            this text`;

/** Reads the command line. @throws UsageError */
export function readOptions(argv: string[], home: string): Options | "help" {
  const values = parse(argv);
  if (values.help) return "help";
  const quick = values.quick === true;
  const parts = values.only === undefined ? PARTS : values.only.split(",").map(readPart);
  const out = values.out ?? (quick || values.only !== undefined ? undefined : home);
  return {
    quick,
    parts: PARTS.filter((part) => parts.includes(part)),
    rounds: wholeNumber("--rounds", values.rounds ?? (quick ? "1" : "5"), 50),
    size: wholeNumber("--size", values.size ?? (quick ? "50" : "1000"), 20_000),
    parallelism: wholeNumber("--parallelism", values.parallelism ?? "8", 100),
    ...(out !== undefined && { out }),
  };
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        quick: { type: "boolean" },
        only: { type: "string" },
        rounds: { type: "string" },
        size: { type: "string" },
        parallelism: { type: "string" },
        out: { type: "string" },
        help: { type: "boolean", short: "h" },
      },
    }).values;
  } catch (error) {
    const [sentence = ""] = (error as Error).message.split(/\.(?:\s|$)/);
    throw new UsageError(`${sentence}.`);
  }
}

function readPart(text: string): Part {
  const part = PARTS.find((each) => each === text.trim());
  if (part === undefined)
    throw new UsageError(`--only takes ${PARTS.join(", ")}, separated by commas, and not "${text}".`);
  return part;
}

function wholeNumber(flag: string, text: string, most: number): number {
  if (!/^[1-9]\d{0,5}$/.test(text) || Number(text) > most)
    throw new UsageError(`${flag} must be a whole number from 1 to ${most}, not "${text}".`);
  return Number(text);
}

import { UsageError, type Values } from "../tools/command-line.js";

export const PARTS = [
  "fleet",
  "dark-window",
  "rolling",
  "whole-group",
  "trouble",
  "joining",
  "single",
  "auth-token",
  "growth",
  "weight",
  "hosts",
] as const;
export type Part = (typeof PARTS)[number];

export interface Options {
  quick: boolean;
  parts: readonly Part[];
  rounds: number;
  /** Databases in the largest fleet. */
  size: number;
  /** Concurrent requests of the package, and of the loops that are its lower bound. */
  parallelism: number;
  /** The folder that the results are written to; if absent, they are only printed. */
  out?: string;
}

const USAGE = `Measures the package against its alternatives, and against a lower bound.

  npm run bench                    everything, in about an hour; writes bench/RESULTS.md and its pictures
  npm run bench -- --quick         small sizes, one round, a few minutes; writes nothing unless --out is given
    --only PART,...   ${PARTS.join(", ")}; writes nothing unless --out is given
    --rounds N        how often each figure is measured, contenders alternating (3; quick: 1)
    --size N          databases in the fleet (1000; quick: 50)
    --parallelism N   concurrent requests in the fleets, for the package and the loops (8, the package's default)
    --out FOLDER      the folder for RESULTS.md and the pictures
    --help            this text`;

export const COMMAND_LINE = {
  usage: USAGE,
  options: {
    quick: { type: "flag" },
    only: { type: "text" },
    rounds: { type: "number", min: 1, max: 50 },
    size: { type: "number", min: 1, max: 20_000 },
    parallelism: { type: "number", min: 1, max: 100, default: 8 },
    out: { type: "text" },
  },
} as const;

/** @throws UsageError */
export function optionsFrom(values: Values<typeof COMMAND_LINE.options>, defaultFolder: string): Options {
  const { quick, only, parallelism } = values;
  const parts = only === undefined ? PARTS : only.split(",").map(readPart);
  const out = values.out ?? (quick || only !== undefined ? undefined : defaultFolder);
  return {
    quick,
    parts: PARTS.filter((part) => parts.includes(part)),
    rounds: values.rounds ?? (quick ? 1 : 3),
    size: values.size ?? (quick ? 50 : 1000),
    parallelism,
    ...(out !== undefined && { out }),
  };
}

function readPart(text: string): Part {
  const part = PARTS.find((each) => each === text.trim());
  if (part === undefined)
    throw new UsageError(`--only takes ${PARTS.join(", ")}, separated by commas, not "${text}".`);
  return part;
}

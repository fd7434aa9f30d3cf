import { runTool } from "../../tools/command-line.js";
import { check } from "./check";
import type { Violation } from "./soak/block";
import { playInProcesses } from "./soak/processes";
import { Tally } from "./soak/tally";

const MOST_IN_A_BLOCK = 500;
const PROGRESS_EVERY_MS = 30_000;

const USAGE = `Runs random schedules against the rotation logic, and reports each kind of violation of a rule.

  npx ts-node test/model/soak.ts [options]
    --runs N       how many schedules (10000)
    --seed N       the seed of the first ${MOST_IN_A_BLOCK}; the next seeds play the others (a random one)
    --jobs N       in how many processes (1)
    --stop         ends at the first violation
    --only N       plays only the schedule N of the seed, and prints what it did
    --shrink       with --only: looks for a smaller schedule that violates a rule too
    --connections  with --only: each request has a connection of its own, which is slower
    --help         this text

Ctrl-C ends it, and prints what was found by then. The exit code is 1 if a rule was violated.`;

const OPTIONS = {
  runs: { type: "number", min: 1, max: 100_000_000, default: 10_000 },
  seed: { type: "number", min: 0, max: 0x7fffffff, default: Date.now() % 0x7fffffff },
  jobs: { type: "number", min: 1, max: 64, default: 1 },
  stop: { type: "flag" },
  only: { type: "number", min: 0, max: 100_000_000 },
  shrink: { type: "flag" },
  connections: { type: "flag" },
} as const;

async function playOne(seed: number, only: number, shrink: boolean, isDirect: boolean): Promise<void> {
  const { counterExample } = await check(1, seed, { only, shrink, isDirect });
  console.log(counterExample ?? "It violates no rule.");
  if (counterExample !== undefined) process.exitCode = 1;
}

async function soak(runs: number, firstSeed: number, jobs: number, stops: boolean): Promise<void> {
  const start = Date.now();
  const tally = new Tally();
  const over = new AbortController();
  const end = (): void => over.abort();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, end);
  const report = (): void => console.log(tally.summary(Date.now() - start));
  const progress = setInterval(report, PROGRESS_EVERY_MS);
  const inABlock = Math.min(MOST_IN_A_BLOCK, Math.ceil(runs / jobs));
  let seed = firstSeed;
  let left = runs;
  const onPlayed = (violation: Violation | undefined): void => {
    tally.schedules += 1;
    if (violation === undefined) return;
    const isFirst = tally.add(violation);
    console.log(`seed ${violation.seed}, schedule ${violation.index}: ${violation.message}`);
    if (isFirst) console.log(violation.log);
    if (stops) end();
  };
  console.log(`${runs} schedules from seed ${firstSeed} on, in ${jobs} processes`);
  try {
    await playInProcesses({
      jobs,
      next: () => {
        const schedules = Math.min(left, inABlock);
        if (schedules === 0) return undefined;
        left -= schedules;
        tally.seeds.push(seed);
        return { seed: seed++, schedules, stops };
      },
      onPlayed,
      onEnd: ({ seed: played, schedules }) => console.log(`seed ${played}: ${schedules} schedules played`),
      signal: over.signal,
    });
  } finally {
    clearInterval(progress);
  }
  report();
  if (tally.violations > 0) process.exitCode = 1;
}

void runTool({ usage: USAGE, options: OPTIONS }, ({ runs, seed, jobs, stop, only, shrink, connections }) =>
  only === undefined ? soak(runs, seed, jobs, stop) : playOne(seed, only, shrink, !connections),
);

import { runTool } from "../../tools/command-line.js";
import { check } from "./check";

const USAGE = `Runs random schedules against the rotation logic until one violates a rule.

  npx ts-node test/model/soak.ts [options]
    --runs N       how many schedules at most (10000)
    --seed N       the seed of the schedules (a random one)
    --no-shrink    stops at the first counter-example instead of looking for a smaller one
    --help         this text`;

const OPTIONS = {
  runs: { type: "number", min: 1, max: 100_000_000, default: 10_000 },
  seed: { type: "number", min: 0, max: 0x7fffffff, default: Date.now() % 0x7fffffff },
  "no-shrink": { type: "flag" },
} as const;

void runTool({ usage: USAGE, options: OPTIONS }, async ({ runs, seed, "no-shrink": noShrink }) => {
  console.log(`seed ${seed}, at most ${runs} schedules`);
  const { schedules, ms, counterExample } = await check(runs, seed, { shrink: !noShrink });
  console.log(
    `${schedules} schedules in ${(ms / 1000).toFixed(1)} s, ${((schedules / ms) * 1000).toFixed(1)} a second`,
  );
  if (counterExample === undefined) return;
  console.log(counterExample);
  process.exitCode = 1;
});

import { parseArgs } from "node:util";
import { check } from "./check";

const USAGE = `Runs random schedules against the rotation logic until one violates a rule.

  node -r ts-node/register test/model/soak.ts [--runs N] [--seed S] [--no-shrink]`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      runs: { type: "string", default: "10000" },
      seed: { type: "string", default: String(Date.now() % 0x7fffffff) },
      "no-shrink": { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return;
  }
  console.log(`seed ${values.seed}, at most ${values.runs} schedules`);
  const { schedules, ms, counterExample } = await check(Number(values.runs), Number(values.seed), {
    shrink: !values["no-shrink"],
  });
  console.log(
    `${schedules} schedules in ${(ms / 1000).toFixed(1)} s, ${((schedules / ms) * 1000).toFixed(1)} a second`,
  );
  if (counterExample === undefined) return;
  console.log(counterExample);
  process.exitCode = 1;
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 2;
});

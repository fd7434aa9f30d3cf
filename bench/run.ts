/** `npm run bench`: measures the package against its alternatives, and against a lower bound. */
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { runTool } from "../tools/command-line.js";
import { cleanUp, cleanUpOnSignals, isStopping } from "./cleanup";
import { darkWindow, darkWindowSeconds } from "./dark-window";
import type { Section } from "./figures";
import { fleet, fleetSeconds, type Series } from "./fleet";
import { growth, growthSeconds } from "./growth";
import { COMMAND_LINE, optionsFrom, type Options, type Part } from "./options";
import { clock, Progress } from "./progress";
import { fleetPlot, markdown, summary, terminalTables } from "./report";
import { single, singleSeconds } from "./single";
import { weight, weightSeconds } from "./weight";

interface Measured {
  section: Section;
  series?: Series;
}

const PARTS: Record<
  Part,
  { seconds: (options: Options) => number; run: (options: Options, progress: Progress) => Promise<Measured> }
> = {
  fleet: { seconds: fleetSeconds, run: fleet },
  single: { seconds: singleSeconds, run: async (...args) => ({ section: await single(...args) }) },
  "dark-window": {
    seconds: darkWindowSeconds,
    run: async (...args) => ({ section: await darkWindow(...args) }),
  },
  growth: { seconds: growthSeconds, run: async (...args) => ({ section: await growth(...args) }) },
  weight: { seconds: weightSeconds, run: async (...args) => ({ section: await weight(...args) }) },
};

async function main(options: Options): Promise<void> {
  const expected = options.parts.reduce((sum, part) => sum + PARTS[part].seconds(options), 0);
  const progress = new Progress(expected);
  console.log(`bench: ${options.parts.join(", ")}; about ${clock(expected)} minutes on a quiet machine`);
  const measured: Measured[] = [];
  for (const part of options.parts) measured.push(await PARTS[part].run(options, progress));
  const sections = measured.map(({ section }) => ({
    ...section,
    rows: section.rows.filter(({ value }) => !value.includes("NaN")), // not measured with --quick
  }));
  const series = measured.find((each) => each.series)?.series;
  console.log(`\n${terminalTables(sections)}\n`);
  for (const { title, notes } of sections) for (const note of notes) console.log(`${title}: ${note}`);
  console.log(`\n${summary(sections)}\nbench: done in ${clock(progress.elapsedSeconds)} minutes`);
  if (options.out === undefined) return;
  mkdirSync(options.out, { recursive: true });
  const write = (name: string, text: string): void => {
    const file = path.join(options.out ?? "", name);
    writeFileSync(file, text);
    console.log(`bench: wrote ${path.relative(process.cwd(), file)}`);
  };
  if (series) write("fleet.svg", fleetPlot(series, options));
  write("RESULTS.md", await markdown(sections, options, progress.elapsedSeconds));
}

void runTool(COMMAND_LINE, async (values) => {
  cleanUpOnSignals();
  try {
    await main(optionsFrom(values, __dirname));
  } catch (error) {
    if (!isStopping()) throw error;
  } finally {
    cleanUp();
  }
});

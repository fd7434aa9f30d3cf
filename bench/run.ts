/** `npm run bench`: measures the package against its alternatives, and against a lower bound. */
import { loadavg } from "node:os";
import path from "node:path";
import { runTool } from "../tools/command-line.js";
import { cleanUp, cleanUpOnSignals, isStopping } from "./cleanup";
import type { Section } from "./figures";
import { COMMAND_LINE, optionsFrom, type Options, type Part } from "./options";
import { clock, Progress } from "./progress";
import { summary, terminalTables } from "./report";
import { sourcesTree, writeResults, type Kept, type Picture } from "./record";
import { rolling, rollingSeconds } from "./rolling/measure";
import { rollingPicture } from "./rolling/picture";
import { authToken, authTokenSeconds } from "./sections/auth-token";
import { darkWindow, darkWindowSeconds } from "./sections/dark-window";
import { darkWindowPlot } from "./sections/dark-window-figures";
import { fleet, fleetSeconds } from "./sections/fleet";
import { fleetPlot } from "./sections/fleet-figures";
import { growth, growthSeconds } from "./sections/growth";
import { hosts, hostsSeconds } from "./sections/hosts";
import { joining, joiningSeconds } from "./sections/joining";
import { single, singleSeconds } from "./sections/single";
import { trouble, troubleSeconds } from "./sections/trouble";
import { weight, weightSeconds } from "./sections/weight";
import { wholeGroup, wholeGroupSeconds } from "./sections/whole-group";

interface Measured {
  section: Section;
  plot?: Picture;
}

type Measure<T> = (options: Options, progress: Progress) => Promise<T>;
interface Runner {
  seconds: (options: Options) => number;
  run: Measure<Measured>;
}

const tables = (seconds: Runner["seconds"], run: Measure<Section>): Runner => ({
  seconds,
  run: async (...args) => ({ section: await run(...args) }),
});

const PARTS: Record<Part, Runner> = {
  fleet: {
    seconds: fleetSeconds,
    run: async (options, progress) => {
      const { section, series } = await fleet(options, progress);
      return { section, plot: { file: "fleet.svg", svg: fleetPlot(series, options) } };
    },
  },
  "dark-window": {
    seconds: darkWindowSeconds,
    run: async (options, progress) => {
      const { section, windows } = await darkWindow(options, progress);
      return { section, plot: { file: "dark-window.svg", svg: darkWindowPlot(windows, options) } };
    },
  },
  rolling: {
    seconds: rollingSeconds,
    run: async (options, progress) => {
      const { section, rolled } = await rolling(options, progress);
      return { section, plot: { file: "rolling.svg", svg: rollingPicture(rolled), data: rolled } };
    },
  },
  "whole-group": tables(wholeGroupSeconds, wholeGroup),
  trouble: tables(troubleSeconds, trouble),
  joining: tables(joiningSeconds, joining),
  single: tables(singleSeconds, single),
  "auth-token": tables(authTokenSeconds, authToken),
  growth: tables(growthSeconds, growth),
  weight: tables(weightSeconds, weight),
  hosts: tables(hostsSeconds, hosts),
};

async function main(options: Options): Promise<void> {
  const expected = options.parts.reduce((sum, part) => sum + PARTS[part].seconds(options), 0);
  const progress = new Progress(expected);
  console.log(`bench: ${options.parts.join(", ")}; about ${clock(expected)} minutes on a quiet machine`);
  const measured: (Kept & { part: Part; picture?: Picture })[] = [];
  for (const part of options.parts) {
    const [load = 0] = loadavg();
    const since = progress.elapsedSeconds;
    const { section, plot } = await PARTS[part].run(options, progress);
    measured.push({
      part,
      section: {
        ...section,
        ...(plot && { plot: plot.file }),
        rows: section.rows.filter(({ value }) => !value.includes("NaN")), // not measured with --quick
      },
      ...(plot && { picture: plot }),
      date: new Date().toISOString().slice(0, 10),
      sources: sourcesTree(),
      rounds: options.rounds,
      isQuick: options.quick,
      seconds: progress.elapsedSeconds - since,
      load,
    });
  }
  const sections = measured.map(({ section }) => section);
  console.log(`\n${terminalTables(sections)}\n`);
  for (const { title, notes } of sections) for (const note of notes) console.log(`${title}: ${note}`);
  console.log(`\n${summary(sections)}\nbench: done in ${clock(progress.elapsedSeconds)} minutes`);
  if (options.out === undefined) return;
  for (const file of await writeResults(options.out, measured))
    console.log(`bench: wrote ${path.relative(process.cwd(), file)}`);
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

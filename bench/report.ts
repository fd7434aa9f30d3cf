import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { cpus, totalmem, type as system, release } from "node:os";
import path from "node:path";
import { findCli } from "../tools/pulumi-cli/cli.js";
import { ROOT } from "../tools/stack";
import type { ResultRow, Section } from "./figures";
import { CONTENDERS, type Contender, type Series } from "./fleet";
import type { Options } from "./options";
import { plot } from "./plot";
import { clock } from "./progress";
import { LATENCY_MS } from "./emulator-process";

const verdict = ({ target }: ResultRow): string =>
  target ? (target.reached ? "reached" : "NOT REACHED") : "";

/** Lines of cells, padded so that they stand in columns. */
function aligned(lines: string[][]): string[] {
  const widths = (lines[0] ?? []).map((_, i) => Math.max(...lines.map((line) => line[i]?.length ?? 0)));
  return lines.map((line) =>
    line
      .map((cell, i) => (i === 1 ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)))
      .join("  ")
      .trimEnd(),
  );
}

/** The results for a terminal. */
export function terminalTables(sections: Section[]): string {
  const cells = sections.map(({ rows }) =>
    rows.map((each) => [`  ${each.name}`, each.value, each.spread, each.target?.text ?? "", verdict(each)]),
  );
  const header = ["", "median", "least – most", "target", ""];
  const [head = "", ...lines] = aligned([header, ...cells.flat()]);
  const out = [head];
  let at = 0;
  sections.forEach(({ title }, i) => {
    const length = cells[i]?.length ?? 0;
    out.push("", title, ...lines.slice(at, at + length));
    at += length;
  });
  return out.join("\n");
}

/** `31 of 33 targets reached`, and those that were not. */
export function summary(sections: Section[]): string {
  const aimed = sections.flatMap(({ rows }) => rows.filter(({ target }) => target));
  const missed = aimed.filter(({ target }) => target?.reached === false);
  const list = missed.map(({ name, value, target }) => `\n  ${name}: ${value}, ${target?.text}`);
  return `${aimed.length - missed.length} of ${aimed.length} targets reached${list.length > 0 ? `; not reached:${list.join("")}` : "."}`;
}

const version = (name: string): string =>
  (
    JSON.parse(readFileSync(path.join(ROOT, "node_modules", name, "package.json"), "utf8")) as {
      version: string;
    }
  ).version;

/** The results as a page. */
export async function markdown(sections: Section[], options: Options, tookSeconds: number): Promise<string> {
  // what was measured, by its content: other commits do not change it
  const sources = spawnSync("git", ["rev-parse", "--short", "HEAD:src"], {
    cwd: ROOT,
    encoding: "utf8",
  }).stdout;
  const [cpu] = cpus();
  const table = (rows: ResultRow[]): string[] => [
    "| | median | least – most | target | |",
    "| --- | ---: | --- | --- | --- |",
    ...rows.map(
      (each) =>
        `| ${each.name} | ${each.value} | ${each.spread} | ${each.target?.text ?? ""} | ${each.target?.reached === false ? "**not reached**" : verdict(each)} |`,
    ),
  ];
  const lines = [
    "# Measured",
    "",
    "Written by `npm run bench`; do not edit.",
    "",
    `- ${new Date().toISOString().slice(0, 10)}${sources ? `, src as in git's tree ${sources.trim()}` : ""}, in ${clock(tookSeconds)} minutes${options.quick ? ", `--quick`" : ""}, ${options.rounds} ${options.rounds === 1 ? "round" : "rounds"} with the contenders in turn`,
    `- ${cpus().length} cores (${cpu?.model.trim() || "model not told"}), ${Math.round(totalmem() / 2 ** 30)} GiB, ${system()} ${release()}`,
    `- Node ${process.versions.node}, Pulumi CLI ${findCli()?.version ?? "?"}, @pulumi/pulumi ${version("@pulumi/pulumi")}, axios ${version("axios")}, @tursodatabase/api ${version("@tursodatabase/api")}`,
    `- Against the emulator of this repository on 127.0.0.1, in a process of its own, with a fixed latency of ${LATENCY_MS} ms a request. Each \`up\` is the real CLI's with \`--skip-preview\` and a file backend, timed from its start to its end.`,
    "- Ratios and differences are taken within each round, and their median is given.",
    "",
    summary(sections).replaceAll("\n  ", "\n- ").replace("not reached:\n", "not reached:\n\n"),
    "",
    ...(sections.some(({ title }) => title.startsWith("Fleet"))
      ? ["![Time over the size of the fleet, for all contenders](fleet.svg)", ""]
      : []),
    ...sections.flatMap(({ title, rows, notes }) => [
      `## ${title}`,
      "",
      ...table(rows),
      "",
      ...notes.flatMap((note) => [note, ""]),
    ]),
  ];
  const { format, resolveConfig } = await import("prettier");
  const file = path.join(ROOT, "bench", "RESULTS.md");
  return format(lines.join("\n"), { ...(await resolveConfig(file)), parser: "markdown" });
}

const STYLE: Record<Contender, [colour: string, dashed: boolean]> = {
  naive: ["#b42318", false],
  sequential: ["#b54708", false],
  "proof change": ["#175cd3", false],
  "limit-proof": ["#1b8ac4", true],
  "off change": ["#067647", false],
  limit: ["#3f9b5f", true],
  empty: ["#667085", true],
};

/** Time over size, for all contenders. */
export function fleetPlot(series: Series, { parallelism }: Options): string {
  const lines = (Object.keys(CONTENDERS) as Contender[]).map((name) => ({
    label: CONTENDERS[name],
    colour: STYLE[name][0],
    dashed: STYLE[name][1],
    points: series[name].map(([size, ms]): [number, number] => [size, ms / 1000]),
  }));
  return plot(lines, {
    title: "Rotating a fleet of databases",
    subtitle: `One changed trigger, ${LATENCY_MS} ms a request, ${parallelism} at once; dashed: what it cannot be faster than`,
    x: "databases",
    y: "seconds, median",
  });
}

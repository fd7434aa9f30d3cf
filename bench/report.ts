import { readFileSync } from "node:fs";
import { cpus, totalmem, type as system } from "node:os";
import path from "node:path";
import { findCli } from "../tools/pulumi-cli/cli.js";
import { ROOT } from "../tools/stack";
import type { ResultRow, Section } from "./figures";
import type { Kept } from "./record";
import { clock } from "./progress";
import { LATENCY_MS } from "./emulator-process";

const verdict = ({ target }: ResultRow): string => (target ? (target.isMet ? "met" : "NOT MET") : "");

/** Pads cells so that they line up in columns. */
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
  const header = ["", "median", "min – max", "target", ""];
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

/** `31 of 33 targets met`, and those that are not. */
export function summary(sections: Section[]): string {
  const aimed = sections.flatMap(({ rows }) => rows.filter(({ target }) => target));
  const missed = aimed.filter(({ target }) => target?.isMet === false);
  const list = missed.map(({ name, value, target }) => `\n  ${name}: ${value}, ${target?.text}`);
  return `${aimed.length - missed.length} of ${aimed.length} targets met${list.length > 0 ? `; not met:${list.join("")}` : "."}`;
}

const version = (name: string): string =>
  (
    JSON.parse(readFileSync(path.join(ROOT, "node_modules", name, "package.json"), "utf8")) as {
      version: string;
    }
  ).version;

/** How a section was measured. */
function provenance({ date, sources, isQuick, rounds, seconds, load }: Omit<Kept, "section">): string {
  const how = `${rounds} ${rounds === 1 ? "round" : "rounds"}${isQuick ? ", `--quick`" : ""}`;
  return `_${date}, \`src\` at git tree ${sources}, ${how}, ${clock(seconds)} minutes, load average before: ${load?.toFixed(1) ?? "not recorded"}._`;
}

/** The results as a page. */
export async function markdown(kept: readonly Kept[]): Promise<string> {
  const [cpu] = cpus();
  const table = (rows: ResultRow[]): string[] => [
    "| | median | min – max | target | |",
    "| --- | ---: | --- | --- | --- |",
    ...rows.map(
      (each) =>
        `| ${each.name} | ${each.value} | ${each.spread} | ${each.target?.text ?? ""} | ${each.target?.isMet === false ? "**not met**" : verdict(each)} |`,
    ),
  ];
  const lines = [
    "# Benchmark results",
    "",
    "Written by `npm run bench`; do not edit.",
    "",
    `- ${cpus().length} cores (${cpu?.model.trim() || "unknown model"}), ${Math.round(totalmem() / 2 ** 30)} GiB, ${system()}`,
    `- Node ${process.versions.node}, Pulumi CLI ${findCli()?.version ?? "?"}, @pulumi/pulumi ${version("@pulumi/pulumi")}, axios ${version("axios")}, @tursodatabase/api ${version("@tursodatabase/api")}`,
    `- Against this repository's emulator, in a separate process on 127.0.0.1, with a fixed latency of ${LATENCY_MS} ms per request. Each \`up\` is a run of the real CLI with \`--skip-preview\` and a file backend, measured from start to exit.`,
    "- Ratios and differences are computed within each round, in which contenders alternate. The tables show their medians.",
    "- Each section says when it was measured. Its load average, of the minute before, includes the section before it.",
    "",
    summary(kept.map(({ section }) => section))
      .replaceAll("\n  ", "\n- ")
      .replace("not met:\n", "not met:\n\n"),
    "",
    ...kept.flatMap(({ section: { title, rows, notes, plot }, ...how }) => [
      `## ${title}`,
      "",
      provenance(how),
      "",
      ...(plot === undefined ? [] : [`![${title}](${plot})`, ""]),
      ...table(rows),
      "",
      ...notes.flatMap((note) => [note, ""]),
    ]),
  ];
  const { format, resolveConfig } = await import("prettier");
  const file = path.join(ROOT, "bench", "RESULTS.md");
  return format(lines.join("\n"), { ...(await resolveConfig(file)), parser: "markdown" });
}

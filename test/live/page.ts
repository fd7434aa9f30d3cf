/** What was observed, as a section for docs/observed.md. */
import path from "node:path";
import { hasRotated, seconds, type Phase } from "./observe";
import type { Pace, Watch } from "./watch";

export interface Facts {
  date: Date;
  /** Where the API is, without a path. */
  apiUrl: string;
  /** The group's `version` as the API gave it. */
  version: string;
  pace: Pace;
}

/** Formatted like every other page of the repository. */
export async function page(facts: Facts, phases: readonly Phase[]): Promise<string> {
  const { format, resolveConfig } = await import("prettier");
  const file = path.join(__dirname, "..", "..", "docs", "observed.md");
  const lines = [...head(facts, phases), ...phases.flatMap((phase) => section(phase))];
  return format(lines.join("\n"), { ...(await resolveConfig(file)), parser: "markdown" });
}

function head({ date, apiUrl, version, pace }: Facts, phases: readonly Phase[]): string[] {
  const { host } = new URL(apiUrl);
  const day = date.toISOString().slice(0, 10);
  return [
    `### ${day}, ${host}, a group of version ${version}`,
    "",
    `Node.js ${process.versions.node}. Each token was tried every ${pace.intervalMs} ms, for at most ${seconds(pace.timeoutMs)} after each rotation. ` +
      "Times count from the rotation's response to the answer that they belong to.",
    ...(hasRotated(phases) ? [] : ["", "**Nothing was rotated.**"]),
    "",
  ];
}

function section(phase: Phase): string[] {
  const { rotated, rotation, watches, survivors, calls, watchedMs } = phase;
  const result = `The request was answered with ${rotation.status ?? "nothing"} and ${rotation.body === "" ? "an empty body" : code(rotation.body)} after ${Math.round(rotation.tookMs)} ms.`;
  const requests = watches.reduce((sum, watch) => sum + watch.requests, 0);
  return [
    `#### Rotating ${rotated === "database" ? "database A" : "the group"}`,
    "",
    survivors === undefined
      ? `${result} The tokens were watched for ${seconds(watchedMs)}, with ${requests} requests.`
      : `${result} Nothing was watched. Accepted after it: ${survivors.join(", ") || "no token"}.`,
    "",
    ...(watches.length === 0 ? [] : [...reach(watches), "", ...answers(watches), ""]),
    ...table(
      ["call to the API", "status", "body", "latency"],
      calls.map(({ what, status, body, tookMs }) => [
        what,
        String(status ?? "none"),
        body === "" ? "empty" : code(body),
        `${Math.round(tookMs)} ms`,
      ]),
    ),
    "",
  ];
}

const reach = (watches: readonly Watch[]): string[] =>
  table(
    ["token of", "minted", "tried on", "result", "statuses"],
    watches.map((watch) => [
      watch.holder.of,
      watch.holder.minted === "before" ? "before" : `at ${seconds(watch.startMs)}`,
      watch.holder.on,
      resultOf(watch),
      timeline(watch),
    ]),
  );

/** `rejected after 3.1 s`: the result of a watch in words. */
export function resultOf({ expected, last, firstMs, sinceMs }: Watch): string {
  if (last === undefined) return "never tried";
  const { verdict, atMs } = last;
  const first = firstMs[expected];
  if (verdict === "unclear") return `unclear from ${seconds(sinceMs)} to ${seconds(atMs)}`;
  if (verdict !== expected)
    return first === undefined
      ? `still ${verdict} after ${seconds(atMs)}`
      : `first ${expected} after ${seconds(first)}, ${verdict} again after ${seconds(sinceMs)}`;
  return first === sinceMs
    ? `${verdict} after ${seconds(sinceMs)}`
    : `first ${verdict} after ${seconds(first ?? sinceMs)}, always after ${seconds(sinceMs)}`;
}

function timeline({ changes, omittedChanges }: Watch): string {
  const shown = changes.map(({ status, atMs }) => `${status ?? "no answer"} at ${seconds(atMs)}`);
  return [...shown, ...(omittedChanges > 0 ? [`${omittedChanges} more changes`] : [])].join(", ");
}

/** Each different answer once. */
function answers(watches: readonly Watch[]): string[] {
  const texts = watches.flatMap(({ changes }) =>
    changes.map(({ status, text }) => `| ${status ?? "none"} | ${text === "" ? "empty" : code(text)} |`),
  );
  return ["| status | answer of the database |", "| --- | --- |", ...new Set(texts)];
}

const table = (header: string[], rows: string[][]): string[] =>
  [header, header.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`);

/** Inline code in a table, whatever the text contains. */
export function code(text: string): string {
  const longest = Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  const pad = longest > 0 ? " " : "";
  return `${fence}${pad}${text.replaceAll("|", "\\|")}${pad}${fence}`;
}

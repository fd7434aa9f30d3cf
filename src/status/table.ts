import { humanDuration } from "../values/duration";
import { nameList } from "../values/text";
import { byProblem, summary, type Report } from "./report";
import type { Row } from "./row";
import { describeReaches } from "./words";

const HEADINGS = [
  "TARGET",
  "RESOURCE",
  "LAST ROTATED",
  "BY",
  "NEXT DUE",
  "VERIFICATION",
  "REACH",
  "TOKEN EXPIRES",
  "STATUS",
];

/** The report as text for a terminal or a job's log: a table for each stack, and what is unresolved as sentences. */
export function textOf(report: Report): string {
  const now = new Date(report.checkedAt);
  const parts = report.stacks.map(({ stack, source }) => {
    const rows = report.rows.filter((row) => row.stack === stack);
    const title = report.stacks.length > 1 ? `${stack} (${source})` : stack;
    if (rows.length === 0) return `${title}: it has no TokenRotation and no AuthToken.`;
    const table = align([HEADINGS, ...rows.map((row) => cellsOf(row, now))]);
    return [`${title} at ${minute(report.checkedAt)} UTC`, "", table, ...sentencesOf(rows)].join("\n");
  });
  return `${[...parts, summary(report)].join("\n\n")}\n`;
}

function sentencesOf(rows: readonly Row[]): string[] {
  const sentences = byProblem(rows).map(
    ({ problem, targets }) => `  ${nameList(targets)}: ${endWithStop(problem.text)}`,
  );
  return sentences.length === 0 ? [] : ["", "Unresolved:", ...sentences];
}

export const endWithStop = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`);

function cellsOf(row: Row, now: Date): string[] {
  const at = (time: string | null): string => (time === null ? "-" : describeTime(time, now));
  return [
    nameOf(row),
    row.resource,
    at(row.rotatedAt ?? row.mintedAt),
    row.by ?? "-",
    at(nextDue(row)),
    row.verification ?? "-",
    describeReaches(row.reach) || "-",
    row.expires === null || isTime(row.expires) ? at(row.expires) : row.expires,
    row.suspended ? `${row.status}, suspended` : row.status,
  ];
}

/** How a row is called: a list with its size, and a token as one. */
export function nameOf({ kind, target, members }: Row): string {
  if (kind === "list") return `${target} (${members ?? 0})`;
  return kind === "target" ? target : `${target} (token)`;
}

/** What comes first: a rotation by age, or a new token before the old one expires. */
export const nextDue = ({ dueAt, renewAt }: Row): string | null =>
  [dueAt, renewAt].filter((at) => at !== null).sort()[0] ?? null;

/** `2026-11-25 17:04 (3 days ago)` */
export function describeTime(at: string, now: Date): string {
  const ms = Date.parse(at) - now.getTime();
  return `${minute(at)} (${ms > 0 ? `in ${humanDuration(ms)}` : `${humanDuration(-ms)} ago`})`;
}

/** Whether an expiry is a time, and not a word such as `never`. */
export const isTime = (text: string): boolean => Number.isFinite(Date.parse(text));

/** `2026-11-25 17:04` */
export const minute = (at: string): string => new Date(at).toISOString().slice(0, 16).replace("T", " ");

/** Pads all columns but the last. */
function align(lines: readonly (readonly string[])[]): string {
  const widths = HEADINGS.map((_, column) => Math.max(...lines.map((cells) => width(cells[column] ?? ""))));
  return lines
    .map((cells) =>
      cells
        .map((cell, column) => cell + " ".repeat((widths[column] ?? 0) - width(cell) + 2))
        .join("")
        .trimEnd(),
    )
    .join("\n");
}

const WIDE =
  /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}\u3000-\u303f\uff01-\uff60]/u;
const SEGMENTS = new Intl.Segmenter("en", { granularity: "grapheme" });

/** How many columns of a terminal a text takes. */
export const width = (text: string): number => (/^[ -~]*$/.test(text) ? text.length : graphemes(text));

const graphemes = (text: string): number =>
  [...SEGMENTS.segment(text)].reduce((sum, { segment }) => sum + (WIDE.test(segment) ? 2 : 1), 0);

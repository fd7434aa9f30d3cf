import { isTime, minute, nextDue } from "../table";
import type { Row } from "../row";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** Between the marks of the axis. */
const STEPS = [HOUR, 6 * HOUR, DAY, 7 * DAY, 30 * DAY, 90 * DAY, 365 * DAY];
const MOST_MARKS = 5;
/** What lies further away is drawn at the edge: one token of ten years must not squeeze all the others. */
const LONGEST_PAST = 800 * DAY;
const LONGEST_FUTURE = 400 * DAY;

/** The span of time that all rows of a page share. */
export interface Scale {
  from: number;
  to: number;
  now: number;
}

export function scaleOf(rows: readonly Row[], now: Date): Scale {
  const at = now.getTime();
  let [earliest, latest] = [at - DAY, at + DAY];
  for (const row of rows)
    for (const text of [since(row), nextDue(row), expiry(row)]) {
      const time = text === null ? at : Date.parse(text);
      if (time >= at - LONGEST_PAST) earliest = Math.min(earliest, time);
      if (time <= at + LONGEST_FUTURE) latest = Math.max(latest, time);
    }
  const margin = (latest - earliest) * 0.03;
  return { from: earliest - margin, to: latest + margin, now: at };
}

/** From when a row's age counts. */
const since = ({ rotatedAt, mintedAt }: Row): string | null => mintedAt ?? rotatedAt;

const expiry = ({ expires }: Row): string | null => (expires !== null && isTime(expires) ? expires : null);

/** Where a time is, in per cent of the width; the edges stand for what lies outside. */
function position(time: number, { from, to }: Scale): string {
  const share = (100 * (time - from)) / (to - from);
  return `${Math.min(100, Math.max(0, share)).toFixed(2)}%`;
}

const isOutside = (time: number, { from, to }: Scale): boolean => time < from || time > to;

/** The axis as SVG: dates, and where now is. */
export function axis(scale: Scale): string {
  const span = scale.to - scale.from;
  const step = STEPS.find((each) => span / each <= MOST_MARKS) ?? Math.ceil(span / MOST_MARKS / DAY) * DAY;
  const marks: string[] = [];
  for (let time = Math.ceil(scale.from / step) * step; time < scale.to; time += step) {
    const x = position(time, scale);
    const label = minute(new Date(time).toISOString());
    const text = step < DAY ? label.slice(5) : label.slice(0, 10);
    marks.push(
      `<line class="mark" x1="${x}" x2="${x}" y1="16" y2="22"/><text x="${x}" y="11">${text}</text>`,
    );
  }
  return `<svg class="axis" aria-hidden="true">${marks.join("")}${nowLine(scale, 22)}</svg>`;
}

const nowLine = (scale: Scale, height: number): string => {
  const x = position(scale.now, scale);
  return `<line class="now" x1="${x}" x2="${x}" y1="0" y2="${height}"/>`;
};

/**
 * A row's life as SVG: a bar from its last rotation to now, on to the next due date, in a colour of its own where it is
 * overdue, and a diamond where its token expires.
 *
 * @param label the same in words
 */
export function lifeline(row: Row, scale: Scale, label: string): string {
  const start = since(row);
  const due = nextDue(row);
  const parts: string[] = [];
  const bar = (kind: string, from: number, to: number): void => {
    const [x, end] = [position(from, scale), position(to, scale)];
    const width = `${Math.max(0, parseFloat(end) - parseFloat(x)).toFixed(2)}%`;
    parts.push(`<rect class="${kind}" x="${x}" width="${width}" y="8" height="8" rx="2"/>`);
  };
  const first = start === null ? scale.now : Date.parse(start);
  const dueTime = due === null ? undefined : Date.parse(due);
  if (start !== null) bar("age", first, Math.min(scale.now, dueTime ?? scale.now));
  if (dueTime !== undefined && dueTime > scale.now) bar("ahead", Math.max(first, scale.now), dueTime);
  if (dueTime !== undefined && dueTime < scale.now) bar("late", dueTime, scale.now);
  if (start !== null) parts.push(point("start", first, scale));
  if (dueTime !== undefined) parts.push(point("due", dueTime, scale));
  const end = expiry(row);
  if (end !== null) parts.push(point("end", Date.parse(end), scale));
  return `<svg class="life" role="img" aria-label="${label}">${nowLine(scale, 24)}${parts.join("")}</svg>`;
}

/** A point in time; an arrow at the edge where it lies outside. */
function point(kind: "start" | "due" | "end", time: number, scale: Scale): string {
  const x = position(time, scale);
  if (isOutside(time, scale)) {
    const isEarly = time < scale.from;
    return `<text class="edge" x="${x}" y="16" text-anchor="${isEarly ? "start" : "end"}">${isEarly ? "◂" : "▸"}</text>`;
  }
  if (kind === "end") return `<text class="end" x="${x}" y="17" text-anchor="middle">◆</text>`;
  return kind === "start"
    ? `<circle class="start" cx="${x}" cy="12" r="4"/>`
    : `<line class="due" x1="${x}" x2="${x}" y1="4" y2="20"/>`;
}

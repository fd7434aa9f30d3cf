import { byProblem, summary, type Report } from "../report";
import { PROBLEMS, type Row } from "../row";
import { STYLE } from "./style";
import { describeTime, endWithStop, isTime, minute, nameOf, nextDue } from "../table";
import { axis, lifeline, scaleOf, type Scale } from "./timeline";
import { describeReaches } from "../words";
import { nameList } from "../../values/text";

/** The report as one page: no script, and nothing that a browser would load. */
export function pageOf(report: Report): string {
  const scale = scaleOf(report.rows, new Date(report.checkedAt));
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Turso tokens: ${escape(report.ok ? "in order" : summary(report))}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>Turso tokens</h1>
<p>${escape(summary(report))} <span class="faint">As of ${minute(report.checkedAt)} UTC; all times are UTC.</span></p>
${counts(report)}
${legend()}
${report.stacks.map(({ stack }) => section(stack, report, scale)).join("\n")}
</body>
</html>
`;
}

const ESCAPES: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

const escape = (text: string): string => text.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? "");

function counts({ counts: found, rows }: Report): string {
  const fine = rows.filter(({ status, kind }) => status === "ok" && kind !== "list").length;
  const tile = (kind: Row["status"], count: number): string =>
    `<li><strong class="${count > 0 || kind === "ok" ? kind : "faint"}">${count}</strong>${kind}</li>`;
  return `<ul class="counts">${PROBLEMS.map((kind) => tile(kind, found[kind])).join("")}${tile("ok", fine)}</ul>`;
}

function legend(): string {
  const entry = (shape: string, text: string): string =>
    `<span><svg aria-hidden="true">${shape}</svg>${text}</span>`;
  const bar = (kind: string): string =>
    `<rect class="${kind}" x="1" width="20" y="8" height="8" rx="2"></rect>`;
  return `<p class="legend">${[
    entry('<circle class="start" cx="11" cy="12" r="4"></circle>', "last rotated or minted"),
    entry(bar("age"), "age"),
    entry(bar("ahead"), "until it is due"),
    entry('<line class="due" x1="11" x2="11" y1="4" y2="20"></line>', "due"),
    entry(bar("late"), "overdue"),
    entry('<text class="end" x="11" y="17" text-anchor="middle">◆</text>', "token expires"),
    entry('<line class="now" x1="11" x2="11" y1="0" y2="24"></line>', "now"),
  ].join("")}</p>`;
}

function section(stack: string, report: Report, scale: Scale): string {
  const rows = report.rows.filter((row) => row.stack === stack);
  const title = `<h2>${escape(stack)}</h2>`;
  if (rows.length === 0) return `${title}\n<p>It has no TokenRotation and no AuthToken.</p>`;
  const lists = new Set(rows.filter(({ kind }) => kind === "list").map(({ urn }) => urn));
  const now = new Date(report.checkedAt);
  return `${title}
${reasons(rows)}<div class="scroll"><table>
<thead><tr><th>Target</th><th>Last rotated</th><th class="line">${axis(scale)}</th><th>Next due</th><th>Verification</th><th>Token expires</th><th>Status</th></tr></thead>
<tbody>
${rows.map((row) => line(row, scale, now, lists.has(row.urn))).join("\n")}
</tbody>
</table></div>`;
}

function reasons(rows: readonly Row[]): string {
  const items = byProblem(rows).map(
    ({ problem, targets }) =>
      `<li><b>${escape(nameList(targets))}</b>: ${escape(endWithStop(problem.text))}</li>`,
  );
  return items.length === 0 ? "" : `<ul class="reasons">${items.join("")}</ul>\n`;
}

function line(row: Row, scale: Scale, now: Date, isInList: boolean): string {
  const at = (time: string | null): string => {
    if (time === null) return "–";
    return isTime(time) ? `${minute(time)}<small>${ago(time, now)}</small>` : escape(time);
  };
  const kind = row.kind === "list" ? "list" : isInList ? "member" : row.kind;
  const status = row.suspended ? `${row.status}<small>suspended</small>` : row.status;
  const reach = describeReaches(row.reach);
  const verified = `${escape(row.verification ?? "–")}${reach === "" ? "" : `<small>${escape(reach)}</small>`}`;
  // what all members have in common is in the list's own row
  const common = (text: string): string => (kind === "member" ? "" : `<small>${escape(text)}</small>`);
  const name = `${escape(nameOf(row))}${common(row.resource)}`;
  const by = row.by === null ? "" : common(`by ${row.by}`);
  const picture = lifeline(row, scale, escape(inWords(row, now)));
  return `<tr class="${kind}"><th scope="row">${name}</th><td>${at(row.mintedAt ?? row.rotatedAt)}${by}</td><td class="line">${picture}</td><td>${at(nextDue(row))}</td><td>${verified}</td><td>${at(row.expires)}</td><td class="${row.status}">${status}</td></tr>`;
}

/** `3 days ago` */
const ago = (time: string, now: Date): string => describeTime(time, now).slice(18, -1);

function inWords(row: Row, now: Date): string {
  const due = nextDue(row);
  const since = row.mintedAt ?? row.rotatedAt;
  const parts = [
    since === null ? "never rotated" : `last rotated ${describeTime(since, now)}`,
    ...(due === null ? [] : [`due ${describeTime(due, now)}`]),
    ...(row.expires === null ? [] : [`token expires: ${row.expires}`]),
  ];
  return `${row.target}: ${parts.join(", ")}`;
}

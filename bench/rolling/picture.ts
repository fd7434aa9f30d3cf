/** A member's moments, in milliseconds since the first rotation of its list. */
export interface Member {
  rotated: number;
  minted: number;
  accepted: number;
}

/** One rotation of a list. */
export interface Rolled {
  maxUnavailable: number;
  members: Member[];
  /** When the program had the new tokens. */
  delivered: number;
}

const [WIDTH, ROW, TOP, PANEL] = [960, 13, 128, 410];
const LEFTS = [40, 510];
const [INK, FAINT, GRID] = ["#1f2933", "#5f6b7a", "#e3e7ec"];
const BEFORE_MS = 250;

/** What a database accepts, and what its consumers have; each phase lasts until the next one begins. */
const PHASES = [
  { label: "old token valid", colour: "#b7c9bd" },
  { label: "no valid token", colour: "#d92d20" },
  { label: "new token minted", colour: "#f5a524" },
  { label: "accepted, until the list is done", colour: "#a9c7f2" },
  { label: "delivered", colour: "#2f9e5b" },
] as const;

const escape = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

const label = (x: number, y: number, text: string, more = ""): string =>
  `<text x="${x}" y="${y}" font-size="13" fill="${INK}"${more}>${escape(text)}</text>`;

const box = (x: number, y: number, width: number, height: number, fill: string): string =>
  `<rect x="${x}" y="${y}" width="${width}" height="${height}" fill="${fill}"/>`;

const round = (value: number): number => Math.round(value * 10) / 10;

/** The most members that have no accepted token at the same time. */
export function mostInTheDark(members: readonly Member[]): number {
  const dark = (at: number): number =>
    members.filter(({ rotated, accepted }) => rotated <= at && at < accepted).length;
  return Math.max(...members.map(({ rotated }) => dark(rotated)));
}

/** A step of the axis that leaves at most eight marks. */
const stepOf = (ms: number): number =>
  [100, 200, 500, 1_000, 2_000, 5_000, 10_000].find((step) => ms / step <= 8) ?? 60_000;

function panel(left: number, { maxUnavailable, members, delivered }: Rolled, until: number): string[] {
  const toX = (ms: number): number => round(left + ((ms + BEFORE_MS) / (until + BEFORE_MS)) * PANEL);
  const bottom = TOP + members.length * ROW;
  const parts = [
    label(left, TOP - 30, `maxUnavailable: ${maxUnavailable}`, ' font-weight="600"'),
    label(
      left,
      TOP - 12,
      `at most ${mostInTheDark(members)} without an accepted token; delivered after ${(delivered / 1000).toFixed(1)} s`,
      ` style="fill:${FAINT}"`,
    ),
  ];
  const step = stepOf(until);
  for (let tick = 0; tick <= until; tick += step)
    parts.push(
      `<line x1="${toX(tick)}" x2="${toX(tick)}" y1="${TOP}" y2="${bottom + 5}" stroke="${GRID}"/>`,
      label(toX(tick), bottom + 21, String(tick / 1000), ` text-anchor="middle" style="fill:${FAINT}"`),
    );
  const inOrder = [...members].sort((a, b) => a.rotated - b.rotated);
  for (const [index, { rotated, minted, accepted }] of inOrder.entries()) {
    const moments = [-BEFORE_MS, rotated, minted, accepted, delivered, until];
    for (const [phase, { colour }] of PHASES.entries()) {
      const [from, to] = [toX(moments[phase] ?? 0), toX(moments[phase + 1] ?? 0)];
      parts.push(box(from, TOP + index * ROW + 1.5, round(to - from), ROW - 3, colour));
    }
  }
  return parts;
}

/** Each member of a list over time, beside the same with a different limit. */
export function rollingPicture(rolled: readonly Rolled[]): string {
  const until = Math.max(...rolled.map(({ delivered }) => delivered)) + BEFORE_MS;
  const rows = Math.max(...rolled.map(({ members }) => members.length));
  const height = TOP + rows * ROW + 62;
  const title = `A rolling rotation of ${rows} databases`;
  let legend = LEFTS[0] ?? 0;
  const keys = PHASES.flatMap(({ label: words, colour }) => {
    const at = round(legend);
    legend += 36 + words.length * 7.4;
    return [box(at, 62, 14, 12, colour), label(at + 20, 73, words)];
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="${escape(title)}" font-family="system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif">`,
    box(0, 0, WIDTH, height, "#fff"),
    `<text x="${LEFTS[0]}" y="36" font-size="20" font-weight="600" fill="${INK}">${escape(title)}: one line for each</text>`,
    ...keys,
    ...rolled.flatMap((each, index) => panel(LEFTS[index] ?? 0, each, until)),
    label(WIDTH / 2, height - 14, "seconds since the first rotation", ' text-anchor="middle"'),
    "</svg>\n",
  ].join("\n");
}

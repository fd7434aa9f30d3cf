/** A line of a plot with two logarithmic axes. */
export interface Line {
  label: string;
  colour: string;
  /** Draws a reference line with dashes. */
  dashed: boolean;
  points: [x: number, y: number][];
}

export interface PlotText {
  title: string;
  subtitle: string;
  x: string;
  y: string;
  /** The unit of the figure at the end of each line. */
  unit: string;
  /** Names the places of the x axis; by default, their number. */
  xTick?: (x: number) => string;
}

const [WIDTH, HEIGHT] = [960, 560];
const AREA = { left: 96, right: 640, top: 78, bottom: 494 };
const [INK, FAINT, GRID] = ["#1f2933", "#5f6b7a", "#e3e7ec"];

const escape = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

interface TextStyle {
  size?: number;
  anchor?: "start" | "middle" | "end";
  fill?: string;
  weight?: number;
  turned?: boolean;
}

function text(x: number, y: number, content: string, style: TextStyle = {}): string {
  const { size = 13, anchor = "start", fill = INK, weight = 400, turned = false } = style;
  const turn = turned ? ` transform="rotate(-90 ${x} ${y})"` : "";
  return `<text x="${x}" y="${y}" font-size="${size}" text-anchor="${anchor}" fill="${fill}" font-weight="${weight}"${turn}>${escape(content)}</text>`;
}

/** Maps a value to a position by its logarithm. */
function scale(least: number, most: number, from: number, to: number): (value: number) => number {
  const [low, high] = [Math.log10(least), Math.log10(most)];
  return (value) => Math.round((from + ((Math.log10(value) - low) / (high - low)) * (to - from)) * 10) / 10;
}

/** The powers of ten around values: at least one decade. */
function decades(values: number[]): number[] {
  const low = Math.floor(Math.log10(Math.min(...values)));
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...values))));
  return Array.from({ length: high - low + 1 }, (_, i) => 10 ** (low + i));
}

/** Moves labels apart, so that they do not overlap, and none is below the lowest place. */
function spread(places: number[], gap: number, lowest: number): number[] {
  const order = places.map((y, i) => ({ y, i })).sort((a, b) => a.y - b.y);
  for (let pass = 0; pass < 100; pass += 1)
    order.forEach((each, i) => {
      const next = order[i + 1];
      if (!next || next.y - each.y >= gap) return;
      const push = (gap - (next.y - each.y)) / 2;
      each.y -= push;
      next.y += push;
    });
  let most = lowest;
  for (const each of [...order].reverse()) {
    each.y = Math.min(each.y, most);
    most = each.y - gap;
  }
  return order.sort((a, b) => a.i - b.i).map(({ y }) => Math.round(y * 10) / 10);
}

/** An SVG of lines by size, each labelled at its end. */
export function plot(lines: Line[], words: PlotText): string {
  const { title, subtitle, x, y, unit, xTick = (value: number) => value.toLocaleString("en-US") } = words;
  const drawn = lines.filter(({ points }) => points.length > 0);
  const points = drawn.flatMap((line) => line.points);
  const xs = [...new Set(points.map(([size]) => size))].sort((a, b) => a - b);
  const yTicks = decades(points.map(([, value]) => value));
  const [least = 1, most = 10] = [xs[0], xs.at(-1)];
  const toX = scale(least, most > least ? most : least * 10, AREA.left + 22, AREA.right - 14);
  const toY = scale(yTicks[0] ?? 1, yTicks.at(-1) ?? 10, AREA.bottom, AREA.top);
  const parts: string[] = [
    text(AREA.left, 34, title, { size: 20, weight: 600 }),
    text(AREA.left, 57, subtitle, { fill: FAINT }),
  ];
  for (const tick of yTicks) {
    parts.push(
      `<line x1="${AREA.left}" x2="${AREA.right}" y1="${toY(tick)}" y2="${toY(tick)}" stroke="${GRID}"/>`,
    );
    parts.push(
      text(AREA.left - 10, toY(tick) + 4, tick.toLocaleString("en-US"), { anchor: "end", fill: FAINT }),
    );
  }
  for (const tick of xs) {
    parts.push(
      `<line x1="${toX(tick)}" x2="${toX(tick)}" y1="${AREA.top}" y2="${AREA.bottom}" stroke="${GRID}"/>`,
    );
    parts.push(text(toX(tick), AREA.bottom + 22, xTick(tick), { anchor: "middle", fill: FAINT }));
  }
  parts.push(
    `<line x1="${AREA.left}" x2="${AREA.right}" y1="${AREA.bottom}" y2="${AREA.bottom}" stroke="${FAINT}"/>`,
    text((AREA.left + AREA.right) / 2, AREA.bottom + 48, x, { anchor: "middle" }),
    text(16, (AREA.top + AREA.bottom) / 2, y, { anchor: "middle", turned: true }),
  );
  const ends = drawn.map((line) => toY(line.points.at(-1)?.[1] ?? 1));
  const labels = spread(ends, 34, AREA.bottom - 14);
  drawn.forEach((line, i) => {
    const path = line.points.map(([px, py]) => `${toX(px)},${toY(py)}`).join(" ");
    const dash = line.dashed ? ' stroke-dasharray="7 5"' : "";
    parts.push(
      `<polyline points="${path}" fill="none" stroke="${line.colour}" stroke-width="2.5" stroke-linejoin="round"${dash}/>`,
      ...line.points.map(
        ([px, py]) => `<circle cx="${toX(px)}" cy="${toY(py)}" r="4" fill="${line.colour}" stroke="#fff"/>`,
      ),
    );
    const [end = 0, label = 0] = [ends[i], labels[i]];
    const endX = toX(line.points.at(-1)?.[0] ?? 1);
    const last = (line.points.at(-1)?.[1] ?? 0).toLocaleString("en-US", { maximumSignificantDigits: 3 });
    parts.push(
      `<path d="M${endX + 7},${end} L${AREA.right + 8},${label}" stroke="${line.colour}" stroke-opacity="0.45" fill="none"/>`,
      text(AREA.right + 13, label - 1, line.label, { fill: line.colour, weight: 600 }),
      text(AREA.right + 13, label + 14, `${last} ${unit}`, { size: 12, fill: FAINT }),
    );
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img" aria-label="${escape(title)}" font-family="system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    ...parts,
    "</svg>\n",
  ].join("\n");
}

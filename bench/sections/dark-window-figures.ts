import { LATENCY_MS } from "../emulator-process";
import { milliseconds, quantile, row, Samples, seconds, times, atMost } from "../figures";
import type { ResultRow, SampleSet, Section, Unit } from "../figures";
import type { Options } from "../options";
import { plot, type Line } from "../plot";

export type Way = "loop" | "off" | "auto";
/** What ends a dark window. */
type End = "minted" | "accepted" | "delivered";

export interface Measured {
  size: number;
  /** Whether all databases are in one group; otherwise, each has a group of its own. */
  isOneGroup: boolean;
  /** The windows of all members and rounds, in milliseconds, by way and end. */
  samples: SampleSet;
  rounds: number;
}

/** Short windows in milliseconds, long ones in seconds. */
const span: Unit = (ms) => (ms < 10_000 ? milliseconds(ms) : seconds(ms));
const ofWindows = (windows: Samples, q: number): Samples => new Samples().add(quantile(windows.values, q));

/** A distribution in the columns of the results: the median, and from the shortest to the longest. */
const distribution = (name: string, windows: Samples, target?: ResultRow["target"]): ResultRow =>
  row(name, windows, span, target);

function upTo(most: number, windows: Samples, q: number, rule: string): ResultRow["target"] {
  return { text: `at most ${span(most)} (${rule})`, isMet: quantile(windows.values, q) <= most };
}

export function describe(measured: readonly Measured[], { parallelism }: Options): Section {
  const rows = measured.flatMap(rowsOf);
  const apart = measured.filter(({ isOneGroup }) => !isOneGroup);
  const [least, most] = [apart[0], apart.at(-1)];
  if (least && most && least !== most)
    for (const [way, end, label] of ENDS) {
      // relative to the loop in the same fleet, so that other work on the machine counts for both
      const medianOf = ({ samples }: Measured): number =>
        samples.of(`${way} ${end}`).median / samples.of("loop minted").median;
      const growth = new Samples().add(medianOf(most) / medianOf(least));
      const sizes = `${most.size.toLocaleString("en-US")} / ${least.size.toLocaleString("en-US")}`;
      rows.push(
        row(
          `${label}: median / loop, ${sizes} members`,
          growth,
          times,
          atMost(growth, GROWTH_AT_MOST, times),
        ),
      );
    }
  return {
    title: `Dark windows of the members of a list, ${parallelism} at a time`,
    rows,
    notes: [
      `For each member, from the moment when its rotation takes effect on the server, by the server's clock. "Minted" ends when the server has sent the new token, "accepted" when the database has sent its first response that accepts it. Both include the latency of ${LATENCY_MS} ms (RTT) of each request. The columns show the median of all members of all rounds, and the shortest and the longest.`,
      `"Delivered" ends when the program has the new tokens, which is when the whole list is done: a resource has no outputs before. It therefore grows with the list, and is longest for the members that were rotated first. The loop is free to deliver each token when it is minted.`,
      `"A group each": each database has a group of its own. "One group": with \`verify: "off"\`, what the rotation of one reaches is not known, so that all are rotated before any token is minted, and the windows grow with the group.`,
      `Rounds: ${measured.map(({ size, rounds, isOneGroup }) => `${rounds} with ${size.toLocaleString("en-US")} members${isOneGroup ? " in one group" : ""}`).join(", ")}.`,
    ],
  };
}

const GROWTH_AT_MOST = 1.25;
const ENDS: readonly [Way, End, string][] = [
  ["off", "minted", "verify off, minted"],
  ["auto", "minted", "verify auto, minted"],
  ["auto", "accepted", "verify auto, accepted"],
];

function rowsOf({ size, isOneGroup, samples }: Measured): ResultRow[] {
  const fleet = `${size.toLocaleString("en-US")}, ${isOneGroup ? "one group" : "a group each"}`;
  const loop = samples.of("loop minted");
  const rows = [distribution(`${fleet}: plain loop, minted`, loop)];
  for (const [way, end, label] of ENDS) {
    const windows = samples.of(`${way} ${end}`);
    const [median, longest] = [loop.median + LATENCY_MS, 2 * quantile(loop.values, 1) + LATENCY_MS];
    const isAimed = !isOneGroup;
    rows.push(
      distribution(
        `${fleet}: ${label}`,
        windows,
        isAimed ? upTo(median, windows, 0.5, "loop + 1 RTT") : undefined,
      ),
      row(
        `${fleet}: ${label}, longest`,
        ofWindows(windows, 1),
        span,
        isAimed ? upTo(longest, windows, 1, "2 × loop + 1 RTT") : undefined,
      ),
    );
  }
  for (const way of ["off", "auto"] as const)
    rows.push(distribution(`${fleet}: verify ${way}, delivered`, samples.of(`${way} delivered`)));
  return rows;
}

const SHARES = [1, 2, 10, 100];
const NAMED: Record<number, string> = { 1: "min", 2: "median" };
/** Each line: from which fleet, which windows, and how it is drawn. */
const LINES: readonly [isOneGroup: boolean, Way, End, label: string, colour: string, dashed: boolean][] = [
  [false, "loop", "minted", "plain loop: minted", "#667085", false],
  [false, "off", "minted", "verify off: minted", "#067647", false],
  [false, "auto", "accepted", "verify auto: accepted", "#175cd3", false],
  [true, "off", "minted", "one group, verify off: minted", "#b54708", false],
  [true, "auto", "accepted", "one group, verify auto: accepted", "#7a5af8", false],
  [false, "off", "delivered", "verify off: delivered", "#3f9b5f", true],
  [false, "auto", "delivered", "verify auto: delivered", "#1b8ac4", true],
];

/** The distribution of dark windows: how long the window is that one in so many members exceeds. */
export function darkWindowPlot(measured: readonly Measured[], { parallelism }: Options): string {
  const fleetOf = (isOneGroup: boolean): Measured | undefined =>
    measured.filter((each) => each.isOneGroup === isOneGroup).at(-1);
  const lines = LINES.flatMap(([isOneGroup, way, end, label, colour, dashed]): Line[] => {
    const fleet = fleetOf(isOneGroup);
    if (!fleet) return [];
    const { values } = fleet.samples.of(`${way} ${end}`);
    const shares = [...SHARES.filter((share) => share < fleet.size), fleet.size];
    const points = shares.map((share): [number, number] => [
      share,
      quantile(values, share === fleet.size ? 1 : 1 - 1 / share),
    ]);
    return [{ label: `${label}, ${fleet.size.toLocaleString("en-US")}`, colour, dashed, points }];
  });
  return plot(lines, {
    title: "Dark windows: time without a valid token",
    subtitle: `Lists of databases, rotated and minted ${parallelism} at a time, ${LATENCY_MS} ms per request; last number: members`,
    x: "one in so many members has a longer window",
    y: "milliseconds",
    unit: "ms",
    xTick: (share) => NAMED[share] ?? `1 in ${share.toLocaleString("en-US")}`,
  });
}

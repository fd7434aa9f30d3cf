import { atMost, compare, count, inRound, row, seconds, times } from "../figures";
import type { ResultRow, Samples, SampleSet, Section } from "../figures";
import { LATENCY_MS } from "../emulator-process";
import type { Options } from "../options";
import { plot } from "../plot";

/** The contenders of the plot. Each key is the name of the samples of a changed trigger. */
export const CONTENDERS = {
  naive: "naive provider, one resource each",
  "sequential loop": "official client, sequential",
  proof: "TokenRotation, verify auto",
  "proof bound": "empty program + loop with verification",
  off: "TokenRotation, verify off",
  "plain bound": "empty program + plain loop",
  empty: "up of an empty program",
} as const;
export type Contender = keyof typeof CONTENDERS;
export type Series = Record<Contender, [size: number, ms: number][]>;

const LABELS = { off: "verify off", proof: "verify auto" } as const;

export function describe(size: number, samples: SampleSet, { parallelism }: Options): Section {
  const of = (name: string): Samples => samples.of(name);
  const ratio = (name: keyof typeof LABELS, bound: string, most: number): ResultRow => {
    const compared = compare(of(name), (round) => inRound(of(bound), round));
    const target = size >= 1_000 ? atMost(compared, most, times) : undefined;
    return row(`${LABELS[name]}, change / (empty + loop)`, compared, times, target);
  };
  const phases = (name: keyof typeof LABELS): ResultRow[] =>
    (
      [
        ["start to provider process", "provider"],
        ["start to first request", "before"],
        ["first request to last response", "requests"],
        ["last response to exit", "after"],
      ] as const
    ).map(([phase, key]) => row(`${LABELS[name]}, change: ${phase}`, of(`${name} ${key}`), seconds));
  const extra = compare(
    of("off no-op"),
    (round) => inRound(of("single no-op"), round),
    (a, b) => a - b,
  );
  const noCalls = of("off no-op calls");
  return {
    title: `Fleet: rotate ${size.toLocaleString("en-US")} databases and mint their tokens, ${parallelism} at a time`,
    rows: [
      row("empty program, up", of("empty"), seconds),
      row("plain loop", of("plain loop"), seconds),
      row("loop with verification", of("proof loop"), seconds),
      row("official client, sequential", of("sequential loop"), seconds),
      row("TokenRotation, verify off, change", of("off"), seconds),
      row("TokenRotation, verify auto, change", of("proof"), seconds),
      row("naive provider, change", of("naive"), seconds),
      ratio("off", "plain bound", 1.15),
      ratio("proof", "proof bound", 1.25),
      row("TokenRotation, no-op", of("off no-op"), seconds),
      row("no-op: fleet minus single", extra, seconds, atMost(extra, 300, seconds)),
      row("no-op: requests", noCalls, count, atMost(noCalls, 0, count)),
      row("plain loop: requests", of("plain loop calls"), count),
      row("verify off, change: requests", of("off calls"), count),
      row("loop with verification: requests", of("proof loop calls"), count),
      row("verify auto, change: requests", of("proof calls"), count),
      ...phases("off"),
      ...phases("proof"),
    ],
    notes: [
      "All databases are in one group. Each loop runs in a fresh process and measures the time from its first request to its last response. The plain loop lists the databases, then rotates and mints each. The loop with verification makes the requests that TokenRotation makes, with the same parallelism: a canary token and a probe; the rotation, the new token and a probe; five probes as proof; a last probe. Both probe over a new connection each time.",
      ...(of("thrown").values.length > 0
        ? [
            `The official client threw on the API's empty response in ${of("thrown").median} of ${size} rotations. The loop counts these errors and continues.`,
          ]
        : []),
    ],
  };
}

const STYLE: Record<Contender, [colour: string, dashed: boolean]> = {
  naive: ["#b42318", false],
  "sequential loop": ["#b54708", false],
  proof: ["#175cd3", false],
  "proof bound": ["#1b8ac4", true],
  off: ["#067647", false],
  "plain bound": ["#3f9b5f", true],
  empty: ["#667085", true],
};

/** Time by fleet size, for all contenders. */
export function fleetPlot(series: Series, { parallelism }: Options): string {
  const lines = (Object.keys(CONTENDERS) as Contender[]).map((name) => ({
    label: CONTENDERS[name],
    colour: STYLE[name][0],
    dashed: STYLE[name][1],
    points: series[name].map(([size, ms]): [number, number] => [size, ms / 1000]),
  }));
  return plot(lines, {
    title: "Rotating a fleet of databases and minting their tokens",
    subtitle: `One changed trigger, ${LATENCY_MS} ms per request, ${parallelism} at a time; dashed: lower bound`,
    x: "databases",
    y: "seconds, median",
    unit: "s",
  });
}

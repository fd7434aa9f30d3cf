import { TestBed, expectCalls, requests, type ProgramConfig, type Up } from "./test-bed";
import { atLeast, atMost, compare, count, inRound, row, SampleSet, seconds, times } from "./figures";
import type { ResultRow, Samples, Section } from "./figures";
import type { Options } from "./options";
import type { Progress } from "./progress";
import { EmulatorProcess } from "./emulator-process";

/** From this fleet size on, contenders that take about a minute or more are not measured in every round. */
const SLOW_FROM = 500;
const SLOW_ROUNDS = 1;
const PLOT_ROUNDS = 2;

/** The contenders of the plot. Each key is the name of the samples of a changed trigger. */
export const CONTENDERS = {
  naive: "naive dynamic provider, one resource each",
  sequential: "official client, sequential",
  "proof change": "TokenRotation, verify auto",
  "limit-proof": "axios loop with verification, in parallel",
  "off change": "TokenRotation, verify off",
  limit: "axios loop, in parallel",
  empty: "up of an empty program",
} as const;
export type Contender = keyof typeof CONTENDERS;
export type Series = Record<Contender, [size: number, ms: number][]>;

interface Sizes {
  /** Create, changed trigger and no-op. */
  main: number;
  /** A changed trigger alone, for the plot. */
  plot: number[];
}

const sizesOf = ({ quick, size }: Options): Sizes => ({
  main: size,
  plot: (quick ? [] : [1, 10, 100]).filter((each) => each < size),
});

export function fleetSeconds(options: Options): number {
  const { main, plot } = sizesOf(options);
  const requestTime = (main / options.parallelism) * 0.054;
  const slow = main >= SLOW_FROM ? SLOW_ROUNDS : options.rounds;
  const perRound = 26 + 8 * requestTime;
  const slowOnes = slow * (main * 0.053 + 8 * requestTime + (main >= SLOW_FROM ? 380 : 16));
  return 12 + options.rounds * perRound + slowOnes + plot.length * (25 + 17 * plotRounds(options));
}

const plotRounds = ({ rounds }: Options): number => Math.min(rounds, PLOT_ROUNDS);

export async function fleet(
  options: Options,
  progress: Progress,
): Promise<{ section: Section; series: Series }> {
  const { main, plot } = sizesOf(options);
  const series = Object.fromEntries(Object.keys(CONTENDERS).map((name) => [name, []])) as unknown as Series;
  const note = (size: number, samples: SampleSet): void => {
    for (const name of Object.keys(CONTENDERS) as Contender[]) {
      const taken = samples.of(name === "naive" ? "naive change" : name);
      if (taken.values.length > 0) series[name].push([size, taken.median]);
    }
  };
  for (const size of plot)
    note(size, await measure(size, plotRounds(options), false, options.parallelism, progress));
  const samples = await measure(main, options.rounds, true, options.parallelism, progress);
  note(main, samples);
  return { section: describe(main, samples, options), series };
}

const STACKS = { empty: "empty", off: "fleet", proof: "fleet", single: "single", naive: "naive" } as const;

/** Measures all contenders alternately, round by round. @param whole whether to measure creates and no-ops too */
async function measure(
  size: number,
  rounds: number,
  whole: boolean,
  parallelism: number,
  progress: Progress,
): Promise<SampleSet> {
  const samples = new SampleSet();
  await EmulatorProcess.with(size, (emulator) =>
    TestBed.with(emulator, STACKS, async (beds) => {
      const { names } = emulator.hello;
      const recorder = new Recorder(samples, names, emulator);
      const off = { names, verify: "off", parallelism };
      const proof = { names, parallelism };
      beds.empty.configure({ names, trigger: 0 });
      // a first run reads everything from disk, which would lift the lower bound above what follows it
      progress.step(`fleet of ${size.toLocaleString("en-US")}: warming up`);
      await beds.empty.up();
      for (let round = 0; round < rounds; round += 1) {
        const step = (what: string): void =>
          progress.step(`fleet of ${size.toLocaleString("en-US")}: ${what}`, round, rounds);
        const isSlowRound = size < SLOW_FROM || round < SLOW_ROUNDS;
        step("an empty program");
        samples.of("empty").add((await beds.empty.up()).ms);
        step("axios loop");
        await recorder.loop("limit", parallelism);
        step("TokenRotation, verify off");
        await recorder.life("off", beds.off, off, whole, { rotate: size });
        if (whole) {
          step("a no-op of a single TokenRotation");
          await recorder.noopOfSingle(beds.single);
        }
        step("axios loop with verification");
        await recorder.loop("limit-proof", parallelism);
        step("TokenRotation, verify auto");
        const expected = { rotate: size, mint: size, probe: 2 * size };
        await recorder.life("proof", beds.proof, proof, whole && isSlowRound, expected);
        if (!isSlowRound) continue;
        step("official client, sequential");
        await recorder.loop("sequential", 1);
        step("naive dynamic provider");
        await recorder.life("naive", beds.naive, { names }, whole, { rotate: size });
      }
    }),
  );
  return samples;
}

/** Runs contenders and records their figures. */
class Recorder {
  private trigger = 0;
  private readonly created = new Set<TestBed>();

  constructor(
    private readonly samples: SampleSet,
    private readonly names: string[],
    private readonly emulator: EmulatorProcess,
  ) {}

  async loop(kind: "limit" | "limit-proof" | "sequential", parallelism: number): Promise<void> {
    const { ms, thrown, tally } = await this.emulator.loop(kind, parallelism);
    if (tally.calls.rotate !== this.names.length) throw new Error(`${kind}: ${tally.calls.rotate} rotations`);
    this.samples.of(kind).add(ms);
    if (kind === "sequential") this.samples.of("thrown").add(thrown);
  }

  /** Create, changed trigger, no-op. @param whole whether to record the create and the no-op too */
  async life(
    name: string,
    bed: TestBed,
    plan: Omit<ProgramConfig, "trigger">,
    whole: boolean,
    calls: Parameters<typeof expectCalls>[2],
  ): Promise<void> {
    const up = async (act: string): Promise<Up> => {
      bed.configure({ ...plan, names: this.names, trigger: this.trigger });
      const run = await bed.up();
      if (act !== "") this.samples.of(`${name} ${act}`).add(run.ms);
      return run;
    };
    if (whole || !this.created.has(bed)) {
      bed.reset();
      this.trigger += 1;
      expectCalls(`${name} create`, await up(whole ? "create" : ""), calls);
    }
    this.created.add(bed);
    this.trigger += 1;
    const change = await up("change");
    expectCalls(`${name} change`, change, calls);
    this.keepPhases(name, change);
    if (whole) this.samples.of(`${name} no-op calls`).add(requests((await up("no-op")).tally));
  }

  async noopOfSingle(bed: TestBed): Promise<void> {
    bed.configure({ names: this.names, trigger: 1, verify: "off" });
    if (!this.created.has(bed)) await bed.up();
    this.created.add(bed);
    this.samples.of("single no-op").add((await bed.up()).ms);
  }

  private keepPhases(name: string, { ms, startedAt, tally, provider }: Up): void {
    const { firstAt = startedAt, lastAt = startedAt } = tally;
    this.samples.of(`${name} before`).add(firstAt - startedAt);
    if (provider.seenAt !== undefined) this.samples.of(`${name} provider`).add(provider.seenAt - startedAt);
    this.samples.of(`${name} requests`).add(lastAt - firstAt);
    this.samples.of(`${name} after`).add(startedAt + ms - lastAt);
    this.samples.of(`${name} calls`).add(requests(tally));
  }
}

function describe(size: number, samples: SampleSet, { parallelism }: Options): Section {
  const of = (name: string): Samples => samples.of(name);
  const isTarget = size >= 1_000;
  const least = (loop: string) => (round: number) => inRound(of("empty"), round) + inRound(of(loop), round);
  const ratio = (name: string, loop: string, most: number): ResultRow => {
    const compared = compare(of(name), least(loop));
    const label = `${name.replace("off", "verify off,").replace("proof", "verify auto,")} / (empty + loop)`;
    return row(label, compared, times, isTarget ? atMost(compared, most, times) : undefined);
  };
  const faster = compare(of("naive change"), (round) => inRound(of("off change"), round));
  const fasterProof = compare(of("naive change"), (round) => inRound(of("proof change"), round));
  const extra = compare(
    of("off no-op"),
    (round) => inRound(of("single no-op"), round),
    (a, b) => a - b,
  );
  const life = (name: string, label: string): ResultRow[] =>
    ["create", "change", "no-op"].map((act) => row(`${label}, ${act}`, of(`${name} ${act}`), seconds));
  const phases = (name: string, label: string): ResultRow[] => [
    row(`${label}, change: start to provider process`, of(`${name} provider`), seconds),
    row(`${label}, change: start to first request`, of(`${name} before`), seconds),
    row(`${label}, change: first request to last response`, of(`${name} requests`), seconds),
    row(`${label}, change: last response to exit`, of(`${name} after`), seconds),
    row(`${label}, change: requests`, of(`${name} calls`), count),
  ];
  const noCalls = of("off no-op calls");
  return {
    title: `Fleet: ${size.toLocaleString("en-US")} databases, ${parallelism} concurrent requests`,
    rows: [
      row("empty program, up", of("empty"), seconds),
      row("axios loop", of("limit"), seconds),
      row("axios loop with verification", of("limit-proof"), seconds),
      row("official client, sequential", of("sequential"), seconds),
      ...life("off", "TokenRotation, verify off"),
      ...life("proof", "TokenRotation, verify auto"),
      ...life("naive", "naive provider"),
      ratio("off create", "limit", 1.15),
      ratio("off change", "limit", 1.15),
      ratio("proof create", "limit-proof", 1.25),
      ratio("proof change", "limit-proof", 1.25),
      row("naive / verify off, change", faster, times, isTarget ? atLeast(faster, 20, times) : undefined),
      row("naive / verify auto, change", fasterProof, times),
      row("no-op: fleet minus single", extra, seconds, atMost(extra, 300, seconds)),
      row("no-op: requests", noCalls, count, atMost(noCalls, 0, count)),
      ...phases("off", "verify off"),
      ...phases("proof", "verify auto"),
    ],
    notes: [
      `Each loop runs in a fresh process and measures the time from its first request to its last response. The loop with verification lists the databases once and then, for each database, mints, probes, rotates and probes again, as TokenRotation does. The plain loop only rotates.`,
      `The official client threw on the API's empty response in ${of("thrown").median} of ${size} rotations. The loop counts these errors and continues.`,
      ...(isTarget
        ? [
            `Operations that take about a minute or more were measured once: the naive provider, the official client, and the create and no-op with \`verify: "auto"\`.`,
          ]
        : []),
    ],
  };
}

import { TestBed, expectCalls, requests, type ProgramConfig, type Up } from "../test-bed";
import { SampleSet, type Section } from "../figures";
import type { Options } from "../options";
import type { Progress } from "../progress";
import { EmulatorProcess } from "../emulator-process";
import { mintedTwice } from "./dark-window";
import { CONTENDERS, describe, type Contender, type Series } from "./fleet-figures";

/** Contenders that work sequentially, or need one resource per database, are measured up to this size. */
const SLOW_UP_TO = 100;
const PLOT_ROUNDS = 2;

/** Sizes for the plot only. */
const plotSizes = ({ quick, size }: Options): number[] =>
  (quick ? [] : [1, 10, 100]).filter((each) => each < size);
const plotRounds = ({ rounds }: Options): number => Math.min(rounds, PLOT_ROUNDS);

export function fleetSeconds(options: Options): number {
  const seconds = (size: number, rounds: number): number =>
    20 + rounds * (14 + size * (size <= SLOW_UP_TO ? 0.7 : 0.12));
  const small = plotSizes(options).reduce((sum, size) => sum + seconds(size, plotRounds(options)), 0);
  return small + seconds(options.size, options.rounds);
}

export async function fleet(
  options: Options,
  progress: Progress,
): Promise<{ section: Section; series: Series }> {
  const series = Object.fromEntries(Object.keys(CONTENDERS).map((name) => [name, []])) as unknown as Series;
  const note = (size: number, samples: SampleSet): void => {
    for (const name of Object.keys(CONTENDERS) as Contender[]) {
      const taken = samples.of(name);
      if (taken.values.length > 0) series[name].push([size, taken.median]);
    }
  };
  for (const size of plotSizes(options))
    note(size, await measure(size, plotRounds(options), options.parallelism, progress));
  const samples = await measure(options.size, options.rounds, options.parallelism, progress);
  note(options.size, samples);
  return { section: describe(options.size, samples, options), series };
}

const STACKS = { empty: "empty", off: "fleet", proof: "fleet", single: "single", naive: "naive" } as const;
/** What TokenRotation mints before the rotations, to see whether the API mints at all. */
const TRIAL = 1;
/** What it mints to learn the reach of the first rotation: for the group and one of its databases, before and after. */
const reachCanaries = (size: number): number => (size === 1 ? 2 : 4);

/** Measures all contenders alternately, round by round, once everything has run once. */
async function measure(
  size: number,
  rounds: number,
  parallelism: number,
  progress: Progress,
): Promise<SampleSet> {
  const samples = new SampleSet();
  await EmulatorProcess.with(size, (emulator) =>
    TestBed.with(emulator, STACKS, async (beds) => {
      const { names } = emulator.hello;
      const plan = { names, mint: {}, parallelism };
      const recorder = new Recorder(samples, size, emulator);
      const label = `fleet of ${size.toLocaleString("en-US")}`;
      progress.step(`${label}: set-up`);
      const isSlowToo = size <= SLOW_UP_TO;
      for (const bed of [beds.off, beds.proof, beds.single]) {
        bed.configure({ ...plan, verify: "off", rotateOnCreate: false, trigger: 0 });
        await bed.up();
      }
      beds.empty.configure({ names, trigger: 0 });
      beds.naive.configure({ ...plan, trigger: 0 });
      await beds.empty.up();
      if (isSlowToo) await beds.naive.up();
      await emulator.loop("plain", parallelism);
      for (let round = 0; round < rounds; round += 1) {
        const step = (what: string): void => progress.step(`${label}: ${what}`, round, rounds);
        const trigger = round + 1;
        step("an empty program");
        const empty = (await beds.empty.up()).ms;
        samples.of("empty").add(empty);
        step("axios loop");
        await recorder.loop("plain", parallelism, empty);
        step("TokenRotation, verify off");
        const mint = size + mintedTwice("off", size);
        const calls = { rotate: size, mint, probe: 0, canary: TRIAL };
        await recorder.change("off", beds.off, { ...plan, trigger, verify: "off" }, calls);
        step("no-ops of the fleet, and of a single TokenRotation");
        await recorder.noop("off", beds.off);
        beds.single.configure({ ...plan, verify: "off", trigger: 0 });
        await recorder.noop("single", beds.single);
        step("axios loop with verification");
        await recorder.loop("proof", parallelism, empty);
        step("TokenRotation, verify auto");
        const proven = { rotate: size, mint: size, canary: TRIAL + size + reachCanaries(size) };
        await recorder.change("proof", beds.proof, { ...plan, trigger }, proven);
        if (!isSlowToo) continue;
        step("official client, sequential");
        await recorder.loop("sequential", 1, empty);
        step("naive dynamic provider");
        await recorder.change("naive", beds.naive, { ...plan, trigger }, { rotate: size, mint: size });
      }
    }),
  );
  return samples;
}

/** Runs contenders and records their figures. */
class Recorder {
  constructor(
    private readonly samples: SampleSet,
    private readonly size: number,
    private readonly emulator: EmulatorProcess,
  ) {}

  /** @param empty what an empty program takes, which the package cannot avoid */
  async loop(kind: "plain" | "proof" | "sequential", parallelism: number, empty: number): Promise<void> {
    const { ms, thrown, tally } = await this.emulator.loop(kind, parallelism);
    if (tally.calls.rotate !== this.size) throw new Error(`${kind}: ${tally.calls.rotate} rotations`);
    this.samples.of(`${kind} loop`).add(ms);
    this.samples.of(`${kind} bound`).add(empty + ms);
    this.samples.of(`${kind} loop calls`).add(Object.values(tally.calls).reduce((sum, each) => sum + each));
    if (kind === "sequential") this.samples.of("thrown").add(thrown);
  }

  /** A changed trigger. */
  async change(
    name: string,
    bed: TestBed,
    plan: ProgramConfig,
    calls: Parameters<typeof expectCalls>[2],
  ): Promise<void> {
    bed.configure(plan);
    const up = await bed.up();
    expectCalls(`${name} change`, up, calls);
    this.samples.of(name).add(up.ms);
    this.keepPhases(name, up);
  }

  async noop(name: string, bed: TestBed): Promise<void> {
    const up = await bed.up();
    this.samples.of(`${name} no-op`).add(up.ms);
    this.samples.of(`${name} no-op calls`).add(requests(up.tally));
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

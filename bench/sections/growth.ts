import { TestBed, expectCalls, requests } from "../test-bed";
import {
  atMost,
  bytes,
  compare,
  count,
  inRound,
  megabytes,
  row,
  SampleSet,
  Samples,
  seconds,
  times,
} from "../figures";
import type { ResultRow, Section } from "../figures";
import type { Options } from "../options";
import type { Progress } from "../progress";
import { EmulatorProcess } from "../emulator-process";
import { mintedTwice } from "./dark-window";

/** High enough that 5,000 members do not take half of the bench's time. */
const PARALLELISM = 32;
/** Sizes without a target are measured less often. */
const SMALL_ROUNDS = 3;

/** The target for a member's state: so many bytes, and so many for each byte of its token. */
const [STATE_BYTES, STATE_PER_TOKEN] = [250, 1.4];

const sizesOf = ({ quick }: Options): number[] => (quick ? [1, 1_000] : [1, 10, 100, 1_000, 5_000]);

export const growthSeconds = (options: Options): number =>
  sizesOf(options).reduce(
    (sum, size) => sum + 9 + (roundsOf(size, options) + 1) * (6 + (size / PARALLELISM) * 0.12),
    0,
  );

const roundsOf = (size: number, { rounds }: Options): number =>
  size < 1_000 ? Math.min(rounds, SMALL_ROUNDS) : rounds;

/** Measures a changed trigger of lists of increasing size, with `mint`. */
export async function growth(options: Options, progress: Progress): Promise<Section> {
  const bySize = new Map<number, SampleSet>();
  for (const size of sizesOf(options)) bySize.set(size, await measure(size, options, progress));
  return describe(bySize);
}

async function measure(size: number, options: Options, progress: Progress): Promise<SampleSet> {
  const samples = new SampleSet();
  const label = `growth, ${size === 1 ? "1 member" : `${size.toLocaleString("en-US")} members`}`;
  progress.step(`${label}: set-up`);
  await EmulatorProcess.with(size, (emulator) =>
    TestBed.with(emulator, { empty: "empty", fleet: "fleet" }, async ({ empty, fleet }) => {
      const plan = (trigger: number): void =>
        fleet.configure({
          names: emulator.hello.names,
          mint: {},
          trigger,
          verify: "off",
          parallelism: PARALLELISM,
        });
      plan(0);
      expectCalls(label, await fleet.up(), { rotate: size, mint: size + mintedTwice("off", size) });
      samples.of("token").add(fleet.delivered.lengths[0] ?? NaN);
      samples.of("state").add(await fleet.stateSize());
      const rounds = roundsOf(size, options);
      for (let round = 0; round < rounds; round += 1) {
        progress.step(label, round, rounds);
        const idle = await empty.up();
        plan(round + 1);
        const up = await fleet.up();
        expectCalls(label, up, { rotate: size, mint: size + mintedTwice("off", size) });
        samples.of("up").add(up.ms);
        samples.of("own").add(up.ms - idle.ms);
        samples.of("calls").add(requests(up.tally));
        samples.of("peak").add(up.provider.peakKib);
      }
    }),
  );
  return samples;
}

function describe(bySize: Map<number, SampleSet>): Section {
  const rows: ResultRow[] = [];
  const one = bySize.get(1)?.of("state").median ?? 0;
  for (const [size, samples] of bySize) {
    const name = size === 1 ? "1 member" : `${size.toLocaleString("en-US")} members`;
    rows.push(row(`${name}: up`, samples.of("up"), seconds));
    rows.push(row(`${name}: up minus empty program`, samples.of("own"), seconds));
    rows.push(row(`${name}: API calls`, samples.of("calls"), count));
    const peak = samples.of("peak");
    const most = 150_000_000 / 1024;
    rows.push(
      row(
        `${name}: peak memory of the provider process`,
        peak,
        megabytes,
        size === 5_000 ? atMost(peak, most, megabytes) : undefined,
      ),
    );
    rows.push(row(`${name}: state`, samples.of("state"), bytes));
    if (size === 1) continue;
    const each = new Samples();
    each.add((samples.of("state").median - one) / (size - 1));
    const mostState = STATE_BYTES + STATE_PER_TOKEN * samples.of("token").median;
    rows.push(row(`${name}: state per member`, each, bytes, atMost(each, mostState, bytes)));
  }
  const [large, small] = [bySize.get(5_000), bySize.get(1_000)];
  if (large && small) {
    const ratio = compare(large.of("own"), (round) => inRound(small.of("own"), round));
    rows.push(row("5,000 / 1,000, minus empty program", ratio, times, atMost(ratio, 5.5, times)));
  }
  return {
    title: `Growth: a changed trigger of a list that mints, verify off, ${PARALLELISM} at a time`,
    rows,
    notes: [
      `State: \`pulumi stack export\` as compact JSON, in which tokens are encrypted. State per member: the growth over the stack with one member, divided by the number of additional members. A token has ${bySize.get(1)?.of("token").median} characters; the target is ${STATE_BYTES} bytes and ${STATE_PER_TOKEN} for each character.`,
      "Peak memory: VmHWM of the provider process. Most of it is Pulumi's own.",
    ],
  };
}

import { EmulatorProcess } from "../emulator-process";
import { atMost, compare, count, inRound, row, SampleSet, seconds, times, type Section } from "../figures";
import type { Options } from "../options";
import type { Progress } from "../progress";
import { TestBed } from "../test-bed";

const sizeOf = ({ quick }: Options): number => (quick ? 100 : 1_000);
const roundsOf = ({ rounds }: Options): number => Math.min(rounds, 3);

export const wholeGroupSeconds = (options: Options): number =>
  15 + roundsOf(options) * (10 + sizeOf(options) * 0.06);

/** A group of which each rotation reaches every database, as on Turso's older servers. */
export async function wholeGroup(options: Options, progress: Progress): Promise<Section> {
  const [size, rounds, { parallelism }] = [sizeOf(options), roundsOf(options), options];
  const samples = new SampleSet();
  await EmulatorProcess.with({ databases: size, generation: "legacy-group" }, (emulator) =>
    TestBed.with(emulator, { auto: "fleet" }, async ({ auto }) => {
      progress.step("whole group: set-up");
      await emulator.loop("mint", parallelism, 100);
      for (let round = 0; round < rounds; round += 1) {
        progress.step("whole group: a loop that mints", round, rounds);
        samples.of("loop").add((await emulator.loop("mint", parallelism)).ms);
        progress.step("whole group: an up, verify auto", round, rounds);
        auto.reset();
        auto.configure({ names: emulator.hello.names, mint: {}, parallelism, trigger: round });
        const { ms, tally } = await auto.up();
        const windows = tally.windows.map(({ from, minted = NaN }) => minted - from);
        if (windows.length !== size) throw new Error(`whole group: ${windows.length} windows`);
        samples.of("up").add(ms);
        samples.of("rotations").add(tally.calls.rotate);
        samples.of("mints").add(tally.calls.mint);
        samples.of("last").add(Math.max(...windows));
      }
    }),
  );
  const of = (name: string) => samples.of(name);
  const last = compare(of("last"), (round) => inRound(of("loop"), round));
  return {
    title: `Whole group: ${size.toLocaleString("en-US")} databases in one group that each rotation reaches`,
    rows: [
      row("loop that mints", of("loop"), seconds),
      row("TokenRotation, verify auto, create", of("up"), seconds),
      row("rotations", of("rotations"), count, atMost(of("rotations"), 1, count)),
      row("mints", of("mints"), count, atMost(of("mints"), size, count)),
      row("from the rotation to the last token", of("last"), seconds),
      row("from the rotation to the last token / loop", last, times, atMost(last, 1.25, times)),
    ],
    notes: [],
  };
}

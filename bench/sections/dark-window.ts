import { EmulatorProcess } from "../emulator-process";
import { SampleSet, type Section } from "../figures";
import type { Options } from "../options";
import type { Progress } from "../progress";
import type { Window } from "../protocol";
import { TestBed, expectCalls } from "../test-bed";
import { describe, type Measured, type Way } from "./dark-window-figures";

/** Fleets in which every database has a group of its own, and the size that is measured in one group too. */
const sizesOf = ({ quick }: Options): number[] => (quick ? [20, 100] : [100, 1_000, 5_000]);
const oneGroupOf = ({ quick }: Options): number => (quick ? 100 : 1_000);

/** Large fleets have enough members for a distribution from few rounds. */
const roundsOf = (size: number, { rounds }: Options): number =>
  size >= 5_000 ? 1 : size >= 1_000 ? Math.min(rounds, 2) : rounds;

export const darkWindowSeconds = (options: Options): number =>
  [...sizesOf(options), oneGroupOf(options)].reduce(
    (sum, size) => sum + 12 + roundsOf(size, options) * (10 + size * 0.11),
    0,
  );

/** From each member's rotation until its new token exists, until it is accepted, and until the program has it. */
export async function darkWindow(
  options: Options,
  progress: Progress,
): Promise<{ section: Section; windows: Measured[] }> {
  const measured: Measured[] = [];
  for (const size of sizesOf(options)) measured.push(await measure(size, 1, options, progress));
  const one = oneGroupOf(options);
  measured.push(await measure(one, one, options, progress));
  return { section: describe(measured, options), windows: measured };
}

/**
 * Without verification, the first member of a larger group gets a token that shows whether minting works, and one more after
 * the rotations of the others, which may have invalidated it.
 */
export const mintedTwice = (verify: "off" | "auto", perGroup: number): number =>
  verify === "off" && perGroup > 1 ? 1 : 0;

async function measure(
  size: number,
  perGroup: number,
  options: Options,
  progress: Progress,
): Promise<Measured> {
  const samples = new SampleSet();
  const { parallelism } = options;
  const where = perGroup === 1 ? "a group each" : "one group";
  const label = `dark window, ${size.toLocaleString("en-US")} members, ${where}`;
  const rounds = roundsOf(size, options);
  const keep = (way: Way, windows: Window[], availableAt: number | undefined): void => {
    if (windows.length !== size) throw new Error(`${label}: ${windows.length} windows`);
    for (const { from, minted = NaN, accepted = NaN } of windows) {
      samples.of(`${way} minted`).add(minted - from);
      samples.of(`${way} accepted`).add(accepted - from);
      if (availableAt !== undefined) samples.of(`${way} delivered`).add(availableAt - from);
    }
  };
  await EmulatorProcess.with({ databases: size, perGroup }, (emulator) =>
    TestBed.with(emulator, { off: "fleet", auto: "fleet" }, async (beds) => {
      const { names } = emulator.hello;
      progress.step(`${label}: set-up`);
      await emulator.loop("plain", parallelism, 100);
      for (let round = 0; round < rounds; round += 1) {
        const step = (what: string): void => progress.step(`${label}: ${what}`, round, rounds);
        step("a plain loop");
        keep("loop", (await emulator.loop("plain", parallelism)).tally.windows, undefined);
        for (const verify of ["off", "auto"] as const) {
          step(`an up, verify ${verify}`);
          beds[verify].reset();
          beds[verify].configure({ names, mint: {}, parallelism, verify, trigger: round });
          const up = await beds[verify].up();
          expectCalls(label, up, { rotate: size, mint: size + mintedTwice(verify, perGroup) });
          keep(verify, up.tally.windows, beds[verify].delivered.at);
        }
      }
    }),
  );
  return { size, isOneGroup: perGroup > 1, samples, rounds };
}

import { EmulatorProcess } from "../emulator-process";
import { atMost, compare, count, inRound, row, SampleSet, seconds, type ResultRow } from "../figures";
import type { Section } from "../figures";
import type { Options } from "../options";
import type { Progress } from "../progress";
import { TestBed, type Up } from "../test-bed";

const sizeOf = ({ quick }: Options): number => (quick ? 100 : 1_000);

export const joiningSeconds = (options: Options): number => 40 + sizeOf(options) * 0.03 + options.rounds * 16;

const WAYS = { adopted: false, rotated: true } as const;

/** One database joins a list of many, compared with one that joins a list of one. */
export async function joining(options: Options, progress: Progress): Promise<Section> {
  const [size, { rounds }] = [sizeOf(options), options];
  const samples = new SampleSet();
  await EmulatorProcess.with({ databases: size + rounds * 2 }, (emulator) =>
    TestBed.with(emulator, { fleet: "fleet", single: "fleet" }, async (beds) => {
      const { names } = emulator.hello;
      const sizes = { fleet: size, single: 1 };
      const update = (bed: keyof typeof sizes, joined: number, rotateOnJoin: boolean): Promise<Up> => {
        const members = [...names.slice(0, sizes[bed]), ...names.slice(size, size + joined)];
        beds[bed].configure({
          names: members,
          mint: {},
          rotateOnCreate: false,
          rotateOnJoin,
          trigger: 0,
          verify: joined === 0 ? "off" : "auto",
        });
        return beds[bed].up();
      };
      progress.step("joining: set-up");
      for (const bed of ["fleet", "single"] as const) await update(bed, 0, false);
      for (let round = 0; round < rounds; round += 1)
        for (const [i, way] of (["adopted", "rotated"] as const).entries()) {
          progress.step(`joining: one member is ${way}`, round, rounds);
          for (const bed of ["fleet", "single"] as const) {
            const { ms, tally } = await update(bed, round * 2 + i + 1, WAYS[way]);
            samples.of(`${bed} ${way}`).add(ms);
            samples.of(`${bed} ${way} rotations`).add(tally.calls.rotate);
            samples.of(`${bed} ${way} mints`).add(tally.calls.mint);
          }
        }
    }),
  );
  const of = (name: string) => samples.of(name);
  const rowsOf = (way: keyof typeof WAYS): ResultRow[] => {
    const more = compare(
      of(`fleet ${way}`),
      (round) => inRound(of(`single ${way}`), round),
      (a, b) => a - b,
    );
    const rotations = of(`fleet ${way} rotations`);
    const most = WAYS[way] ? 1 : 0;
    return [
      row(`${way}: up`, of(`fleet ${way}`), seconds),
      row(`${way}: up, list of one`, of(`single ${way}`), seconds),
      row(`${way}: many minus one`, more, seconds, atMost(more, 500, seconds)),
      row(`${way}: rotations`, rotations, count, atMost(rotations, most, count)),
      row(`${way}: mints`, of(`fleet ${way} mints`), count, atMost(of(`fleet ${way} mints`), 1, count)),
    ];
  };
  return {
    title: `Joining: one database joins a list of ${size.toLocaleString("en-US")}`,
    rows: [...rowsOf("adopted"), ...rowsOf("rotated")],
    notes: [
      '"Rotated" is `rotateOnJoin: true`. All databases are in one group, and the list has tokens. A mint is a token that a consumer gets; canary tokens are not counted.',
    ],
  };
}

import { TestBed, expectCalls, requests, type ProgramConfig, type Up } from "../test-bed";
import { atMost, compare, count, inRound, row, SampleSet, seconds, times } from "../figures";
import type { ResultRow, Samples, Section } from "../figures";
import type { Options } from "../options";
import type { Progress } from "../progress";
import { EmulatorProcess } from "../emulator-process";

const ACTS = ["create", "preview", "change", "no-op"] as const;
/** Without previews and without verification. */
const QUICK_ACTS = ["create", "change", "no-op"] as const;
type Act = (typeof ACTS)[number];

const CONTENDERS = {
  off: "TokenRotation, verify off",
  proof: "TokenRotation, verify auto",
  naive: "naive provider",
} as const;
type Contender = keyof typeof CONTENDERS;

const STACKS = { empty: "empty", off: "single", proof: "single", naive: "naive" } as const;

type Entrant = [Contender, TestBed, Omit<ProgramConfig, "trigger">];

export const singleSeconds = ({ rounds, quick }: Options): number => 8 + rounds * (quick ? 28 : 56);

export async function single(options: Options, progress: Progress): Promise<Section> {
  const samples = new SampleSet();
  await EmulatorProcess.with(1, (emulator) =>
    TestBed.with(emulator, STACKS, async (beds) => {
      const { names } = emulator.hello;
      const contenders: Entrant[] = [
        ["off", beds.off, { names, verify: "off" }],
        ["naive", beds.naive, { names }],
        ...(options.quick ? [] : [["proof", beds.proof, { names }] as Entrant]),
      ];
      for (let round = 0; round < options.rounds; round += 1) {
        progress.step("single: an empty program", round, options.rounds);
        samples.of("empty up").add((await beds.empty.up()).ms);
        if (!options.quick) samples.of("empty preview").add((await beds.empty.preview()).ms);
        for (const act of options.quick ? QUICK_ACTS : ACTS)
          for (const [name, bed, plan] of contenders) {
            progress.step(`single: ${CONTENDERS[name]}, ${act}`, round, options.rounds);
            keep(samples, `${name} ${act}`, await run(act, bed, plan));
          }
      }
    }),
  );
  return describe(samples);
}

async function run(act: Act, bed: TestBed, plan: Omit<ProgramConfig, "trigger">): Promise<Up> {
  if (act === "create") bed.reset();
  bed.configure({ ...(plan as ProgramConfig), trigger: act === "create" ? 1 : 2 });
  const done = await (act === "preview" ? bed.preview() : bed.up());
  const rotations = act === "create" || act === "change" ? 1 : 0;
  expectCalls(act, done, { rotate: rotations });
  if (act === "no-op") expectCalls(act, done, { list: 0, get: 0, mint: 0, probe: 0 });
  return done;
}

function keep(samples: SampleSet, name: string, { ms, tally }: Up): void {
  samples.of(name).add(ms);
  samples.of(`${name} requests`).add(requests(tally));
  samples.of(`${name} busy`).add(tally.busyMs);
}

function describe(samples: SampleSet): Section {
  const of = (name: string): Samples => samples.of(name);
  const rows: ResultRow[] = [
    row("empty program, up", of("empty up"), seconds),
    row("empty program, preview", of("empty preview"), seconds),
  ];
  for (const [name, label] of Object.entries(CONTENDERS))
    for (const act of ACTS) rows.push(row(`${label}, ${act}`, of(`${name} ${act}`), seconds));
  for (const act of ACTS) {
    const ratio = compare(of(`off ${act}`), (round) => inRound(of(`naive ${act}`), round));
    rows.push(row(`verify off / naive, ${act}`, ratio, times, atMost(ratio, 1, times)));
  }
  for (const name of ["off", "proof"] as const)
    for (const act of ACTS) {
      const empty = of(act === "preview" ? "empty preview" : "empty up");
      const own = compare(
        of(`${name} ${act}`),
        (round) => inRound(empty, round) + inRound(of(`${name} ${act} busy`), round),
        (a, b) => a - b,
      );
      const label = `${CONTENDERS[name]}, ${act}: minus empty program and requests`;
      rows.push(row(label, own, seconds, atMost(own, 1_000, seconds)));
    }
  for (const name of ["off", "proof", "naive"] as const)
    for (const act of ["create", "preview", "change"] as const) {
      rows.push(row(`${CONTENDERS[name]}, ${act}: requests`, of(`${name} ${act} requests`), count));
      rows.push(row(`${CONTENDERS[name]}, ${act}: time in requests`, of(`${name} ${act} busy`), seconds));
    }
  return {
    title: "Single: one database",
    rows,
    notes: [
      "The preview is the preview of a changed trigger. TokenRotation's lookups find the blast radius, which the preview reports. The naive provider reports nothing.",
      "Time in requests: the time during which at least one request was in flight, from the server's log.",
    ],
  };
}

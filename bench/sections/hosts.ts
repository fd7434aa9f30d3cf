import { EmulatorProcess } from "../emulator-process";
import { atMost, compare, inRound, megabytes, row, SampleSet, seconds, times } from "../figures";
import type { ResultRow, Section } from "../figures";
import type { Options } from "../options";
import type { Progress } from "../progress";
import { TestBed, expectCalls } from "../test-bed";

const ACTS = ["create", "no-op", "change"] as const;
const HOSTS = { dynamic: "dynamic provider", native: "native plugin" } as const;
type Host = keyof typeof HOSTS;

/** At most this share of the dynamic provider's time for an `up` without changes. */
const NO_OP_RATIO = 0.85;
const MOST_KIB = (80 * 1e6) / 1024;

export const hostsSeconds = ({ rounds }: Options): number => 10 + rounds * 26;

/** The same program on both hosts: the contenders differ only in what Pulumi starts as their provider. */
export async function hosts(options: Options, progress: Progress): Promise<Section> {
  const samples = new SampleSet();
  await EmulatorProcess.with(1, (emulator) =>
    TestBed.with(emulator, { dynamic: "single", native: "native" }, async (beds) => {
      const { names } = emulator.hello;
      for (let round = 0; round < options.rounds; round += 1)
        for (const act of ACTS)
          for (const host of ["dynamic", "native"] as const) {
            progress.step(`hosts: ${HOSTS[host]}, ${act}`, round, options.rounds);
            const bed = beds[host];
            if (act === "create") bed.reset();
            bed.configure({ names, verify: "off", trigger: act === "change" ? 2 : 1 });
            const done = await bed.up();
            expectCalls(`${HOSTS[host]}, ${act}`, done, { rotate: act === "no-op" ? 0 : 1 });
            samples.of(`${host} ${act}`).add(done.ms);
            samples.of(`${host} memory`).add(done.provider.peakKib);
            if (done.provider.seenAt !== undefined)
              samples.of(`${host} seen`).add(done.provider.seenAt - done.startedAt);
          }
    }),
  );
  return describe(samples);
}

function describe(samples: SampleSet): Section {
  const rows: ResultRow[] = [];
  for (const host of ["dynamic", "native"] satisfies Host[]) {
    for (const act of ACTS) rows.push(row(`${HOSTS[host]}, ${act}`, samples.of(`${host} ${act}`), seconds));
    rows.push(row(`${HOSTS[host]}: its process exists after`, samples.of(`${host} seen`), seconds));
  }
  for (const act of ACTS) {
    const dynamic = samples.of(`dynamic ${act}`);
    const ratio = compare(samples.of(`native ${act}`), (round) => inRound(dynamic, round));
    const target = act === "no-op" ? atMost(ratio, NO_OP_RATIO, times) : undefined;
    rows.push(row(`native / dynamic, ${act}`, ratio, times, target));
  }
  const memory = samples.of("native memory");
  rows.push(row("dynamic provider: peak memory of its process", samples.of("dynamic memory"), megabytes));
  rows.push(
    row("native plugin: peak memory of its process", memory, megabytes, atMost(memory, MOST_KIB, megabytes)),
  );
  return {
    title: "Hosts: the dynamic provider and the native plugin",
    rows,
    notes: ["One database, verify off, the same program; its language host is Node.js in both cases."],
  };
}

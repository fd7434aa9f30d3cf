import { TestBed, expectCalls } from "./test-bed";
import { atMost, compare, inRound, milliseconds, row, SampleSet } from "./figures";
import type { ResultRow, Section } from "./figures";
import type { Options } from "./options";
import type { Progress } from "./progress";
import { GROUP } from "./protocol";
import { LATENCY_MS, EmulatorProcess } from "./emulator-process";

const sizesOf = ({ quick }: Options): number[] => (quick ? [10] : [1, 10]);
const WAYS = { auto: "verify auto", off: "verify off" } as const;

export const darkWindowSeconds = (options: Options): number =>
  sizesOf(options).length * (14 + options.rounds * 10);

/** The time from the server's response to the rotation until the new tokens are minted, and available to the program. */
export async function darkWindow(options: Options, progress: Progress): Promise<Section> {
  const rows: ResultRow[] = [];
  for (const size of sizesOf(options)) {
    const samples = new SampleSet();
    const measure =
      (emulator: EmulatorProcess) =>
      async (beds: Record<keyof typeof WAYS, TestBed>): Promise<void> => {
        const { names } = emulator.hello;
        const plan = (verify: keyof typeof WAYS, trigger: number): void =>
          beds[verify].configure({ names, group: GROUP, verify, trigger });
        for (const verify of ["auto", "off"] as const) {
          progress.step(`dark window, ${tokens(size)}: set-up, ${WAYS[verify]}`);
          plan(verify, 0);
          await beds[verify].up();
        }
        for (let round = 0; round < options.rounds; round += 1) {
          const step = (what: string): void =>
            progress.step(`dark window, ${tokens(size)}: ${what}`, round, options.rounds);
          step("a script with the official client");
          const script = await emulator.loop("script");
          const { rotatedAt = NaN, mintedAt = NaN } = script.tally;
          samples.of("script minted").add(mintedAt - rotatedAt);
          samples.of("script available").add(script.doneAt - rotatedAt);
          for (const verify of ["auto", "off"] as const) {
            step(`an up, ${WAYS[verify]}`);
            plan(verify, round + 1);
            const up = await beds[verify].up();
            expectCalls("dark window", up, { rotate: 1 });
            const [rotated, minted] = [up.tally.rotatedAt ?? NaN, up.tally.mintedAt ?? NaN];
            samples.of(`${verify} minted`).add(minted - rotated);
            samples
              .of(`${verify} available`)
              .add(Number(beds[verify].stack.readFile("available.txt")) - rotated);
          }
        }
      };
    await EmulatorProcess.with(size, (emulator) =>
      TestBed.with(emulator, { auto: "deliver", off: "deliver" }, measure(emulator)),
    );
    rows.push(...describe(size, samples));
  }
  return {
    title: "Dark window: time without a valid token",
    rows,
    notes: [
      `Measured from the server's response to the rotation, in the server's log. "Minted" ends at the server's response to the last mint. "Available" ends when the program has all tokens (in an \`apply\`, or after the script's last \`await\`). A round trip (RTT) takes ${LATENCY_MS} ms.`,
      `With \`verify: "auto"\`, a token becomes available once the database has accepted it, and a rotation ends once the database has rejected an old token. The script verifies nothing and mints its tokens in parallel.`,
    ],
  };
}

const tokens = (size: number): string => (size === 1 ? "1 token" : `${size} tokens`);

function describe(size: number, samples: SampleSet): ResultRow[] {
  const rows: ResultRow[] = [];
  for (const end of ["minted", "available"]) {
    rows.push(row(`${tokens(size)} ${end}: script`, samples.of(`script ${end}`), milliseconds));
    for (const [verify, label] of Object.entries(WAYS))
      rows.push(row(`${tokens(size)} ${end}: up, ${label}`, samples.of(`${verify} ${end}`), milliseconds));
    for (const [verify, label] of Object.entries(WAYS)) {
      const trips = compare(
        samples.of(`${verify} ${end}`),
        (round) => inRound(samples.of(`script ${end}`), round),
        (a, b) => (a - b) / LATENCY_MS,
      );
      const name = `${tokens(size)} ${end}: up, ${label}, minus script`;
      rows.push(row(name, trips, roundTrips, atMost(trips, 2, roundTrips)));
    }
  }
  return rows;
}

const roundTrips = (value: number): string => `${value.toFixed(1)} RTT`;

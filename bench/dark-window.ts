import { TestBed, expectCalls } from "./test-bed";
import { atMost, compare, inRound, milliseconds, row, SampleSet } from "./figures";
import type { ResultRow, Section } from "./figures";
import type { Options } from "./options";
import type { Progress } from "./progress";
import { GROUP } from "./protocol";
import { LATENCY_MS, EmulatorProcess } from "./emulator-process";

const sizesOf = ({ quick }: Options): number[] => (quick ? [10] : [1, 10]);
const WAYS = { auto: "with proof", off: "verify off" } as const;

export const darkWindowSeconds = (options: Options): number =>
  sizesOf(options).length * (14 + options.rounds * 10);

/** From the server's answer to the last rotation until new tokens are minted, and in the program's hands. */
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
          const tell = (what: string): void =>
            progress.step(`dark window, ${tokens(size)}: ${what}`, round, options.rounds);
          tell("a script with the official client");
          const script = await emulator.loop("script");
          const { rotatedAt = NaN, mintedAt = NaN } = script.tally;
          samples.of("script minted").add(mintedAt - rotatedAt);
          samples.of("script in hand").add(script.doneAt - rotatedAt);
          for (const verify of ["auto", "off"] as const) {
            tell(`an up, ${WAYS[verify]}`);
            plan(verify, round + 1);
            const up = await beds[verify].up();
            expectCalls("dark window", up, { rotate: 1 });
            const [rotated, minted] = [up.tally.rotatedAt ?? NaN, up.tally.mintedAt ?? NaN];
            samples.of(`${verify} minted`).add(minted - rotated);
            samples.of(`${verify} in hand`).add(Number(beds[verify].stack.readFile("hands.txt")) - rotated);
          }
        }
      };
    await EmulatorProcess.with(size, (emulator) =>
      TestBed.with(emulator, { auto: "deliver", off: "deliver" }, measure(emulator)),
    );
    rows.push(...describe(size, samples));
  }
  return {
    title: "Dark window: no valid token",
    rows,
    notes: [
      `From the server's answer to the rotation, by its log, until the last new token was minted (the server's answer), and until all were in the program's hands (in an \`apply\`, in the script after its last \`await\`). A round trip is ${LATENCY_MS} ms.`,
      "With proof, a token is in the program's hands once the database has accepted it, and the rotation has ended once the database has refused an old one; the script proves nothing. It mints its tokens all at once.",
    ],
  };
}

const tokens = (size: number): string => (size === 1 ? "1 token" : `${size} tokens`);

function describe(size: number, samples: SampleSet): ResultRow[] {
  const rows: ResultRow[] = [];
  for (const end of ["minted", "in hand"]) {
    rows.push(row(`${tokens(size)} ${end}: script`, samples.of(`script ${end}`), milliseconds));
    for (const [verify, label] of Object.entries(WAYS))
      rows.push(row(`${tokens(size)} ${end}: up, ${label}`, samples.of(`${verify} ${end}`), milliseconds));
    for (const [verify, label] of Object.entries(WAYS)) {
      const trips = compare(
        samples.of(`${verify} ${end}`),
        (round) => inRound(samples.of(`script ${end}`), round),
        (a, b) => (a - b) / LATENCY_MS,
      );
      const name = `${tokens(size)} ${end}: up, ${label}, less script`;
      rows.push(row(name, trips, roundTrips, atMost(trips, 2, roundTrips)));
    }
  }
  return rows;
}

const roundTrips = (value: number): string => `${value.toFixed(1)} RTT`;

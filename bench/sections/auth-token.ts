import { TestBed, expectCalls } from "../test-bed";
import { atMost, compare, inRound, milliseconds, row, SampleSet } from "../figures";
import type { ResultRow, Section } from "../figures";
import type { Options } from "../options";
import type { Progress } from "../progress";
import { LATENCY_MS, EmulatorProcess } from "../emulator-process";

const WAYS = { auto: "verify auto", off: "verify off" } as const;

export const authTokenSeconds = ({ rounds }: Options): number => 14 + rounds * 10;

/** One database, and one AuthToken that follows its rotation, compared with a script. */
export async function authToken(options: Options, progress: Progress): Promise<Section> {
  const samples = new SampleSet();
  await EmulatorProcess.with(1, (emulator) =>
    TestBed.with(emulator, { auto: "deliver", off: "deliver" }, async (beds) => {
      const { names } = emulator.hello;
      const plan = (verify: keyof typeof WAYS, trigger: number): void =>
        beds[verify].configure({ names, verify, trigger });
      for (const verify of ["auto", "off"] as const) {
        progress.step(`AuthToken: set-up, ${WAYS[verify]}`);
        plan(verify, 0);
        await beds[verify].up();
      }
      for (let round = 0; round < options.rounds; round += 1) {
        progress.step("AuthToken: a script with the official client", round, options.rounds);
        const script = await emulator.loop("script");
        const { rotatedAt = NaN, mintedAt = NaN } = script.tally;
        samples.of("script minted").add(mintedAt - rotatedAt);
        samples.of("script available").add(script.doneAt - rotatedAt);
        for (const verify of ["auto", "off"] as const) {
          progress.step(`AuthToken: an up, ${WAYS[verify]}`, round, options.rounds);
          plan(verify, round + 1);
          const up = await beds[verify].up();
          expectCalls("AuthToken", up, { rotate: 1 });
          const [rotated, minted] = [up.tally.rotatedAt ?? NaN, up.tally.mintedAt ?? NaN];
          samples.of(`${verify} minted`).add(minted - rotated);
          samples.of(`${verify} available`).add(beds[verify].delivered.at - rotated);
        }
      }
    }),
  );
  return {
    title: "AuthToken: the dark window of one token that follows a rotation",
    rows: describe(samples),
    notes: [
      `Measured from the server's response to the rotation, in the server's log. "Minted" ends at the server's response to the mint. "Available" ends when the program has the token (in an \`apply\`, or after the script's last \`await\`). A round trip (RTT) takes ${LATENCY_MS} ms.`,
      `With \`verify: "auto"\`, a token becomes available once the database has accepted it, and a rotation ends once the database has rejected an old token, five probes in a row. The script verifies nothing.`,
    ],
  };
}

function describe(samples: SampleSet): ResultRow[] {
  const rows: ResultRow[] = [];
  for (const end of ["minted", "available"]) {
    rows.push(row(`${end}: script`, samples.of(`script ${end}`), milliseconds));
    for (const [verify, label] of Object.entries(WAYS))
      rows.push(row(`${end}: up, ${label}`, samples.of(`${verify} ${end}`), milliseconds));
    for (const [verify, label] of Object.entries(WAYS)) {
      const trips = compare(
        samples.of(`${verify} ${end}`),
        (round) => inRound(samples.of(`script ${end}`), round),
        (a, b) => (a - b) / LATENCY_MS,
      );
      const name = `${end}: up, ${label}, minus script`;
      rows.push(row(name, trips, roundTrips, atMost(trips, 2, roundTrips)));
    }
  }
  return rows;
}

const roundTrips = (trips: number): string => `${trips.toFixed(1)} RTT`;

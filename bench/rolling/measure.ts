import { EmulatorProcess, LATENCY_MS } from "../emulator-process";
import { milliseconds, row, Samples, seconds, type Section } from "../figures";
import type { Options } from "../options";
import type { Progress } from "../progress";
import { TestBed, expectCalls } from "../test-bed";
import type { Member, Rolled } from "./picture";

const MEMBERS = 24;
const LIMITS = [8, 2];

export const rollingSeconds = (): number => 60;

/** One rotation of a list over time, with each limit of members without a token. */
export async function rolling(
  _options: Options,
  progress: Progress,
): Promise<{ section: Section; rolled: Rolled[] }> {
  const rolled: Rolled[] = [];
  await EmulatorProcess.with({ databases: MEMBERS, perGroup: 1 }, (emulator) =>
    TestBed.with(emulator, { bed: "fleet" }, async ({ bed }) => {
      const { names } = emulator.hello;
      for (const maxUnavailable of LIMITS) {
        progress.step(`a rolling rotation, ${maxUnavailable} at a time`);
        bed.reset();
        bed.configure({ names, mint: {}, maxUnavailable, trigger: 1 });
        const up = await bed.up();
        expectCalls("a rolling rotation", up, { rotate: MEMBERS, mint: MEMBERS });
        const start = Math.min(...up.tally.windows.map(({ from }) => from));
        const members = up.tally.windows.map(({ from, minted = NaN, accepted = NaN }): Member => {
          return { rotated: from - start, minted: minted - start, accepted: accepted - start };
        });
        rolled.push({ maxUnavailable, members, delivered: bed.delivered.at - start });
      }
    }),
  );
  return { section: describe(rolled), rolled };
}

function describe(rolled: readonly Rolled[]): Section {
  const rows = rolled.flatMap(({ maxUnavailable, members, delivered }) => {
    const windows = new Samples();
    for (const { rotated, accepted } of members) windows.add(accepted - rotated);
    const name = `${maxUnavailable} at a time`;
    return [
      row(`${name}: a member's dark window, until accepted`, windows, milliseconds),
      row(`${name}: the list, until its tokens are delivered`, new Samples().add(delivered), seconds),
    ];
  });
  const note = `The moments of each member are in rolling.json. ${MEMBERS} databases with a group each, with proof, ${LATENCY_MS} ms per request, one run each.`;
  return { title: "A rolling rotation over time", rows, notes: [note] };
}

import { EmulatorProcess } from "../emulator-process";
import { atMost, compare, count, inRound, row, Samples, SampleSet, seconds, times } from "../figures";
import type { ResultRow, Section } from "../figures";
import type { Options } from "../options";
import type { Progress } from "../progress";
import { TestBed, expectCalls, type Up } from "../test-bed";

const MEMBERS = { outliving: 64, unreachable: 24 };
const OUTLIVE_MS = 2_000;
const LIMIT_PER_SECOND = 20;
const limited = ({ quick }: Options): number => (quick ? 40 : 200);
const roundsOf = ({ rounds }: Options): number => Math.min(rounds, 2);

export const troubleSeconds = (options: Options): number =>
  40 + roundsOf(options) * (90 + (limited(options) / LIMIT_PER_SECOND) * 7);

/** What happens when Turso is slow to reject old tokens, does not answer, or limits the rate of requests. */
export async function trouble(options: Options, progress: Progress): Promise<Section> {
  return {
    title: "Trouble: old tokens that live on, an unreachable data plane, and a rate limit",
    rows: [
      ...(await outliving(1, options, progress)),
      ...(await outliving(MEMBERS.outliving, options, progress)),
      ...(await unreachable(options, progress)),
      ...(await rateLimited(options, progress)),
    ],
    notes: [
      `"Old tokens live 2 s": a member is without a valid token if its new token is minted later than 2 s after its rotation. "Delivered late" counts the members whose new token the program had later than that.`,
      '"Data plane unreachable": no database answers, from the start or from the first rotation on. "Withheld": from a member\'s mint until the program has all tokens, for the member that waits the longest.',
      `"Rate limit": ${LIMIT_PER_SECOND} requests per second of the control plane. The limit's own time: its requests divided by ${LIMIT_PER_SECOND}. It is compared with the time from the first request to the last response. Databases have a group each.`,
    ],
  };
}

async function outliving(perGroup: number, options: Options, progress: Progress): Promise<ResultRow[]> {
  const size = MEMBERS.outliving;
  const samples = new SampleSet();
  const where = perGroup === 1 ? "a group each" : "one group";
  await EmulatorProcess.with({ databases: size, perGroup, deathDelayMs: OUTLIVE_MS }, (emulator) =>
    TestBed.with(emulator, { auto: "fleet" }, async ({ auto }) => {
      for (let round = 0; round < roundsOf(options); round += 1) {
        progress.step(`old tokens live on, ${where}`, round, roundsOf(options));
        auto.reset();
        auto.configure({ names: emulator.hello.names, mint: {}, trigger: round });
        const { ms, tally } = await auto.up();
        const { at } = auto.delivered;
        const late = (end: number, from: number): boolean => !(end - from <= OUTLIVE_MS);
        samples.of("up").add(ms);
        samples.of("dark").add(tally.windows.filter(({ from, minted = NaN }) => late(minted, from)).length);
        samples.of("late").add(tally.windows.filter(({ from }) => late(at, from)).length);
      }
    }),
  );
  const name = `old tokens live 2 s, ${size} members, ${where}`;
  const dark = samples.of("dark");
  return [
    row(`${name}: up`, samples.of("up"), seconds),
    row(`${name}: members without a valid token`, dark, count, atMost(dark, 0, count)),
    row(`${name}: delivered late`, samples.of("late"), count),
  ];
}

async function unreachable(options: Options, progress: Progress): Promise<ResultRow[]> {
  const size = MEMBERS.unreachable;
  const samples = new SampleSet();
  const ways = [
    ["verify off", "off", "hang"],
    ["from the start", "auto", "hang"],
    ["from the first rotation on", "auto", "hang after a rotation"],
  ] as const;
  await EmulatorProcess.with({ databases: size, perGroup: 1 }, (emulator) =>
    TestBed.with(emulator, { fleet: "fleet" }, async ({ fleet }) => {
      for (let round = 0; round < roundsOf(options); round += 1)
        for (const [way, verify, fault] of ways) {
          progress.step(`data plane unreachable: ${way}`, round, roundsOf(options));
          fleet.reset();
          fleet.configure({ names: emulator.hello.names, mint: {}, verify, trigger: round });
          const { ms, tally } = await fleet.up(fault);
          await emulator.command("heal");
          samples.of(way).add(ms);
          const minted = Math.min(...tally.windows.map((each) => each.minted ?? NaN));
          samples.of(`${way} withheld`).add(fleet.delivered.at - minted);
        }
    }),
  );
  return ways.flatMap(([way, verify]) => {
    const name = `data plane unreachable, ${size} members, ${way}`;
    const more = compare(
      samples.of(way),
      (round) => inRound(samples.of("verify off"), round),
      (a, b) => a - b,
    );
    const withheld = samples.of(`${way} withheld`);
    if (verify === "off") return [row(`${name}: up`, samples.of(way), seconds)];
    return [
      row(`${name}: up`, samples.of(way), seconds),
      row(`${name}: up minus verify off`, more, seconds, atMost(more, 15_000, seconds)),
      row(`${name}: withheld`, withheld, seconds, atMost(withheld, 10_000, seconds)),
    ];
  });
}

async function rateLimited(options: Options, progress: Progress): Promise<ResultRow[]> {
  const size = limited(options);
  const samples = new SampleSet();
  const world = { databases: size, perGroup: 1, requestsPerSecond: LIMIT_PER_SECOND };
  const ways = ["off", "auto"] as const;
  await EmulatorProcess.with(world, (emulator) =>
    TestBed.with(emulator, { fleet: "fleet" }, async ({ fleet }) => {
      for (const verify of ways) {
        progress.step(`rate limit: verify ${verify}`);
        fleet.reset();
        fleet.configure({ names: emulator.hello.names, mint: {}, verify, trigger: 0 });
        const up = await fleet.up();
        expectCalls("rate limit", up, { rotate: size, mint: size });
        samples.of(`${verify} up`).add(up.ms);
        samples.of(`${verify} ratio`).add(ratioOf(up));
        samples.of(`${verify} refused`).add(up.tally.calls.refused);
      }
    }),
  );
  return ways.flatMap((verify) => {
    const name = `rate limit, ${size} members, verify ${verify}`;
    const ratio: Samples = samples.of(`${verify} ratio`);
    return [
      row(`${name}: up`, samples.of(`${verify} up`), seconds),
      row(`${name}: requests / the limit's own time`, ratio, times, atMost(ratio, 1.3, times)),
      row(`${name}: requests answered with 429`, samples.of(`${verify} refused`), count),
    ];
  });
}

function ratioOf({ tally: { calls, firstAt = NaN, lastAt = NaN } }: Up): number {
  const admitted = calls.rotate + calls.mint + calls.canary + calls.list + calls.get;
  return (lastAt - firstAt) / ((admitted / LIMIT_PER_SECOND) * 1_000);
}

/** Rotates a database, then its group, and watches what that does to every kind of token. */
import { setTimeout as sleep } from "node:timers/promises";
import { outcomeOfStatus } from "../../src/turso/outcome";
import type { Target } from "../../src/values/scope";
import { isSuccess, LiveError, type Call, type ControlPlane } from "./control-plane";
import type { Labelled } from "./databases";
import { Watching, type Ask, type Change, type Holder, type Pace, type Watch } from "./watch";

/** One rotation and what came of it. */
export interface Phase {
  rotated: Target["kind"];
  rotation: Call;
  /** Before the rotation, the rotation itself, and after it. */
  calls: Call[];
  /** Empty if the API refused to rotate. */
  watches: readonly Watch[];
  /** The old tokens that are accepted after a refusal. */
  survivors?: string[];
  watchedMs: number;
}

export interface Bench {
  api: ControlPlane;
  ask: Ask;
  group: string;
  databases: readonly [Labelled, Labelled];
  pace: Pace;
  signal: AbortSignal;
  say: (line: string) => void;
}

interface Kind {
  of: string;
  target: Target;
  /** Where a token of this kind is tried. */
  on: readonly Labelled[];
}

const MINT_TRIES = 5;
const HEARTBEAT_MS = 15_000;
/** Tokens must outlive the time that they are watched, and the checks before. */
const MINUTES_MORE = 15;

const kindsOf = ({ group, databases: [a, b] }: Bench): Kind[] => [
  { of: "database A", target: { kind: "database", name: a.name }, on: [a] },
  { of: "database B", target: { kind: "database", name: b.name }, on: [b] },
  { of: "the group", target: { kind: "group", name: group }, on: [a, b] },
];

/** @param onPhase receives each result as soon as there is one, so that a later failure does not lose it */
export async function observe(bench: Bench, onPhase: (phase: Phase) => void): Promise<void> {
  const { group, databases } = bench;
  onPhase(await observeRotation(bench, { kind: "database", name: databases[0].name }));
  onPhase(await observeRotation(bench, { kind: "group", name: group }));
}

async function observeRotation(bench: Bench, target: Target): Promise<Phase> {
  const { api, ask, pace, signal, say } = bench;
  const calls: Call[] = [];
  say(`minting tokens to watch while the ${target.kind} ${target.name} is rotated`);
  const old: Holder[] = [];
  for (const kind of kindsOf(bench)) old.push(...(await mintToWatch(bench, kind, calls)));
  await untilAccepted(bench, old);
  say(`rotating the ${target.kind} ${target.name}`);
  const rotation = await api.rotate(target);
  signal.throwIfAborted();
  calls.push(rotation);
  say(`the API answered ${rotation.status ?? "nothing"} with ${rotation.body || "an empty body"}`);
  const phase = { rotated: target.kind, rotation, calls };
  if (isRefusal(rotation))
    return { ...phase, watches: [], watchedMs: 0, survivors: await accepted(bench, old) };
  const watching = new Watching(ask, pace, signal, (watch, change) => say(lineOf(watch, change)));
  for (const holder of old) watching.add(holder);
  const beat = setInterval(() => say(progress(watching, pace)), HEARTBEAT_MS);
  try {
    for (const kind of kindsOf(bench)) await mintAnew(bench, kind, calls, watching);
    await watching.finish();
  } finally {
    clearInterval(beat);
  }
  signal.throwIfAborted();
  return { ...phase, watches: watching.watches, watchedMs: watching.elapsedMs };
}

/** Whether the status says that nothing was changed. After any other failure the rotation may have happened. */
const isRefusal = ({ status }: Call): boolean =>
  status !== undefined && outcomeOfStatus(status).effect === "unchanged";

const expirationFor = ({ timeoutMs, readyMs }: Pace): string =>
  `${Math.ceil((timeoutMs + readyMs) / 60_000) + MINUTES_MORE}m`;

async function mintToWatch({ api, pace, signal }: Bench, kind: Kind, calls: Call[]): Promise<Holder[]> {
  const what = `mint a token of ${kind.of}, before`;
  const { call, jwt } = await api.mint(kind.target, expirationFor(pace), what);
  signal.throwIfAborted();
  calls.push(call);
  if (jwt === undefined)
    throw new LiveError(`Minting a token of ${kind.of}: status ${call.status ?? "none"}, ${call.body}.`);
  return holders(kind, "before", jwt);
}

/** Mints a token after the rotation, again and again where that fails, and watches it. */
async function mintAnew(
  { api, pace, signal }: Bench,
  kind: Kind,
  calls: Call[],
  watching: Watching,
): Promise<void> {
  const what = `mint a token of ${kind.of}, after`;
  for (let tries = 0; tries < MINT_TRIES && !signal.aborted; tries += 1) {
    const { call, jwt } = await api.mint(kind.target, expirationFor(pace), what);
    calls.push(call);
    if (jwt !== undefined) {
      for (const holder of holders(kind, "after", jwt)) watching.add(holder);
      return;
    }
    await sleep(pace.intervalMs * 4);
  }
}

const holders = ({ of, on }: Kind, minted: Holder["minted"], jwt: string): Holder[] =>
  on.map(({ label, hostname }) => ({ of, minted, on: label, hostname, jwt }));

/** A new database may not be reachable immediately. What is not accepted before a rotation shows nothing after it. */
async function untilAccepted({ ask, pace, signal, say }: Bench, tokens: readonly Holder[]): Promise<void> {
  const end = performance.now() + pace.readyMs;
  say("checking that each token is accepted");
  for (const token of tokens)
    for (;;) {
      const { verdict, status, text } = await ask(token);
      signal.throwIfAborted();
      if (verdict === "accepted") break;
      if (performance.now() >= end)
        throw new LiveError(
          `The token of ${token.of} is not accepted on database ${token.on} before the rotation: status ${status ?? "none"}, ${text}.`,
        );
      await sleep(pace.intervalMs);
    }
}

async function accepted({ ask, signal }: Bench, tokens: readonly Holder[]): Promise<string[]> {
  const names: string[] = [];
  for (const token of tokens) {
    const { verdict } = await ask(token);
    if (verdict === "accepted") names.push(`that of ${token.of} on ${token.on}`);
  }
  signal.throwIfAborted();
  return names;
}

export const hasRotated = (phases: readonly Phase[]): boolean =>
  phases.some(({ rotation }) => isSuccess(rotation));

export const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

export const nameOf = ({ holder: { of, minted, on } }: Watch): string =>
  `the ${minted === "before" ? "old" : "new"} token of ${of} on ${on}`;

const lineOf = (watch: Watch, { atMs, verdict, status }: Change): string =>
  `${seconds(atMs)}: ${nameOf(watch)} is ${verdict} (${status ?? "no answer"})`;

function progress({ watches, elapsedMs }: Watching, { settleMs, timeoutMs }: Pace): string {
  const open = watches.filter((watch) => !watch.isSettled(settleMs)).map(nameOf);
  return `${seconds(elapsedMs)} of at most ${seconds(timeoutMs)}: still watching ${open.join(", ")}`;
}

import assert from "node:assert/strict";
import { spawnSync, type ChildProcess } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Sandbox } from "./sandbox";

/** How the CLI is ended: killed; asked to stop, by Ctrl-C or by a service manager; or asked again at once, which is to kill it. */
export const ENDINGS = ["SIGKILL", "SIGINT", "SIGTERM", "SIGINT twice"] as const;
export type Ending = (typeof ENDINGS)[number];

export interface Fall {
  ending: Ending;
  /** When, in milliseconds after the first request to the API; negative: before it. */
  afterMs: number;
  /** The requests that had arrived by then. */
  requests: string[];
  /** How often the trigger's one change rotated the database in the end. */
  rotations: number;
  /** What the person had to do for the next `up` to go on. */
  wasLocked: boolean;
  /** Processes of Pulumi's that lived on. */
  orphans: number;
}

/** Widens the moments at which something can go wrong. */
const LATENCY_MS = 120;

export const program = (trigger: number) =>
  `const scope = { database: "app" };
   const rotation = new turso.TokenRotation("r", { scope, trigger: ${trigger}, verifyTimeout: "2s" });
   exports.api = new turso.AuthToken("api", { scope, rotation }).token;
   exports.reader = new turso.AuthToken("reader", { scope, rotation, authorization: "read-only" }).token;`;

/** The same numbers for the same seed: mulberry32. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A process and all that descends from it, as long as it lives. */
export function treeOf(root: number): number[] {
  const { stdout } = spawnSync("ps", ["-A", "-o", "pid=,ppid="], { encoding: "utf8" });
  const processes = stdout.split("\n").map((line) => line.trim().split(/\s+/).map(Number));
  const tree = [root];
  for (const pid of tree)
    for (const [child, parent] of processes) if (parent === pid && child !== undefined) tree.push(child);
  return tree;
}

export const isAlive = (pid: number): boolean => {
  const { stdout } = spawnSync("ps", ["-o", "stat=", "-p", String(pid)], { encoding: "utf8" });
  return stdout.trim() !== "" && !stdout.startsWith("Z");
};

export function killAll(pids: readonly number[]): void {
  for (const pid of pids)
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // it has ended by itself
    }
}

export async function waitFor(what: string, isSo: () => boolean, limitMs = 60_000): Promise<void> {
  const start = Date.now();
  while (!isSo()) {
    if (Date.now() - start > limitMs) throw new Error(`Waited ${limitMs / 1000} s for ${what}.`);
    await sleep(10);
  }
}

/** Ends the CLI and gives what it had started. Its provider processes are in groups of their own. */
async function end(child: ChildProcess, ending: Ending): Promise<number[]> {
  const group = child.pid ?? 0;
  const tree = treeOf(group);
  const [signal, again] = ending.split(" ") as [NodeJS.Signals, string?];
  if (child.exitCode === null) process.kill(-group, signal);
  if (again !== undefined) {
    await sleep(50);
    if (child.exitCode === null && child.signalCode === null) process.kill(-group, signal);
  }
  await waitFor("the CLI to end", () => child.exitCode !== null || child.signalCode !== null);
  return tree;
}

/** Starts an `up` of a changed trigger, ends it at a moment, and does what a person has to do until all is well. */
export async function fall(
  sandbox: Sandbox,
  trigger: number,
  ending: Ending,
  afterMs: number,
): Promise<Fall> {
  const { stack, turso } = sandbox;
  for (const when of ["before", "after"] as const)
    turso.fault({ path: /./, when, action: { type: "delay", ms: LATENCY_MS }, times: Infinity });
  stack.write(program(trigger));
  const [before, first] = [sandbox.rotations.length, turso.log.length];
  const { child } = stack.start("up", "--yes", "--skip-preview");
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
  if (afterMs < 0) await sleep(3_000 + afterMs);
  else {
    await waitFor("the first request", () => turso.log.length > first || hasEnded());
    await sleep(afterMs);
  }
  const requests = turso.log.slice(first).map(({ method, path }) => `${method} ${path}`);
  const tree = await end(child, ending);
  turso.clearFaults();
  const orphans = tree.filter(isAlive);
  try {
    const wasLocked = await recover(sandbox);
    const rotations = sandbox.rotations.length - before;
    return { ending, afterMs, requests, rotations, wasLocked, orphans: orphans.length };
  } finally {
    killAll(orphans);
  }
}

/** `up`, and where the stack is locked, `cancel` first; nothing else is to be needed. */
async function recover({ stack }: Sandbox): Promise<boolean> {
  const UP = ["up", "--yes", "--skip-preview"];
  const run = await stack.run(...UP);
  if (run.code === 0) return false;
  assert.match(run.stdout + run.stderr, /the stack is currently locked/);
  await stack.must("cancel", "--yes");
  await stack.must(...UP);
  return true;
}

/** The state can be read, both tokens are accepted, and a further `up` has nothing to do. */
export async function assertWell(sandbox: Sandbox): Promise<void> {
  const { stack, turso } = sandbox;
  const { platform } = turso;
  JSON.parse(await stack.state());
  for (const [name, token] of Object.entries(await stack.outputs()))
    assert.equal((await platform.inspect(platform.database("app"), String(token))).state, "valid", name);
  turso.clearLog();
  await sandbox.up();
  assert.deepEqual(sandbox.calls, [], "a further up found something to do");
}

/** What a fall may cost. A request to stop lets what runs come to its end, so that it costs nothing. */
export function assertCheap({ ending, rotations }: Fall): void {
  const most = ending === "SIGINT" || ending === "SIGTERM" ? 1 : 2;
  assert.ok(rotations >= 1 && rotations <= most, `${ending}: one trigger value rotated ${rotations} times`);
}

/** A moment from before the first request to after the last. */
export const randomMoment = (random: () => number): number => Math.round(-400 + random() * 4_000);

async function soak(): Promise<void> {
  const { values } = parseArgs({
    options: {
      runs: { type: "string", default: "20" },
      seed: { type: "string", default: String(Date.now() % 1e6) },
    },
  });
  console.log(`seed ${values.seed}, ${values.runs} runs`);
  const random = randomFrom(Number(values.seed));
  const sandbox = await Sandbox.create({ program: program(0) });
  const extra = new Map<string, number>();
  try {
    for (let run = 1; run <= Number(values.runs); run += 1) {
      const ending = ENDINGS[Math.floor(random() * ENDINGS.length)] ?? "SIGKILL";
      const result = await fall(sandbox, run, ending, randomMoment(random));
      const { afterMs, requests, rotations, wasLocked, orphans } = result;
      console.log(
        `${run}: ${ending} at ${afterMs} ms, after ${requests.length} requests (${requests.at(-1) ?? "none"}): ` +
          `${rotations} rotations, ${wasLocked ? "locked" : "not locked"}, ${orphans} processes left`,
      );
      assertCheap(result);
      await assertWell(sandbox);
      const key = `${ending}: ${rotations} rotations`;
      extra.set(key, (extra.get(key) ?? 0) + 1);
    }
  } finally {
    await sandbox.close();
  }
  for (const [key, count] of [...extra].sort()) console.log(`${count} times ${key}`);
}

if (require.main === module)
  soak().catch((error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  });

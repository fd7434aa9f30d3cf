import assert from "node:assert/strict";
import { spawnSync, type ChildProcess } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { runTool } from "../../tools/command-line.js";
import { Sandbox } from "./sandbox";

/** How the CLI is ended: killed; stopped by Ctrl-C or by a service manager; or by a second Ctrl-C, which terminates it immediately. */
export const ENDINGS = ["SIGKILL", "SIGINT", "SIGTERM", "SIGINT twice"] as const;
export type StopMethod = (typeof ENDINGS)[number];

export interface Interruption {
  ending: StopMethod;
  /** When, in milliseconds after the first API request; negative: before it. */
  afterMs: number;
  /** The requests that had arrived by then. */
  requests: string[];
  /** How often one changed trigger rotated the database, including the recovery. */
  rotations: number;
  /** Whether the next `up` needed `pulumi cancel` first. */
  wasLocked: boolean;
  /** How many Pulumi processes outlived the CLI. */
  orphans: number;
}

/** Widens the time windows in which an interruption does harm. */
const LATENCY_MS = 120;

export const program = (trigger: number) =>
  `const scope = { database: "app" };
   const rotation = new turso.TokenRotation("r", { scope, trigger: ${trigger}, verifyTimeout: "10s" });
   exports.api = new turso.AuthToken("api", { scope, rotation }).token;
   exports.reader = new turso.AuthToken("reader", { scope, rotation, authorization: "read-only" }).token;`;

/** A seeded random number generator (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The ids of a running process and its descendants. */
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
      // it has exited already
    }
}

export async function waitFor(what: string, condition: () => boolean, limitMs = 60_000): Promise<void> {
  const start = Date.now();
  while (!condition()) {
    if (Date.now() - start > limitMs) throw new Error(`Waited ${limitMs / 1000} s for ${what}.`);
    await sleep(10);
  }
}

/** Ends the CLI and returns the ids of its processes. The provider processes have their own process groups. */
async function end(child: ChildProcess, ending: StopMethod): Promise<number[]> {
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

/** Starts an `up` with a changed trigger, interrupts it, and recovers as a user would. */
export async function interrupt(
  sandbox: Sandbox,
  trigger: number,
  ending: StopMethod,
  afterMs: number,
): Promise<Interruption> {
  const { stack, turso } = sandbox;
  for (const when of ["before", "after"] as const)
    turso.fault({ path: /./, when, action: { type: "delay", ms: LATENCY_MS }, times: Infinity });
  stack.write(program(trigger));
  const [before, first] = [sandbox.rotations.length, turso.log.length];
  const { child } = stack.start("up", "--yes", "--skip-preview");
  const hasExited = () => child.exitCode !== null || child.signalCode !== null;
  if (afterMs < 0) await sleep(3_000 + afterMs);
  else {
    await waitFor("the first request", () => turso.log.length > first || hasExited());
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

/** Runs `up`, and `cancel` first if the stack is locked. Nothing else may be necessary. */
async function recover({ stack }: Sandbox): Promise<boolean> {
  const UP = ["up", "--yes", "--skip-preview"];
  const run = await stack.run(...UP);
  if (run.code === 0) return false;
  assert.match(run.stdout + run.stderr, /the stack is currently locked/);
  await stack.must("cancel", "--yes");
  await stack.must(...UP);
  return true;
}

/** Asserts that the state is readable, both tokens are accepted, and another `up` has nothing to do. */
export async function assertRecovered(sandbox: Sandbox): Promise<void> {
  const { stack, turso } = sandbox;
  const { platform } = turso;
  JSON.parse(await stack.state());
  for (const [name, token] of Object.entries(await stack.outputs()))
    assert.equal((await platform.inspect(platform.database("app"), String(token))).state, "valid", name);
  turso.clearLog();
  await sandbox.up();
  assert.deepEqual(sandbox.calls, [], "another up sent API requests");
}

/** At most one extra rotation per interruption, and none if the CLI lets running operations finish. */
export function assertRotationLimit({ ending, rotations }: Interruption): void {
  const most = ending === "SIGINT" || ending === "SIGTERM" ? 1 : 2;
  assert.ok(rotations >= 1 && rotations <= most, `${ending}: one trigger value rotated ${rotations} times`);
}

/** A time between shortly before the first request and shortly after the last one. */
export const randomMoment = (random: () => number): number => Math.round(-400 + random() * 4_000);

const USAGE = `Ends the CLI at random moments of an up, and checks what the next up makes of it.

  npx ts-node test/e2e/soak-kill.ts [options]
    --runs N    how many times (20)
    --seed N    the seed of the endings and moments (a random one)
    --help      this text

Ctrl-C ends it after the run that is under way, and prints the counts.`;

const OPTIONS = {
  runs: { type: "number", min: 1, max: 1_000_000, default: 20 },
  seed: { type: "number", min: 0, max: 0xffffffff, default: Date.now() % 1e6 },
} as const;

async function soak(runs: number, seed: number): Promise<void> {
  console.log(`seed ${seed}, ${runs} runs`);
  const random = randomFrom(seed);
  const sandbox = await Sandbox.create({ program: program(0) });
  const counts = new Map<string, number>();
  let violations = 0;
  let isOver = false;
  process.once("SIGINT", () => (isOver = true));
  try {
    for (let run = 1; run <= runs && !isOver; run += 1) {
      const ending = ENDINGS[Math.floor(random() * ENDINGS.length)] ?? "SIGKILL";
      const result = await interrupt(sandbox, run, ending, randomMoment(random));
      const { afterMs, requests, rotations, wasLocked, orphans } = result;
      console.log(
        `${run}: ${ending} at ${afterMs} ms, after ${requests.length} requests (${requests.at(-1) ?? "none"}): ` +
          `${rotations} rotations, ${wasLocked ? "locked" : "not locked"}, ${orphans} processes left`,
      );
      try {
        assertRotationLimit(result);
        await assertRecovered(sandbox);
      } catch (error) {
        violations += 1;
        console.log(`${run}: VIOLATION: ${error instanceof Error ? error.message : String(error)}`);
      }
      const key = `${ending}: ${rotations} rotations`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
  } finally {
    await sandbox.close();
  }
  for (const [key, count] of [...counts].sort()) console.log(`${count} times ${key}`);
  console.log(`${violations} violations`);
  if (violations > 0) process.exitCode = 1;
}

if (require.main === module)
  void runTool({ usage: USAGE, options: OPTIONS }, ({ runs, seed }) => soak(runs, seed));

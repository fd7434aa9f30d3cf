import assert from "node:assert/strict";
import { proveAll, type ProofItem, type ProofOptions, type Time } from "../../src/core/proof";
import type { Probe } from "../../src/turso/probe";
import type { Target } from "../../src/values/scope";

export const ACCEPTED: Probe = { verdict: "accepted" };
export const REJECTED: Probe = { verdict: "rejected" };
export const DOWN: Probe = { verdict: "unclear", why: "the database answered 503" };
/** The time of the tests' clock, which tells whether a token has expired. */
export const NOW = new Date("2026-03-01T12:00:00.000Z");

/** A clock that jumps to whatever happens next. */
class VirtualTime implements Time {
  #at = 0;
  readonly #sleepers = new Set<{ until: number; wake: () => void }>();

  now(): number {
    return this.#at;
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        this.#sleepers.delete(sleeper);
        resolve();
      };
      const sleeper = { until: this.#at + ms, wake };
      this.#sleepers.add(sleeper);
      if (signal.aborted) wake();
      signal.addEventListener("abort", wake);
    });
  }

  async run<T>(work: Promise<T>): Promise<T> {
    let isDone = false;
    const finish = () => (isDone = true);
    work.then(finish, finish);
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      if (isDone) return work;
      const [first] = [...this.#sleepers].sort((a, b) => a.until - b.until);
      assert(first, "the proof waits for nothing");
      this.#at = first.until;
      first.wake();
    }
  }
}

/** What a database does with an old token: accepts it until a time, never rejects it, answers 503, or never answers. */
export type Death =
  number | "never" | "down" | "hangs" | "rejects everything" | ((ms: number, tries: number) => Probe);

/**
 * Proves items named after their databases, against a data plane whose answers take `latencyMs`.
 *
 * @param changes `earlyMs`: how much too early the time limit of a probe ends it, as a timer may
 */
export async function prove(
  deaths: Record<string, Death>,
  changes: Partial<ProofOptions> & { items?: ProofItem[]; earlyMs?: number } = {},
) {
  const latencyMs = 10;
  const { items = Object.keys(deaths).map((name) => item(name)), earlyMs = 0, ...options } = changes;
  const time = new VirtualTime();
  const asked: { at: number; hostname: string; token: string; timeoutMs: number }[] = [];
  let parallel = 0;
  let mostParallel = 0;
  const verdict = (death: Death, token: string, tries: number): Probe => {
    if (death === "down") return DOWN;
    if (death === "rejects everything") return REJECTED;
    if (token.startsWith("new") || death === "never" || death === "hangs") return ACCEPTED;
    return typeof death === "function" ? death(time.now(), tries) : time.now() < death ? ACCEPTED : REJECTED;
  };
  const ask: ProofOptions["ask"] = async (hostname, token, { timeoutMs, signal }) => {
    const tries = asked.filter((each) => each.hostname === hostname && each.token === token).length;
    asked.push({ at: time.now(), hostname, token, timeoutMs });
    mostParallel = Math.max(mostParallel, (parallel += 1));
    const death = deaths[hostname] ?? assert.fail(`no database ${hostname}`);
    const takes = death === "hangs" ? Infinity : latencyMs;
    await time.sleep(Math.min(takes, timeoutMs - earlyMs), signal);
    parallel -= 1;
    if (takes > timeoutMs || signal.aborted) return { verdict: "unclear", why: "no answer" };
    return verdict(death, token, tries);
  };
  const proofs = await time.run(
    proveAll(items, { ask, clock: () => NOW, deadlineMs: 60_000, time, ...options }),
  );
  return { proofs, asked, mostParallel, tookMs: time.now(), first: [...proofs.values()][0]?.[0] };
}

export const database = (name: string): Target => ({ kind: "database", name });

export const item = (name: string, old = `old-${name}`): ProofItem => ({
  key: name,
  canaries: [{ label: "database", target: database(name), token: old, hostname: name }],
  control: { token: `new-${name}` },
});
export const many = (count: number, death: Death, prefix = "db"): Record<string, Death> =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [`${prefix}-${n}`, death]));

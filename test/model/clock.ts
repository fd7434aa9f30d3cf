import { AsyncLocalStorage } from "node:async_hooks";
import timers from "node:timers/promises";

/** A simulated clock: waiting takes no real time, and a schedule gets the same timestamps in every run. */
export class Clock {
  #now = Date.parse("2026-03-01T12:00:00.000Z");
  #timers: { at: number; act: () => void }[] = [];

  now = (): number => this.#now;

  /** Schedules a callback. */
  at(at: number, act: () => void): void {
    this.#timers.push({ at, act });
    this.#timers.sort((a, b) => a.at - b.at);
  }

  /** Never goes back: a concurrent wait may have advanced the clock further already. */
  advanceTo(time: number): void {
    for (let next = this.#timers[0]; next !== undefined && next.at <= time; next = this.#timers[0]) {
      this.#timers.shift();
      this.#now = Math.max(this.#now, next.at);
      next.act();
    }
    this.#now = Math.max(this.#now, time);
  }

  advance(ms: number): void {
    this.advanceTo(this.#now + ms);
  }

  /** How many requests are in flight: they take no simulated time, and everybody waits for them. */
  busy = 0;
  #sleepers: { until: number; wake: () => void }[] = [];
  #isPumping = false;

  /** Waits. Time passes only while all code waits: the first one to wake decides how much. */
  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const sleeper = { until: this.#now + ms, wake: resolve };
      this.#sleepers.push(sleeper);
      const cancel = (): void => {
        this.#sleepers = this.#sleepers.filter((each) => each !== sleeper);
        reject(new Error("aborted"));
      };
      if (signal?.aborted) cancel();
      else signal?.addEventListener("abort", cancel, { once: true });
      if (!this.#isPumping) void this.#pump();
    });
  }

  /** Those that wait never wake: their process has ended. */
  forgetSleepers(): void {
    this.#sleepers = [];
  }

  async #pump(): Promise<void> {
    this.#isPumping = true;
    while (this.#sleepers.length > 0) {
      for (let i = 0; i < 4; i += 1) await timers.setImmediate();
      if (this.busy > 0) continue;
      const [next] = this.#sleepers.sort((a, b) => a.until - b.until);
      if (next === undefined) break;
      this.#sleepers = this.#sleepers.filter((each) => each !== next);
      this.advanceTo(next.until);
      next.wake();
    }
    this.#isPumping = false;
  }

  /** Advances past the last scheduled callback. */
  runAll(): void {
    const last = this.#timers.at(-1);
    if (last !== undefined) this.advanceTo(last.at);
  }
}

const clocks = new AsyncLocalStorage<Clock>();

/** Runs code whose sleeps and time measurements use the simulated clock. */
export const withClock = <T>(clock: Clock, act: () => Promise<T>): Promise<T> => clocks.run(clock, act);

/**
 * The provider sleeps with `node:timers/promises` and measures with `performance.now`. Inside `withClock`, and nowhere
 * else, both use the simulated clock, so that a verifyTimeout of minutes takes milliseconds.
 *
 * @returns the undo function
 */
export function simulateTime(): () => void {
  const { setTimeout: sleep } = timers;
  const now = performance.now.bind(performance);
  const every = setInterval;
  const pause = (ms = 0, value?: unknown, options: { signal?: AbortSignal } = {}): Promise<unknown> => {
    const clock = clocks.getStore();
    if (clock === undefined) return sleep(ms, value, options);
    return clock.sleep(ms, options.signal).then(() => value);
  };
  Object.assign(timers, { setTimeout: pause });
  performance.now = () => clocks.getStore()?.now() ?? now();
  // progress reports are disabled: the interval of a crashed process would never be cleared
  const tick = (act: () => void, ms?: number): NodeJS.Timeout => {
    const timer = every(act, ms);
    if (clocks.getStore() !== undefined) clearInterval(timer);
    return timer;
  };
  Object.assign(globalThis, { setInterval: tick });
  return () => {
    Object.assign(timers, { setTimeout: sleep });
    Reflect.deleteProperty(performance, "now"); // uncovers the prototype's method
    Object.assign(globalThis, { setInterval: every });
  };
}

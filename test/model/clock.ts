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
  const pause = async (ms?: number): Promise<void> => {
    const clock = clocks.getStore();
    if (clock === undefined) return sleep(ms);
    const until = clock.now() + (ms ?? 0);
    await timers.setImmediate();
    clock.advanceTo(until);
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

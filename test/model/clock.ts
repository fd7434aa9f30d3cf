import { AsyncLocalStorage } from "node:async_hooks";
import timers from "node:timers/promises";

/** A calendar of its own: an hour of waiting costs nothing, and the same schedule sees the same times. */
export class Clock {
  #now = Date.parse("2026-03-01T12:00:00.000Z");
  #events: { at: number; act: () => void }[] = [];

  now = (): number => this.#now;

  /** Something that happens by itself, once the time has come. */
  at(at: number, act: () => void): void {
    this.#events.push({ at, act });
    this.#events.sort((a, b) => a.at - b.at);
  }

  /** Never goes back: what ran beside may have waited longer already. */
  advanceTo(time: number): void {
    for (let next = this.#events[0]; next !== undefined && next.at <= time; next = this.#events[0]) {
      this.#events.shift();
      this.#now = Math.max(this.#now, next.at);
      next.act();
    }
    this.#now = Math.max(this.#now, time);
  }

  advance(ms: number): void {
    this.advanceTo(this.#now + ms);
  }

  /** Lets everything happen that is still to come. */
  runOut(): void {
    const last = this.#events.at(-1);
    if (last !== undefined) this.advanceTo(last.at);
  }
}

const clocks = new AsyncLocalStorage<Clock>();

/** Runs code whose waiting and stop-watches follow the clock. */
export const withClock = <T>(clock: Clock, act: () => Promise<T>): Promise<T> => clocks.run(clock, act);

/**
 * The provider waits with `node:timers/promises` and measures with `performance.now`. Inside of `withClock`, and nowhere
 * else, both follow the clock, so that a verifyTimeout of minutes takes milliseconds.
 *
 * @returns puts back what was there
 */
export function bendTime(): () => void {
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
  // a report of progress every few seconds is none here, and that of a process that died would go on for ever
  const tick = (act: () => void, ms?: number): NodeJS.Timeout => {
    const timer = every(act, ms);
    if (clocks.getStore() !== undefined) clearInterval(timer);
    return timer;
  };
  Object.assign(globalThis, { setInterval: tick });
  return () => {
    Object.assign(timers, { setTimeout: sleep });
    Reflect.deleteProperty(performance, "now"); // the real one is the prototype's
    Object.assign(globalThis, { setInterval: every });
  };
}

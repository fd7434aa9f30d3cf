import { AsyncLocalStorage } from "node:async_hooks";
import timers from "node:timers/promises";

const { setImmediate: turn } = timers;

interface Sleeper {
  at: number;
  /** The process that sleeps. */
  owner?: object | undefined;
  wake: () => void;
}

/**
 * A simulated clock: waiting takes no real time, and a schedule gets the same timestamps in every run. It advances when
 * everything that could act is asleep.
 */
export class Clock {
  #now = Date.parse("2026-03-01T12:00:00.000Z");
  #events: Sleeper[] = [];
  #alarms: Sleeper[] = [];
  #sleepers: Sleeper[] = [];
  /** By processes that stand still, what they wait for. */
  readonly #frozen = new Map<object, { sleepers: Sleeper[]; alarms: Sleeper[] }>();
  #busy = 0;
  #isWatching = false;
  #onIdle = (): void => undefined;

  now = (): number => this.#now;

  /** Schedules something that happens outside of the process, such as a late rotation. */
  at(at: number, wake: () => void): void {
    insert(this.#events, { at, wake });
  }

  /** Never goes back: a concurrent wait may have advanced the clock further already. */
  advanceTo(time: number): void {
    for (;;) {
      const due = [this.#events, this.#alarms, this.#sleepers].filter(([first]) => first && first.at <= time);
      const [list] = due.sort(([a], [b]) => (a?.at ?? 0) - (b?.at ?? 0));
      const next = list?.shift();
      if (next === undefined) break;
      this.#now = Math.max(this.#now, next.at);
      next.wake();
    }
    this.#now = Math.max(this.#now, time);
  }

  advance(ms: number): void {
    this.advanceTo(Math.ceil(this.#now + ms));
  }

  /** Advances past the last scheduled event. */
  runAll(): void {
    const last = this.#events.at(-1);
    if (last !== undefined) this.advanceTo(last.at);
  }

  /** Waits like `node:timers/promises`; the clock advances as soon as nothing else can happen before. */
  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const owner = clocks.getStore()?.owner;
      const sleeper = { at: Math.ceil(this.#now + Math.max(0, ms)), owner, wake: resolve };
      const end = (): void => {
        const frozen = this.#frozen.get(owner ?? this);
        if (frozen) frozen.sleepers = frozen.sleepers.filter((each) => each !== sleeper);
        this.#sleepers = this.#sleepers.filter((each) => each !== sleeper);
        reject(new DOMException("The operation was aborted", "AbortError"));
      };
      if (signal?.aborted) {
        end();
        return;
      }
      signal?.addEventListener("abort", end, { once: true });
      sleeper.wake = () => {
        signal?.removeEventListener("abort", end);
        resolve();
      };
      insert(this.#frozen.get(owner ?? this)?.sleepers ?? this.#sleepers, sleeper);
      void this.#watch();
    });
  }

  /** A signal that is aborted when the time is over. */
  timeout(ms: number): AbortSignal {
    const controller = new AbortController();
    const wake = (): void => controller.abort(new DOMException("The operation timed out", "TimeoutError"));
    const owner = clocks.getStore()?.owner;
    const alarms = this.#frozen.get(owner ?? this)?.alarms ?? this.#alarms;
    insert(alarms, { at: Math.ceil(this.#now + ms), owner, wake });
    return controller.signal;
  }

  /** The clock stands still while something happens in real time. */
  async during<T>(act: () => Promise<T>): Promise<T> {
    this.#busy += 1;
    try {
      return await act();
    } finally {
      this.#busy -= 1;
      if (this.#busy === 0) this.#onIdle();
    }
  }

  /** A process stands still: how far it got would depend on how long other things take in real time. */
  freeze(owner: object): void {
    const isOwn = (each: Sleeper): boolean => each.owner === owner;
    this.#frozen.set(owner, {
      sleepers: this.#sleepers.filter(isOwn),
      alarms: this.#alarms.filter(isOwn),
    });
    this.#sleepers = this.#sleepers.filter((each) => !isOwn(each));
    this.#alarms = this.#alarms.filter((each) => !isOwn(each));
  }

  thaw(owner: object): void {
    const { sleepers = [], alarms = [] } = this.#frozen.get(owner) ?? {};
    this.#frozen.delete(owner);
    for (const each of sleepers) insert(this.#sleepers, each);
    for (const each of alarms) insert(this.#alarms, each);
    void this.#watch();
  }

  /** What sleeps never wakes up: its process has ended. */
  forgetSleepers(owner: object): void {
    this.#frozen.delete(owner);
    this.#sleepers = this.#sleepers.filter((each) => each.owner !== owner);
    this.#alarms = this.#alarms.filter((each) => each.owner !== owner);
  }

  async #watch(): Promise<void> {
    if (this.#isWatching) return;
    this.#isWatching = true;
    while (this.#sleepers.length > 0) {
      // whatever was woken acts first
      await turn();
      await turn();
      const [next] = this.#sleepers;
      if (this.#busy > 0) await new Promise<void>((resolve) => (this.#onIdle = resolve));
      else if (next) this.advanceTo(next.at);
    }
    this.#isWatching = false;
  }
}

/** Keeps a list in the order of time; what is equally late stays in the order of its arrival. */
function insert(list: Sleeper[], sleeper: Sleeper): void {
  const i = list.findLastIndex(({ at }) => at <= sleeper.at);
  list.splice(i + 1, 0, sleeper);
}

const clocks = new AsyncLocalStorage<{ clock: Clock; owner: object }>();

/** Runs code of a process whose sleeps and time measurements use the simulated clock. */
export const withClock = <T>(clock: Clock, owner: object, act: () => Promise<T>): Promise<T> =>
  clocks.run({ clock, owner }, act);

/**
 * The provider sleeps with `node:timers/promises`, axios-retry with `setTimeout`; both measure with `performance.now` and
 * limit requests with `AbortSignal.timeout`. Inside `withClock`, and nowhere else, all of them use the simulated clock, so
 * that a verifyTimeout of minutes takes milliseconds.
 *
 * @returns the undo function
 */
export function simulateTime(): () => void {
  const { setTimeout: sleep } = timers;
  const { setInterval: every, setTimeout: later } = globalThis;
  const now = performance.now.bind(performance);
  const timeout = AbortSignal.timeout.bind(AbortSignal);
  const pause = (ms?: number, value?: unknown, options?: { signal?: AbortSignal }): Promise<unknown> =>
    clocks.getStore()?.clock.sleep(ms ?? 0, options?.signal) ?? sleep(ms, value, options);
  Object.assign(timers, { setTimeout: pause });
  performance.now = () => clocks.getStore()?.clock.now() ?? now();
  AbortSignal.timeout = (ms) => clocks.getStore()?.clock.timeout(ms) ?? timeout(ms);
  const afterwards = (act: () => void, ms?: number, ...rest: []): unknown => {
    const clock = clocks.getStore()?.clock;
    return clock ? void clock.sleep(ms ?? 0).then(act) : later(act, ms, ...rest);
  };
  // progress reports are disabled: the interval of a crashed process would never be cleared
  const tick = (act: () => void, ms?: number): NodeJS.Timeout => {
    const timer = every(act, ms);
    if (clocks.getStore() !== undefined) clearInterval(timer);
    return timer;
  };
  Object.assign(globalThis, { setInterval: tick, setTimeout: afterwards });
  return () => {
    Object.assign(timers, { setTimeout: sleep });
    Reflect.deleteProperty(performance, "now"); // uncovers the prototype's method
    Object.assign(globalThis, { setInterval: every, setTimeout: later });
    AbortSignal.timeout = timeout;
  };
}

import { PromisePool } from "@supercharge/promise-pool";

/** Acts on each item, at most so many in parallel. The first error ends it and is thrown. */
export const inParallel = <T>(
  items: readonly T[],
  parallelism: number,
  act: (item: T) => Promise<void>,
): Promise<unknown> =>
  PromisePool.withConcurrency(parallelism)
    .for([...items])
    .handleError((error) => {
      throw error;
    })
    .process(act);

/** Bounds how much runs in parallel. A pool that works through a list would keep its places during pauses too. */
export class Places {
  private readonly waiting: (() => void)[] = [];

  constructor(private free: number) {}

  async use<T>(act: () => Promise<T>): Promise<T> {
    if (this.free > 0) this.free -= 1;
    else await new Promise<void>((resolve) => this.waiting.push(resolve));
    try {
      return await act();
    } finally {
      const next = this.waiting.shift();
      if (next) next();
      else this.free += 1;
    }
  }
}

/** A number of permits, some of which may be lost for good. */
export class Permits {
  private readonly waiting: ((isGiven: boolean) => void)[] = [];
  private taken = 0;

  constructor(private total: number) {}

  /** Waits for a permit; false if none will ever come back. */
  async take(): Promise<boolean> {
    if (this.total <= 0) return false;
    const given = new Promise<boolean>((resolve) => this.waiting.push(resolve));
    this.serve();
    return given;
  }

  give(): void {
    this.taken -= 1;
    this.serve();
  }

  /** @param isTaken whether it is one that was taken, or one of the others */
  lose(isTaken: boolean): void {
    if (isTaken) this.taken -= 1;
    this.total -= 1;
    if (this.total <= 0) for (const next of this.waiting.splice(0)) next(false);
  }

  private serve(): void {
    while (this.taken < this.total) {
      const next = this.waiting.shift();
      if (next === undefined) return;
      this.taken += 1;
      next(true);
    }
  }
}

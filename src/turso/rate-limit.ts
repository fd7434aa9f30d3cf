import { setTimeout as sleep } from "node:timers/promises";

/** One request on its way through the gate, with all its tries. */
export interface Visit {
  /** Older requests go first. */
  readonly ticket: number;
  /** How much longer it may wait, in milliseconds. */
  leftMs: number;
}

/** How far apart waiting requests resume, in milliseconds, so that one of them can find out that it is too early. */
const SPACING_MS = 5;

/**
 * One gate for all requests to an API. When one request is answered with 429, all of them wait: each further one would be
 * refused too, and would keep the limit exceeded.
 */
export class RateLimit {
  #tickets = 0;
  readonly #waiting = new Set<Visit>();
  #closedAt = -Infinity;
  #openAt = -Infinity;
  /** How often in a row the gate was closed without a request that was let in. */
  #refusals = 0;

  visit(patienceMs: number): Visit {
    return { ticket: (this.#tickets += 1), leftMs: patienceMs };
  }

  /** Whether there has been a pause. */
  get hasPaused(): boolean {
    return this.#closedAt > -Infinity;
  }

  /**
   * Waits until the API admits requests.
   *
   * @returns immediately, with the pause in milliseconds, if it is longer than the request may wait
   */
  async enter(visit: Visit): Promise<number | undefined> {
    this.#waiting.add(visit);
    try {
      for (let mayResume = true; ;) {
        const start = performance.now();
        const pauseMs = Math.max(0, this.#openAt - start);
        if (pauseMs > visit.leftMs) return pauseMs;
        if (pauseMs === 0 && mayResume) return undefined;
        await sleep(pauseMs > 0 ? Math.ceil(pauseMs) : this.#rank(visit) * SPACING_MS);
        visit.leftMs = Math.max(0, visit.leftMs - (performance.now() - start));
        mayResume = pauseMs === 0; // those that waited resume one after another
      }
    } finally {
      this.#waiting.delete(visit);
    }
  }

  /**
   * The API answered 429.
   *
   * @param sentAt when the refused request was sent: those that were sent together count once
   * @param retryAfterMs what the server asks for; 0: nothing
   * @param pauseMs the first pause, which grows while no request is let in
   * @returns the pause in milliseconds
   */
  close(sentAt: number, retryAfterMs: number, pauseMs: number): number {
    const now = performance.now();
    const isNew = sentAt >= this.#closedAt;
    if (isNew) {
      this.#refusals += 1;
      this.#closedAt = now;
    }
    const grownMs = isNew ? pauseMs * 2 ** (this.#refusals - 1) : 0;
    this.#openAt = Math.max(this.#openAt, now + Math.max(retryAfterMs, grownMs));
    return this.#openAt - now;
  }

  /** The API answered something else. */
  admit(sentAt: number): void {
    if (sentAt >= this.#closedAt) this.#refusals = 0;
  }

  #rank = ({ ticket }: Visit): number => [...this.#waiting].filter((other) => other.ticket < ticket).length;
}

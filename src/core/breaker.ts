import type { Probe } from "../turso/probe";

/** An API that answers like this does not become better by asking on. */
export const UNUSABLE_IN_A_ROW = 3;

/** Ends a run whose rotations keep getting no usable answer. */
export class Breaker {
  private inARow = 0;

  get isOpen(): boolean {
    return this.inARow >= UNUSABLE_IN_A_ROW;
  }

  record(isUnusable: boolean): void {
    if (!this.isOpen) this.inARow = isUnusable ? this.inARow + 1 : 0;
  }
}

/** So many probes in a row without a usable answer: the data plane is probably unreachable from here. */
export const SILENT_AFTER = 8;

type Unclear = Extract<Probe, { verdict: "unclear" }>;

/**
 * Whether any database gives usable answers. While none does, one probe at a time is enough to notice that this has changed, and
 * the others end immediately: targets that each waited for a timeout would lengthen the run in proportion to their number.
 */
export class Silence {
  private inARow = 0;
  private running = 0;
  private last: Unclear | undefined;

  /** @param isPatient whether every probe is made nevertheless, because the run fails without proof */
  constructor(private readonly isPatient = false) {}

  get isLikely(): boolean {
    return !this.isPatient && this.inARow >= SILENT_AFTER;
  }

  async ask(probe: () => Promise<Probe>): Promise<Probe> {
    if (this.isLikely && this.running > 0 && this.last) return this.last;
    this.running += 1;
    try {
      const seen = this.heard(await probe());
      if (seen.verdict === "unclear") {
        this.inARow += 1;
        this.last = seen;
      }
      return seen;
    } finally {
      this.running -= 1;
    }
  }

  /** Takes note of what a probe elsewhere has seen. One that was cut short says nothing about the data plane. */
  heard(seen: Probe): Probe {
    if (seen.verdict !== "unclear") this.inARow = 0;
    return seen;
  }
}

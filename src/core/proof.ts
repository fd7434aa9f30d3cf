import { setMaxListeners } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import type { Probe, ProbeOptions } from "../turso/probe";
import { Places } from "../values/places";
import { isSpent, type CanaryLabel, type SavedCanary } from "./canary";

/** A token from before the rotation, and the database at which it is tried. */
export interface ProofCanary extends SavedCanary {
  /** A token from after the rotation that is valid at this database, where the item's is not. */
  control?: { token: string };
}

/** What is proven under one key: a target with one or more canary tokens. */
export interface ProofItem {
  key: string;
  canaries: readonly ProofCanary[];
  /** A token from after the rotation. Without one, a rejection proves nothing. */
  control?: { token: string };
}

/** What was seen last of one canary token. */
export type CanaryProof = Probe & {
  label: CanaryLabel;
  hostname: string;
  /** From the start of the proof to the first of its latest rejections, in milliseconds; absent if it was not rejected. */
  afterMs?: number;
};

/** Time that tests control. */
export interface Time {
  now(): number;
  /** Ends early when the signal does, and never rejects. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

export interface ProofOptions {
  /** Tries a token at a database, over a new connection. */
  ask: (hostname: string, token: string, options: Required<ProbeOptions>) => Promise<Probe>;
  /** Tells whether a canary token has expired. */
  clock: () => Date;
  /** When the proof ends at the latest. */
  deadlineMs: number;
  /** When it ends after the first rejection: from then on, consumers of the old tokens are without a valid one. */
  graceMs?: number;
  /** When it ends if no database gives a usable answer: what cannot be seen may be an outage. */
  silenceMs?: number;
  /** The limit of one probe. */
  probeTimeoutMs?: number;
  /** How many probes run in parallel. */
  parallelism?: number;
  time?: Time;
}

const DEFAULTS = {
  graceMs: 2_000,
  silenceMs: 5_000,
  probeTimeoutMs: 2_000,
  parallelism: 32,
  time: {
    now: () => performance.now(),
    sleep: (ms: number, signal: AbortSignal): Promise<void> =>
      delay(ms, undefined, { signal }).catch(() => undefined),
  },
};
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 500;
/** How much too early a timer may end a probe whose time is what was left. */
const EARLY_MS = 2;

const EXPIRED: Probe = { verdict: "unclear", why: "the canary token has expired by itself", isExpired: true };
const unclear = (why: string): Probe => ({ verdict: "unclear", why });

/**
 * Whether an old token is rejected for good: three times in a row, while a newer token is accepted at the same place,
 * and once more after that. Two or three edges that answer in turn all meet the old token, and a database that rejects
 * every token for a moment does not pass.
 *
 * @param ask tries a token over a new connection
 * @param control a token that was minted after the rotation; without one, the result is never `rejected`
 */
export async function confirmRejected(
  ask: (token: string) => Promise<Probe>,
  old: string,
  control: string | undefined,
): Promise<Probe> {
  for (const token of [old, old, old, ...(control === undefined ? [] : [control, old])]) {
    const seen = await ask(token);
    if (token === control) {
      if (seen.verdict === "rejected") return unclear("a token minted after the rotation is rejected too");
      if (seen.verdict === "unclear")
        return unclear(`a token minted after the rotation could not be tried: ${seen.why}`);
    } else if (seen.verdict !== "rejected") return seen;
  }
  return control === undefined
    ? unclear("it is rejected, but there is no token from after the rotation to compare it with")
    : { verdict: "rejected" };
}

/**
 * Tries the canary tokens of many items until each is rejected for good, or until the time is over. No canary token
 * waits for a different one, except for a free place among the parallel probes.
 *
 * @returns by key, what was seen last of each canary token, in their order
 */
export async function proveAll(
  items: readonly ProofItem[],
  options: ProofOptions,
): Promise<Map<string, CanaryProof[]>> {
  const proof = new Proof({ ...DEFAULTS, ...options });
  const subjects = items.map(({ key, canaries, control }) => ({
    key,
    each: canaries.map((canary) => new Subject(canary, (canary.control ?? control)?.token)),
  }));
  await proof.run(subjects.flatMap(({ each }) => each));
  return new Map(subjects.map(({ key, each }) => [key, each.map((subject) => subject.proof(proof.start))]));
}

/** A canary token, and what is known of it so far. */
class Subject {
  seen: Probe = unclear("it was not tried within the time limit");
  rejectedSince: number | undefined;

  constructor(
    readonly canary: ProofCanary,
    readonly control: string | undefined,
  ) {}

  /** Whether a further try could change what is known. */
  get isOpen(): boolean {
    if (this.seen.verdict === "rejected") return false;
    const lacksControl = this.control === undefined && this.rejectedSince !== undefined;
    return !lacksControl && !("isExpired" in this.seen);
  }

  proof(start: number): CanaryProof {
    const { label, hostname } = this.canary;
    const since = this.rejectedSince;
    return { ...this.seen, label, hostname, ...(since !== undefined && { afterMs: since - start }) };
  }
}

class Proof {
  readonly start: number;
  private readonly over = new AbortController();
  private readonly places: Places;
  private deadline: number;
  private heardAt: number;
  private isGraceRunning = false;

  constructor(private readonly options: Required<ProofOptions>) {
    this.start = this.heardAt = options.time.now();
    this.deadline = this.start + options.deadlineMs;
    this.places = new Places(options.parallelism);
    setMaxListeners(0, this.over.signal); // one for each sleeping subject
  }

  async run(subjects: readonly Subject[]): Promise<void> {
    void this.watch();
    try {
      await Promise.all(subjects.map((subject) => this.follow(subject)));
    } finally {
      this.over.abort();
    }
  }

  private get isOver(): boolean {
    return this.over.signal.aborted;
  }

  private left(): number {
    const { silenceMs, time } = this.options;
    return Math.min(this.deadline, this.heardAt + silenceMs) - time.now();
  }

  /** Ends what is under way when the time is over. */
  private async watch(): Promise<void> {
    for (let left = this.left(); left > 0 && !this.isOver; left = this.left())
      await this.options.time.sleep(left, this.over.signal);
    this.over.abort();
  }

  private async follow(subject: Subject): Promise<void> {
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 1.5, LONGEST_PAUSE_MS)) {
      await this.places.use(() => this.visit(subject));
      if (this.isOver || !subject.isOpen) return;
      await this.options.time.sleep(pause, this.over.signal);
    }
  }

  private async visit(subject: Subject): Promise<void> {
    const { token } = subject.canary;
    if (this.isOver) return;
    const seen = isSpent(token, this.options.clock())
      ? EXPIRED
      : await confirmRejected((each) => this.ask(subject, each), token, subject.control);
    // a probe that was cut short says nothing
    if (seen.verdict !== "unclear" || (!this.isOver && this.left() > EARLY_MS)) subject.seen = seen;
  }

  private async ask(subject: Subject, token: string): Promise<Probe> {
    const { ask, probeTimeoutMs, time } = this.options;
    const timeoutMs = Math.min(probeTimeoutMs, Math.max(0, this.left()));
    const { hostname } = subject.canary;
    const seen = await ask(hostname, token, { timeoutMs, signal: this.over.signal });
    if (seen.verdict !== "unclear") this.heardAt = time.now();
    if (token !== subject.canary.token) return seen;
    if (seen.verdict === "accepted") subject.rejectedSince = undefined;
    if (seen.verdict === "rejected") this.noteRejection(subject);
    return seen;
  }

  private noteRejection(subject: Subject): void {
    const now = this.options.time.now();
    if (subject.rejectedSince === undefined) {
      subject.rejectedSince = now;
      subject.seen = unclear(
        "it was rejected, but the time limit passed before a further try could confirm that",
      );
    }
    if (this.isGraceRunning) return;
    this.isGraceRunning = true;
    this.deadline = Math.min(this.deadline, now + this.options.graceMs);
    void this.watch();
  }
}

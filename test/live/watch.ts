/** Tries tokens again and again, and keeps what each one's answers were and when they changed. */
import { setTimeout as sleep } from "node:timers/promises";
import { dataPlaneUrl } from "../../src/turso/probe";
import { exchange, type Answer, type Secrets } from "./exchange";

export type Verdict = "accepted" | "rejected" | "unclear";

/** A token, and the database that it is tried on. */
export interface Holder {
  /** `database A`: what the token was minted for. */
  of: string;
  /** Whether it was minted before or after the rotation. */
  minted: "before" | "after";
  /** `A` or `B`. */
  on: string;
  hostname: string;
  jwt: string;
}

export interface Sight {
  verdict: Verdict;
  status: number | undefined;
  /** Without credentials; `results` for rows. */
  text: string;
}

/** A sight that differs from the one before it. */
export interface Change extends Sight {
  atMs: number;
}

export interface Pace {
  /** The time between two requests with the same token. */
  intervalMs: number;
  /** How long the expected answers must last until a token needs no more watching. */
  settleMs: number;
  /** How long a new database may take until it accepts its tokens. */
  readyMs: number;
  timeoutMs: number;
}

const READ = {
  baton: null,
  requests: [{ type: "execute", stmt: { sql: "select 1", want_rows: true } }, { type: "close" }],
};
/** Two edges may answer in turn for an hour. */
const MOST_CHANGES = 20;

/** What a token's answers were since the rotation. */
export class Watch {
  readonly changes: Change[] = [];
  omittedChanges = 0;
  requests = 0;
  last: Change | undefined;
  /** When each verdict came first. */
  readonly firstMs: Partial<Record<Verdict, number>> = {};
  /** Since when the verdict has been the same. */
  sinceMs = 0;

  /** @param startMs when the watch began, which for a new token is when it had been minted */
  constructor(
    readonly holder: Omit<Holder, "jwt" | "hostname">,
    readonly startMs: number,
  ) {}

  see(sight: Sight, atMs: number): void {
    const { last } = this;
    this.requests += 1;
    if (last?.verdict !== sight.verdict) this.sinceMs = atMs;
    if (last?.status !== sight.status || last?.text !== sight.text) this.change({ ...sight, atMs });
    this.firstMs[sight.verdict] ??= atMs;
    this.last = { ...sight, atMs };
  }

  /** What the token's verdict becomes if the rotation reaches it. */
  get expected(): Verdict {
    return this.holder.minted === "before" ? "rejected" : "accepted";
  }

  /** Whether an old token has been rejected, or a new one accepted, for long enough. */
  isSettled(settleMs: number): boolean {
    return this.last?.verdict === this.expected && this.last.atMs - this.sinceMs >= settleMs;
  }

  private change(change: Change): void {
    if (this.changes.length < MOST_CHANGES) this.changes.push(change);
    else this.omittedChanges += 1;
  }
}

export type Ask = (holder: Pick<Holder, "hostname" | "jwt">) => Promise<Sight>;

/** Asks a database with a real read. */
export function askWith(apiUrl: string, secrets: Secrets, signal: AbortSignal): Ask {
  return async ({ hostname, jwt }) => {
    const url = dataPlaneUrl({ apiUrl }, hostname);
    if (url === undefined)
      return { verdict: "unclear", status: undefined, text: "the Hostname is not a public DNS name" };
    const answer = await exchange({
      method: "POST",
      url: `${url}/v2/pipeline`,
      token: jwt,
      body: READ,
      signal,
    });
    return sightOf(answer, secrets);
  };
}

/** A 200 is shortened to its results, because the times of its statements differ each time. */
export function sightOf({ status, text }: Pick<Answer, "status" | "text">, secrets: Secrets): Sight {
  if (status === 401) return { verdict: "rejected", status, text: secrets.clean(text) };
  const result = status === 200 ? firstResult(text) : undefined;
  if (result === undefined) return { verdict: "unclear", status, text: secrets.clean(text) };
  const { type, error } = result as { type?: unknown; error?: unknown };
  const isError = type === "error";
  return { verdict: "accepted", status, text: isError ? secrets.clean(JSON.stringify(error)) : "results" };
}

function firstResult(text: string): object | undefined {
  try {
    const { results } = JSON.parse(text) as { results?: unknown };
    const first: unknown = Array.isArray(results) ? results[0] : undefined;
    return typeof first === "object" && first !== null ? first : undefined;
  } catch {
    return undefined; // a page of a sign-in portal answers 200 too
  }
}

/** Watches tokens from a moment on, the rotation's response. Tokens may be added while it runs. */
export class Watching {
  readonly watches: Watch[] = [];
  private readonly start = performance.now();
  private readonly loops: Promise<void>[] = [];
  private isComplete = false;

  constructor(
    private readonly ask: Ask,
    private readonly pace: Pace,
    private readonly signal: AbortSignal,
    private readonly onChange: (watch: Watch, change: Change) => void,
  ) {}

  add({ hostname, jwt, ...holder }: Holder): void {
    const watch = new Watch(holder, this.elapsedMs);
    this.watches.push(watch);
    const loop = this.loop(watch, { hostname, jwt });
    loop.catch(() => {}); // `finish` throws it; an unhandled rejection would skip the deletion of databases
    this.loops.push(loop);
  }

  get elapsedMs(): number {
    return performance.now() - this.start;
  }

  get isOver(): boolean {
    if (this.signal.aborted || this.elapsedMs >= this.pace.timeoutMs) return true;
    return this.isComplete && this.watches.every((watch) => watch.isSettled(this.pace.settleMs));
  }

  /** Waits until every token has settled or the time is over. No token may be added after this. */
  async finish(): Promise<void> {
    this.isComplete = true;
    await Promise.all(this.loops);
  }

  private async loop(watch: Watch, token: Pick<Holder, "hostname" | "jwt">): Promise<void> {
    while (!this.isOver) {
      const before = watch.last?.verdict;
      const next = performance.now() + this.pace.intervalMs;
      watch.see(await this.ask(token), this.elapsedMs);
      if (watch.last !== undefined && watch.last.verdict !== before) this.onChange(watch, watch.last);
      await sleep(Math.max(0, next - performance.now()), undefined, { signal: this.signal }).catch(() => {});
    }
  }
}

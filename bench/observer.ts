import type { LogEntry } from "../emulator/src";
import type { CountedRequest, Tally, Window } from "./protocol";

/** Counts requests, and measures for how long each member has no valid token, from the server's log. */
export class Observer {
  /** The group of each database. */
  readonly groups = new Map<string, string>();
  private tally = nothing();
  private busy: [from: number, to: number][] = [];
  private readonly open = new Map<string, Window>();
  /** The tokens that each database has met before its member's new one was minted. */
  private readonly known = new Map<string, Set<string>>();

  /** @param reachesGroup whether a database's rotation reaches its whole group */
  constructor(private readonly reachesGroup: boolean) {}

  record(entry: LogEntry): CountedRequest {
    const now = Date.now();
    const kind = kindOf(entry);
    const { tally } = this;
    tally.calls[kind] += 1;
    tally.firstAt = Math.min(tally.firstAt ?? Infinity, entry.at);
    tally.lastAt = now;
    this.busy.push([entry.at, now]);
    const name = entry.database ?? /\/databases\/([^/]+)\/auth\//.exec(entry.path)?.[1];
    if (kind === "rotate") {
      tally.rotatedAt = now;
      for (const each of this.reached(entry, name)) this.begin(each, entry.at);
    }
    if (kind === "mint") {
      tally.mintedAt = now;
      const window = this.open.get(name ?? "");
      if (window && entry.at >= window.from) window.minted ??= now;
    }
    if (kind === "probe" && name !== undefined) this.probed(name, entry, now);
    return kind;
  }

  /** What was recorded since the last call. */
  take(): Tally {
    const tally = { ...this.tally, busyMs: union(this.busy) };
    this.tally = nothing();
    this.busy = [];
    this.open.clear();
    this.known.clear();
    return tally;
  }

  private reached({ path }: LogEntry, name: string | undefined): string[] {
    const group = name === undefined ? /\/groups\/([^/]+)\//.exec(path)?.[1] : this.groups.get(name);
    if (name !== undefined && !this.reachesGroup) return [name];
    return [...this.groups].filter(([, each]) => each === group).map(([each]) => each);
  }

  private begin(name: string, from: number): void {
    const before = this.open.get(name);
    if (before && before.minted === undefined) return; // it is dark already
    const window: Window = { name, from };
    this.open.set(name, window);
    this.tally.windows.push(window);
  }

  private probed(name: string, { status, authorization = "" }: LogEntry, now: number): void {
    const window = this.open.get(name);
    const known = this.known.get(name) ?? new Set();
    this.known.set(name, known);
    if (window?.minted === undefined) known.add(authorization);
    else if (status === 200 && !known.has(authorization)) window.accepted ??= now;
  }
}

const nothing = (): Tally => ({
  calls: { rotate: 0, mint: 0, canary: 0, probe: 0, list: 0, get: 0, refused: 0 },
  busyMs: 0,
  windows: [],
});

function kindOf({ plane, method, path, status }: LogEntry): CountedRequest {
  if (plane === "data") return "probe";
  if (status === 429) return "refused";
  if (path.includes("/auth/rotate")) return "rotate";
  // canary tokens are read-only; a token that only shows whether the API mints expires in a minute
  if (path.includes("/auth/tokens")) return /read-only|expiration=1m/.test(path) ? "canary" : "mint";
  return method === "GET" && /\/databases(\?|$)/.test(path) ? "list" : "get";
}

/** The total length of intervals, where overlaps count once. */
function union(intervals: [from: number, to: number][]): number {
  let [total, end] = [0, 0];
  for (const [from, to] of [...intervals].sort(([a], [b]) => a - b)) {
    total += Math.max(0, to - Math.max(from, end));
    end = Math.max(end, to);
  }
  return total;
}

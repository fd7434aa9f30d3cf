/**
 * An emulated Turso on loopback with a fixed latency, in a separate process, so that it shares no event loop with what is
 * measured: `node -r ts-node/register bench/server.ts DATABASES LATENCY_MS`. For each line on standard input, it prints a
 * tally of the requests since the previous line. The process exits when its standard input is closed.
 */
import { createInterface } from "node:readline";
import { startEmulator, type LogEntry } from "../emulator";
import { GROUP, type CountedRequest, type Hello, type Tally } from "./protocol";

function kindOf({ plane, method, path }: LogEntry): CountedRequest {
  if (plane === "data") return "probe";
  if (path.includes("/auth/rotate")) return "rotate";
  if (path.includes("/auth/tokens")) return "mint";
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

async function main(databases: number, latencyMs: number): Promise<void> {
  const nothing = (): Tally => ({ calls: { rotate: 0, mint: 0, probe: 0, list: 0, get: 0 }, busyMs: 0 });
  let tally = nothing();
  let busy: [from: number, to: number][] = [];
  const onRequest = (entry: LogEntry): void => {
    const now = Date.now();
    const kind = kindOf(entry);
    tally.calls[kind] += 1;
    tally.firstAt = Math.min(tally.firstAt ?? Infinity, entry.at);
    tally.lastAt = now;
    busy.push([entry.at, now]);
    if (kind === "rotate") tally.rotatedAt = now;
    if (kind === "mint") tally.mintedAt = now;
  };
  const turso = await startEmulator({
    organization: "acme",
    serverGeneration: "current",
    latencyMs,
    onRequest,
  });
  turso.platform.createGroup(GROUP);
  const names = Array.from({ length: databases }, (_, i) => `tenant-${String(i).padStart(5, "0")}`);
  for (const name of names) await turso.platform.createDatabase(name, GROUP);
  const hello: Hello = { url: turso.url, token: turso.apiToken, organization: turso.organization, names };
  console.log(JSON.stringify(hello));
  const lines = createInterface({ input: process.stdin });
  lines.on("line", () => {
    console.log(JSON.stringify({ ...tally, busyMs: union(busy) }));
    tally = nothing();
    busy = [];
    turso.clearLog();
  });
  lines.on("close", () => process.exit(0));
}

if (require.main === module) {
  // Ctrl-C reaches this process too, but the bench stops it by closing its input
  process.on("SIGINT", () => undefined);
  process.on("SIGTERM", () => process.exit(0));
  main(Number(process.argv[2]), Number(process.argv[3])).catch((error: unknown) => {
    console.error(error);
    process.exit(1);
  });
}

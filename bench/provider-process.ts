import { readdirSync, readFileSync } from "node:fs";

const EVERY_MS = 25;

/** Observations of the process that runs the dynamic provider, or the native plugin. */
export interface Sighting {
  /** Milliseconds since 1970: when it was first seen. */
  seenAt?: number;
  /** Its peak memory in KiB, as the kernel counts it. */
  peakKib: number;
}

/** Watches for the provider process among a command's descendants until the returned function is called. Works only on Linux. */
export function watchProvider(root: number): () => Sighting {
  const sighting: Sighting = { peakKib: 0 };
  const others = new Set<string>();
  let pid: string | undefined;
  const sample = (): void => {
    pid ??= processes().find((each) => !others.has(each) && isProvider(each, root, others));
    if (pid === undefined) return;
    sighting.seenAt ??= Date.now();
    const status = read(`/proc/${pid}/status`);
    sighting.peakKib = Math.max(sighting.peakKib, Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0));
  };
  const timer = setInterval(sample, EVERY_MS);
  return () => {
    clearInterval(timer);
    return sighting;
  };
}

/** @param others collects processes that can never be the provider process */
function isProvider(pid: string, root: number, others: Set<string>): boolean {
  const command = read(`/proc/${pid}/cmdline`);
  const [program = "", ...args] = command.split("\0");
  const isNode = /(^|\/)node$/.test(program);
  // a process that was just forked may still execute a different program
  if (!isNode && Number(pid) < root) others.add(pid);
  return (
    isNode &&
    args.some((arg) => /dynamic-provider\/index\.js$|pulumi-resource-turso-tokens$/.test(arg)) &&
    descends(pid, root)
  );
}

function descends(pid: string, root: number): boolean {
  for (let each = Number(pid), steps = 0; each > 1 && steps < 10; steps += 1) {
    if (each === root) return true;
    each = Number(/^PPid:\s+(\d+)$/m.exec(read(`/proc/${each}/status`))?.[1] ?? 0);
  }
  return false;
}

function processes(): string[] {
  try {
    return readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

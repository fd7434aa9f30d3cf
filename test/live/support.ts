import assert from "node:assert/strict";
import { startEmulator, type Emulator, type EmulatorOptions } from "../../emulator/src";
import { liveTest, type Result, type World } from "./live-test";
import type { Options } from "./options";

const running = new Set<Emulator>();

/** An emulator with the group `scratch`; closed by `closeAll`. */
export async function emulate(
  options: EmulatorOptions = {},
  databases: readonly string[] = [],
): Promise<Emulator> {
  const emulator = await startEmulator(options);
  running.add(emulator);
  emulator.platform.createGroup("scratch");
  for (const name of databases) await emulator.platform.createDatabase(name, "scratch");
  return emulator;
}

export async function closeAll(): Promise<void> {
  await Promise.all([...running].map((emulator) => emulator.close()));
  running.clear();
}

export interface Ran extends Result {
  /** The lines of progress. */
  lines: string[];
}

/** Runs the live test in this process, with short times. Asserts that it prints no credential. */
export async function run(
  emulator: Emulator,
  changes: Partial<Omit<Options, "connection">> = {},
  world: Partial<World> = {},
): Promise<Ran> {
  const lines: string[] = [];
  const timeoutMs = changes.timeoutMs ?? 1_500;
  const result = await liveTest(
    {
      connection: { apiUrl: emulator.url, apiToken: emulator.apiToken, apiTokenOrigin: "the test" },
      organization: "acme",
      group: "scratch",
      isConfirmed: true,
      timeoutMs,
      output: undefined,
      ...changes,
    },
    {
      say: (line) => lines.push(line),
      confirm: () => Promise.reject(new Error("no question was expected")),
      signal: new AbortController().signal,
      clock: () => new Date("2026-11-25T12:00:00Z"),
      pace: { intervalMs: 20, settleMs: 150, readyMs: 200, timeoutMs },
      ...world,
    },
  );
  const printed = [...lines, result.page ?? "", result.problem ?? ""].join("\n");
  assert.ok(!printed.includes(emulator.apiToken) && !printed.includes("eyJ"), printed);
  return { ...result, lines };
}

/** The results in a section of a page: `before database A on A` → `rejected`. */
export function reach(page: string | undefined, section: RegExp): Record<string, string> {
  const text = (page ?? "").split(/^#### /m).find((part) => section.test(part)) ?? "";
  const rows = [
    ...text.matchAll(/^\| (database [AB]|the group) +\| (before|at [\d.]+ s) +\| ([AB]) +\| (.*?) +\| /gm),
  ];
  return Object.fromEntries(
    rows.map(([, of, minted, on, result]) => [
      `${minted === "before" ? "old" : "new"}, ${of} on ${on}`,
      String(result).replace(/ after [\d.]+ s$/, ""),
    ]),
  );
}

/** The expected results: every new token is accepted. */
export const reached = (...old: [a: string, b: string, groupOnA: string, groupOnB: string]) => {
  const tokens = ["database A on A", "database B on B", "the group on A", "the group on B"];
  return Object.fromEntries([
    ...tokens.map((token, i) => [`old, ${token}`, old[i]]),
    ...tokens.map((token) => [`new, ${token}`, "accepted"]),
  ]) as Record<string, string>;
};

export const namesOf = ({ platform }: Emulator): string[] => platform.databases().map(({ name }) => name);

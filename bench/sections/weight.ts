import { spawn, spawnSync } from "node:child_process";
import { lstatSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { findCli } from "../../tools/pulumi-cli/cli.js";
import { ROOT } from "../../tools/stack";
import { TestBed } from "../test-bed";
import { atEnd } from "../cleanup";
import {
  atMost,
  count,
  megabytes,
  milliseconds,
  row,
  Samples,
  type ResultRow,
  type Section,
} from "../figures";
import type { Options } from "../options";
import type { Progress } from "../progress";
import { EmulatorProcess } from "../emulator-process";

/** These measurements are quick, and vary more than a whole run of the CLI. */
const REPETITIONS = { full: 15, quick: 3 };

export const weightSeconds = ({ quick }: Options): number =>
  quick ? 3 + REPETITIONS.quick * 4 : 15 + REPETITIONS.full * 4;

export async function weight({ quick }: Options, progress: Progress): Promise<Section> {
  const repetitions = quick ? REPETITIONS.quick : REPETITIONS.full;
  const rows: ResultRow[] = [...installRows(progress)];
  const samples = new Map<string, Samples>();
  const keep = (name: string, value: number): void => {
    samples.set(name, (samples.get(name) ?? new Samples()).add(value));
  };
  for (let i = 0; i < repetitions; i += 1) {
    progress.step("weight: importing the package, starting a provider process", i, repetitions);
    const [pulumi = NaN, own = NaN] = importTimes();
    keep("import @pulumi/pulumi", pulumi);
    keep("import pulumi-turso-tokens after it", own);
    const [bare, loaded, cli] = [await ready([]), await ready(PRELOAD), await readyByCli()];
    keep("provider process ready, as the CLI starts it", cli.ms);
    keep("provider process ready, Node alone", bare.ms);
    keep("provider process ready, Node with this provider loaded", loaded.ms);
    keep("memory of an idle provider process", bare.peakKib);
    keep("memory of an idle provider process with this provider loaded", loaded.peakKib);
  }
  for (const [name, taken] of samples) {
    if (name.includes("memory")) rows.push(row(name, taken, megabytes));
    else
      rows.push(
        row(
          name,
          taken,
          milliseconds,
          name.startsWith("import pulumi-turso") ? atMost(taken, 100, milliseconds) : undefined,
        ),
      );
  }
  if (!quick) rows.push(...(await providerTexts(progress)));
  return { title: "Weight", rows, notes: [] };
}

const once = (name: string, value: number, unit: (value: number) => string): ResultRow => ({
  name,
  value: unit(value),
  spread: "",
});

const kilobytes = (value: number): string => `${(value / 1000).toFixed(0)} kB`;

/** What `npm install pulumi-turso-tokens` installs, apart from the peer @pulumi/pulumi. */
function installRows(progress: Progress): ResultRow[] {
  progress.step("weight: install size");
  const { stdout } = spawnSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], {
    cwd: ROOT,
    encoding: "utf8",
  });
  const [pack] = JSON.parse(stdout) as { unpackedSize: number; size: number }[];
  const folders = dependencyFolders();
  const dependencies = folders.reduce((sum, folder) => sum + folderSize(path.join(ROOT, folder)), 0);
  return [
    once("package, packed", pack?.size ?? NaN, kilobytes),
    once("package, unpacked", pack?.unpackedSize ?? NaN, kilobytes),
    once("dependencies, unpacked", dependencies, kilobytes),
    once("runtime dependencies, direct", Object.keys(lock()[""]?.dependencies ?? {}).length, count),
    once("runtime dependencies, all", folders.length, count),
  ];
}

type Lock = Record<string, { dependencies?: Record<string, string> } | undefined>;

const lock = (): Lock =>
  (JSON.parse(readFileSync(path.join(ROOT, "package-lock.json"), "utf8")) as { packages: Lock }).packages;

/** The folders of everything that the package needs at run time, as the lock file places them. */
function dependencyFolders(): string[] {
  const packages = lock();
  const found = new Set<string>([""]);
  for (const folder of found)
    for (const name of Object.keys(packages[folder]?.dependencies ?? {})) {
      let base = folder;
      while (base !== "" && packages[`${base}/node_modules/${name}`] === undefined)
        base = base.slice(0, Math.max(0, base.lastIndexOf("/node_modules/")));
      found.add(base === "" ? `node_modules/${name}` : `${base}/node_modules/${name}`);
    }
  found.delete("");
  return [...found];
}

function folderSize(folder: string): number {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((file) => lstatSync(path.join(folder, file)))
    .reduce((sum, stats) => sum + (stats.isFile() ? stats.size : 0), 0);
}

/** The time to load @pulumi/pulumi and then this package, in a fresh process. */
function importTimes(): number[] {
  const script = `const t0 = performance.now(); require("@pulumi/pulumi"); const t1 = performance.now();
    require("pulumi-turso-tokens"); console.log(t1 - t0, performance.now() - t1);`;
  const { stdout } = spawnSync(process.execPath, ["-e", script], { cwd: ROOT, encoding: "utf8" });
  return stdout.trim().split(" ").map(Number);
}

const PRELOAD = ["-r", "pulumi-turso-tokens/provider"];
/** Nothing listens there; a provider connects to the engine only when it has something to report. */
const NO_ENGINE = "127.0.0.1:1";

const ready = (nodeArgs: string[]): Promise<{ ms: number; peakKib: number }> =>
  untilPort(process.execPath, [
    ...nodeArgs,
    require.resolve("@pulumi/pulumi/cmd/dynamic-provider"),
    NO_ENGINE,
  ]);

function readyByCli(): Promise<{ ms: number; peakKib: number }> {
  const bin = findCli()?.bin;
  if (bin === undefined) throw new Error("The Pulumi CLI is not installed: run `npm run setup`.");
  return untilPort(path.join(bin, "pulumi-resource-pulumi-nodejs"), [NO_ENGINE]);
}

/** Starts a provider process and waits until it prints its port. */
async function untilPort(command: string, args: string[]): Promise<{ ms: number; peakKib: number }> {
  const start = performance.now();
  const child = spawn(command, args, { cwd: ROOT, stdio: ["ignore", "pipe", "inherit"], detached: true });
  const kill = (): void => {
    if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
  };
  const forget = atEnd(kill);
  await new Promise<void>((resolve, reject) => {
    child.stdout.once("data", () => resolve());
    child.once("error", reject);
    child.once("exit", () => reject(new Error(`${command} exited before it was ready.`)));
  });
  const ms = performance.now() - start;
  const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
  const ended = new Promise((resolve) => child.once("close", resolve));
  kill();
  forget();
  await ended;
  return { ms, peakKib: Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1] ?? NaN) };
}

/** How much code the state holds for each resource. The state holds it twice: in the resource's inputs and outputs. */
async function providerTexts(progress: Progress): Promise<ResultRow[]> {
  progress.step("weight: provider code in the state");
  return EmulatorProcess.with(1, (emulator) =>
    TestBed.with(emulator, { own: "single", naive: "naive" }, async (beds) => {
      const rows: ResultRow[] = [];
      for (const [bed, label] of [
        [beds.own, "TokenRotation"],
        [beds.naive, "naive provider"],
      ] as const) {
        bed.configure({ names: emulator.hello.names, trigger: 1 });
        await bed.up();
        rows.push(
          once(`\`__provider\` of a ${label}`, providerText(await bed.stack.state()).length, characters),
        );
      }
      return rows;
    }),
  );
}

const characters = (value: number): string => `${count(value)} chars`;

interface StackState {
  deployment: { resources: { outputs?: { __provider?: string | { ciphertext: string } } }[] };
}

function providerText(state: string): string {
  const texts = (JSON.parse(state) as StackState).deployment.resources.map(
    ({ outputs }) => outputs?.__provider,
  );
  const text = texts.find((each) => each !== undefined);
  if (typeof text !== "string") throw new Error("The state holds no unencrypted __provider.");
  return text;
}

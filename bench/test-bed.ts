import { cpSync, rmSync } from "node:fs";
import path from "node:path";
import { Stack } from "../tools/stack";
import { atEnd } from "./cleanup";
import type { Command, Tally } from "./protocol";
import { watchProvider, type Sighting } from "./provider-process";
import type { EmulatorProcess } from "./emulator-process";

/** One run of the CLI. */
export interface Up {
  ms: number;
  tally: Tally;
  provider: Sighting;
  /** When it began, in milliseconds since 1970. */
  startedAt: number;
}

/** How many requests a run made, to the API and to the databases. */
export const requests = ({ calls }: Tally): number =>
  Object.values(calls).reduce((sum, each) => sum + each, 0);

/** What the program reads. The program itself never changes. */
export interface ProgramConfig {
  names: string[];
  trigger: number;
  [option: string]: unknown;
}

const HEAD = `"use strict";\nconst pulumi = require("@pulumi/pulumi");\n`;

const rotation = (
  scope: string,
  from = "pulumi-turso-tokens",
): string => `${HEAD}const { writeFileSync } = require("node:fs");
const { TokenRotation } = require("${from}");
const { names, ...rest } = require("./fleet.json");
const { tokens } = new TokenRotation("rotation", { scope: ${scope}, ...rest });
tokens.apply((all) => {
  const lengths = Object.values(all ?? {}).map(({ length }) => length);
  writeFileSync("available.json", JSON.stringify({ at: Date.now(), lengths }));
});
`;

/** The programs that are compared. Each reads its configuration from fleet.json. */
export const PROGRAMS = {
  empty: HEAD,
  fleet: rotation("{ databases: names }"),
  single: rotation("{ database: names[0] }"),
  native: rotation("{ database: names[0] }", "./native-sdk.js"),
  deliver: `${HEAD}const { writeFileSync } = require("node:fs");
const { AuthToken, TokenRotation } = require("pulumi-turso-tokens");
const { names: [database], trigger, verify } = require("./fleet.json");
const scope = { database };
const rotation = new TokenRotation("rotation", { scope, trigger, verify });
const { token } = new AuthToken(database, { scope, rotation, verify });
token.apply(({ length }) => writeFileSync("available.json", JSON.stringify({ at: Date.now(), lengths: [length] })));
`,
};

export type ProgramName = keyof typeof PROGRAMS | "naive";

/** A stack to measure with: a program, its configuration, and a reset to the initial state. */
export class TestBed {
  private constructor(
    readonly stack: Stack,
    private readonly emulator: EmulatorProcess,
    private readonly forget: () => void,
  ) {}

  static async make(emulator: EmulatorProcess, program: ProgramName): Promise<TestBed> {
    const copy = { from: "bench/naive", files: ["Pulumi.yaml", "package.json", "index.js"] };
    const stack = new Stack(program === "naive" ? { copy } : { isNative: program === "native" });
    const forget = atEnd(() => stack.close());
    if (program !== "naive") stack.writeFile("index.js", PROGRAMS[program]);
    const { url, organization, token } = emulator.hello;
    // the same configuration for all, so that decrypting the secret costs all the same
    const namespace = program === "native" ? "turso-tokens" : "turso";
    await stack.init(
      { [`${namespace}:apiUrl`]: url, [`${namespace}:organization`]: organization },
      { [`${namespace}:apiToken`]: token },
    );
    const bed = new TestBed(stack, emulator, forget);
    cpSync(bed.backend, bed.pristine, { recursive: true });
    return bed;
  }

  /** Runs a body with a stack of each program. */
  static async with<K extends string, T>(
    emulator: EmulatorProcess,
    programs: Record<K, ProgramName>,
    body: (beds: Record<K, TestBed>) => Promise<T>,
  ): Promise<T> {
    const beds: TestBed[] = [];
    try {
      for (const program of Object.values<ProgramName>(programs))
        beds.push(await TestBed.make(emulator, program));
      return await body(
        Object.fromEntries(Object.keys(programs).map((name, i) => [name, beds[i]])) as Record<K, TestBed>,
      );
    } finally {
      for (const bed of beds) bed.close();
    }
  }

  /** Resets the stack to one that was never updated. */
  reset(): void {
    rmSync(this.backend, { recursive: true });
    cpSync(this.pristine, this.backend, { recursive: true });
  }

  configure(config: ProgramConfig): void {
    this.stack.writeFile("fleet.json", JSON.stringify(config));
  }

  /**
   * `up`, timed from the command's start to its exit.
   *
   * @param command sent to the emulator before
   */
  up(command: Command = "take"): Promise<Up> {
    return this.timed(command, "up", "--yes", "--skip-preview");
  }

  preview(): Promise<Up> {
    return this.timed("take", "preview");
  }

  /** The size of the state as compact JSON, in bytes. */
  async stateSize(): Promise<number> {
    return JSON.stringify(JSON.parse(await this.stack.state())).length;
  }

  /** When the program had the tokens of the last run, in milliseconds since 1970, and how long they are. */
  get delivered(): { at: number; lengths: number[] } {
    return JSON.parse(this.stack.readFile("available.json")) as { at: number; lengths: number[] };
  }

  close(): void {
    this.stack.close();
    this.forget();
  }

  private async timed(command: Command, ...args: string[]): Promise<Up> {
    await this.emulator.command(command);
    const startedAt = Date.now();
    const start = performance.now();
    const { child, done } = this.stack.start(...args);
    const stop = watchProvider(child.pid ?? 0);
    const { code, stdout, stderr } = await done;
    const ms = performance.now() - start;
    const provider = stop();
    if (code !== 0) throw new Error(`pulumi ${args.join(" ")} exited with code ${code}:\n${stdout}${stderr}`);
    return { ms, startedAt, provider, tally: await this.emulator.take() };
  }

  private get backend(): string {
    return path.join(this.stack.folder, "backend");
  }

  private get pristine(): string {
    return path.join(this.stack.folder, "pristine");
  }
}

/** Fails unless a run made the requests that its figure stands for. */
export function expectCalls(what: string, { tally }: Up, expected: Partial<Tally["calls"]>): void {
  for (const [kind, wanted] of Object.entries(expected)) {
    const seen = tally.calls[kind as keyof Tally["calls"]];
    if (seen !== wanted) throw new Error(`${what}: expected ${wanted} ${kind} requests, but saw ${seen}.`);
  }
}

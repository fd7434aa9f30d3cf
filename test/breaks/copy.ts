import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { buildSync } from "esbuild";
import { ROOT } from "../../tools/stack";
import { MODEL, applyTo, type Break } from "./break";

const COPIED = ["src", "test", "emulator/src", "tools", "package.json", "tsconfig.json"];
const LIMIT_MS = 1_800_000;
/** The seed is fixed, so that a break is caught every time or never. */
const MODEL_OPTIONS = ["--runs", "2000", "--seed", "1", "--stop"];

interface Report {
  stats: { passes: number; failures: number };
  failures: { fullTitle: string }[];
}

const compiled = (file: string): string => file.replace(/\.ts$/, ".js");

/** A copy of the code in a temporary folder, in which one break at a time is made. It is compiled once, without a type check. */
export class Copy {
  private readonly folder = mkdtempSync(path.join(tmpdir(), "pulumi-turso-tokens-breaks-"));

  constructor() {
    for (const name of COPIED)
      cpSync(path.join(ROOT, name), path.join(this.folder, name), { recursive: true });
    symlinkSync(path.join(ROOT, "node_modules"), path.join(this.folder, "node_modules"), "junction");
    const files = readdirSync(this.folder, { recursive: true, encoding: "utf8" });
    this.compile(files.filter((file) => file.endsWith(".ts") && !file.startsWith("node_modules")));
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Acts while a break is in the copy. */
  with<T>(each: Break, act: () => T): T {
    const file = path.join(this.folder, each.file);
    const source = readFileSync(file, "utf8");
    writeFileSync(file, applyTo(source, each));
    try {
      this.compile([each.file]);
      return act();
    } finally {
      writeFileSync(file, source);
      this.compile([each.file]);
    }
  }

  /** @returns what fails first: the title of a test, or what the model found; undefined if nothing fails */
  firstFailure(test: string): string | undefined {
    return test === MODEL ? this.model() : this.mocha([test]);
  }

  /** @returns the title of the first test that fails @throws Error if mocha cannot run the tests */
  mocha(tests: readonly string[]): string | undefined {
    const output = path.join(this.folder, "report.json");
    rmSync(output, { force: true });
    const { stderr, error } = this.node([
      path.join(ROOT, "node_modules", "mocha", "bin", "mocha.js"),
      ...["--no-config", "--bail", "--timeout", "20000", "--require", "./tools/fast-check-seed.js"],
      ...["--reporter", "json", "--reporter-option", `output=${output}`],
      ...tests.map(compiled),
    ]);
    if (!existsSync(output)) throw error ?? new Error(`mocha could not run ${tests.join(" ")}:\n${stderr}`);
    const { stats, failures } = JSON.parse(readFileSync(output, "utf8")) as Report;
    if (stats.passes + stats.failures === 0) throw new Error(`${tests.join(" ")} contains no tests.`);
    return failures[0]?.fullTitle;
  }

  private model(): string | undefined {
    const { status, stdout, stderr } = this.node([`${MODEL}/soak.js`, ...MODEL_OPTIONS]);
    const schedules = /^(\d+) schedules in /m.exec(stdout)?.[1];
    if (schedules === undefined) throw new Error(`The model did not end:\n${stdout}${stderr}`);
    if (status === 0) return undefined;
    return `schedule ${schedules}: ${/^!! (.*)/m.exec(stdout)?.[1] ?? "no rule named"}`;
  }

  private compile(files: readonly string[]): void {
    buildSync({
      absWorkingDir: this.folder,
      entryPoints: [...files],
      outdir: ".",
      outbase: ".",
      format: "cjs",
      platform: "node",
      target: "node20",
      logLevel: "error",
    });
  }

  private node(args: readonly string[]) {
    return spawnSync(process.execPath, args, {
      cwd: this.folder,
      encoding: "utf8",
      timeout: LIMIT_MS,
      maxBuffer: 1e9,
    });
  }
}

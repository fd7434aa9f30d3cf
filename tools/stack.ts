import { spawn, type ChildProcess } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { killTree } from "./kill-tree.js";
import { findCli } from "./pulumi-cli/cli.js";

export const ROOT = path.dirname(__dirname);

export interface CommandResult {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface StackOptions {
  /** Files and folders of this repository that make up the Pulumi project. They are copied, so that a run does not change them. */
  copy?: { from: string; files: string[] };
  /** The JavaScript program, in which `turso` and `pulumi` are imported. */
  program?: string;
  /** Whether the program's resources are those of the native plugin instead of the dynamic ones. */
  isNative?: boolean;
  /** Whether the project installs its own packages instead of using this repository's. */
  ownPackages?: boolean;
  /** Folders with programs that the project needs, in front of those of PATH. */
  programs?: string[];
  /** Added to the environment. A variable that is undefined is removed. */
  env?: Record<string, string | undefined>;
}

/** A Pulumi stack in a temporary folder with a file backend, driven through the real CLI. */
export class Stack {
  readonly folder = mkdtempSync(path.join(tmpdir(), "pulumi-turso-tokens-"));
  readonly project: string;
  readonly env: Record<string, string | undefined>;
  private readonly isNative: boolean;
  private readonly children = new Set<ChildProcess>();

  constructor({ copy, program, isNative = false, ownPackages = false, programs = [], env }: StackOptions) {
    const cli = findCli();
    if (cli === undefined) throw new Error("The Pulumi CLI is not installed: run `npm run setup`.");
    this.isNative = isNative;
    for (const name of ["backend", "home", "tmp"]) mkdirSync(path.join(this.folder, name));
    this.project = path.join(this.folder, "project");
    mkdirSync(this.project);
    if (!ownPackages)
      symlinkSync(path.join(ROOT, "node_modules"), path.join(this.project, "node_modules"), "junction");
    if (copy)
      for (const file of copy.files)
        cpSync(path.join(ROOT, copy.from, file), path.join(this.project, file), { recursive: true });
    else this.writeProject(isNative);
    if (program !== undefined) this.write(program);
    this.env = {
      ...withoutTurso(process.env),
      PATH: [...programs, cli.bin, process.env["PATH"] ?? ""].join(path.delimiter),
      PULUMI_HOME: path.join(this.folder, "home"),
      PULUMI_BACKEND_URL: `file://${path.join(this.folder, "backend")}`,
      PULUMI_CONFIG_PASSPHRASE: "a passphrase for a stack that lasts a minute",
      PULUMI_SKIP_UPDATE_CHECK: "1",
      PULUMI_STACK: undefined,
      TMPDIR: path.join(this.folder, "tmp"),
      ...env,
    };
  }

  /** Replaces the program. @param isNative whether its resources are those of the native plugin from now on */
  write(program: string, isNative = this.isNative): void {
    const preamble = `"use strict";\nconst pulumi = require("@pulumi/pulumi");\nconst turso = require("${isNative ? "./native-sdk.js" : "pulumi-turso-tokens"}");\n`;
    this.writeFile("index.js", preamble + program);
  }

  /** Writes a file into the project. */
  writeFile(name: string, text: string): void {
    writeFileSync(path.join(this.project, name), text);
  }

  /** Reads a file of the project. */
  readFile(name: string): string {
    return readFileSync(path.join(this.project, name), "utf8");
  }

  /** Runs the CLI in the project's folder. */
  run(...args: string[]): Promise<CommandResult> {
    return this.start(...args).done;
  }

  /** Starts the CLI in its own process group, so that a signal can reach all of its processes. */
  start(...args: string[]): { child: ChildProcess; done: Promise<CommandResult> } {
    const env = Object.fromEntries(Object.entries(this.env).filter(([, value]) => value !== undefined));
    const child = spawn("pulumi", [...args, "--non-interactive"], {
      cwd: this.project,
      env,
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.children.add(child);
    const done = new Promise<CommandResult>((resolve, reject) => {
      let [stdout, stderr] = ["", ""];
      child.stdout.on("data", (chunk) => (stdout += String(chunk)));
      child.stderr.on("data", (chunk) => (stderr += String(chunk)));
      child.on("error", reject);
      child.on("close", (code) => {
        this.children.delete(child);
        resolve({ code, stdout, stderr });
      });
    });
    return { child, done };
  }

  /** Runs the CLI and throws an error with its output unless it succeeds. */
  async must(...args: string[]): Promise<CommandResult> {
    const run = await this.run(...args);
    if (run.code !== 0)
      throw new Error(`pulumi ${args.join(" ")} exited with code ${run.code}:\n${run.stdout}${run.stderr}`);
    return run;
  }

  async init(config: Record<string, string> = {}, secrets: Record<string, string> = {}): Promise<void> {
    await this.must("stack", "init", "dev");
    const plain = Object.entries(config).flatMap(([key, value]) => ["--plaintext", `${key}=${value}`]);
    const secret = Object.entries(secrets).flatMap(([key, value]) => ["--secret", `${key}=${value}`]);
    if (plain.length + secret.length > 0) await this.must("config", "set-all", ...plain, ...secret);
  }

  async outputs(): Promise<Record<string, unknown>> {
    const { stdout } = await this.must("stack", "output", "--json", "--show-secrets");
    return JSON.parse(stdout) as Record<string, unknown>;
  }

  /** The state as the CLI exports it, with encrypted secrets. */
  async state(): Promise<string> {
    return (await this.must("stack", "export")).stdout;
  }

  /** Kills running commands and removes the folder. Safe to call twice, and from an exit handler. */
  close(): void {
    for (const child of this.children) if (child.pid !== undefined) killTree(child.pid);
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  private writeProject(isNative: boolean): void {
    const runtime = "runtime:\n  name: nodejs\n  options:\n    typescript: false\n";
    this.writeFile("Pulumi.yaml", `name: app\n${runtime}${isNative ? PLUGIN : ""}`);
    this.writeFile("package.json", '{ "name": "app", "private": true }\n');
    for (const file of isNative ? ["test/e2e/native-sdk.js", "src/hosts/plugin/schema.json"] : [])
      cpSync(path.join(ROOT, file), path.join(this.project, path.basename(file)));
  }
}

/** Where the engine finds the native plugin. */
const PLUGIN = `plugins:
  providers:
    - name: turso-tokens
      path: ${path.join(ROOT, "dist", "plugin")}
`;

/** Without these variables, neither a test nor the demonstration can reach a real organization. */
const withoutTurso = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(env).filter(([name]) => !/^(TURSO|PULUMI)_/.test(name)));

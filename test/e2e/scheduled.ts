import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { ROOT, type CommandResult } from "../../tools/stack";
import { inSandbox, type Sandbox } from "./sandbox";

const FOLDER = "examples/scheduled";
const COPY = {
  from: FOLDER,
  files: ["Pulumi.yaml", "package.json", "tsconfig.json", "index.ts", "deliver.ts"],
};

/** Pulumi's YAML parser, which has no type declarations. */
const { load } = createRequire(__filename)("js-yaml") as { load: (text: string) => unknown };
const parse = (file: string): unknown => load(readFileSync(path.join(ROOT, FOLDER, file), "utf8"));

interface Step {
  uses?: string;
  run?: string;
  if?: string;
  env?: Record<string, string>;
}

interface Workflow {
  on: { schedule: { cron: string }[]; workflow_dispatch: { inputs: { reason: { required: boolean } } } };
  permissions: object;
  concurrency: { group: string; "cancel-in-progress": boolean };
  env: Record<string, string>;
  jobs: Record<
    "rotate" | "drift" | "report",
    { if: string; needs?: string[]; permissions?: object; steps: Step[] }
  >;
}

interface GitlabJob {
  resource_group?: string;
  interruptible?: boolean;
  script: string[];
}

type Pipeline = Record<"rotate" | "drift" | "status" | "report", GitlabJob> & {
  default: { before_script: string[] };
};

export const github = parse(".github/workflows/rotate.yml") as Workflow;
export const gitlab = parse(".gitlab-ci.yml") as Pipeline;

/** One of a CI system's jobs. */
export interface Job {
  /** The scripts of its steps after the packages are installed. Each runs in a shell of its own. */
  scripts: string[];
  /** Whether a step runs although an earlier one failed. */
  always: boolean[];
  /** The variable with the run's number. */
  runId: string;
}

function githubJob(name: keyof Workflow["jobs"]): Job {
  const steps = github.jobs[name].steps.filter(({ run }) => run !== undefined && run !== "npm ci");
  return {
    scripts: steps.map(({ run = "" }) => run),
    always: steps.map((step) => step.if === "always()"),
    runId: "GITHUB_RUN_ID",
  };
}

const gitlabJob = (name: "rotate" | "drift" | "status" | "report"): Job => ({
  scripts: [gitlab[name].script.join("\n")],
  always: [false],
  runId: "CI_PIPELINE_ID",
});

export const GITHUB = {
  rotate: githubJob("rotate"),
  drift: githubJob("drift"),
  report: githubJob("report"),
};
export const GITLAB = {
  rotate: gitlabJob("rotate"),
  drift: gitlabJob("drift"),
  status: gitlabJob("status"),
  report: gitlabJob("report"),
};

/** Here both commands are built or installed elsewhere; in CI, npx finds them in node_modules. */
const NPX = `#!/bin/sh
case "$1" in
  pulumi) exec "$@" --non-interactive ;;
  pulumi-turso-tokens) shift; exec node "${path.join(ROOT, "dist", "status", "cli.js")}" "$@" ;;
  *) exit 127 ;;
esac
`;

/** Executables that a job finds before those of the machine. */
function commands(folder: string, others: Record<string, string>): string {
  const bin = path.join(folder, "bin");
  mkdirSync(bin, { recursive: true });
  for (const [name, text] of Object.entries({ npx: NPX, ...others }))
    writeFileSync(path.join(bin, name), text, { mode: 0o755 });
  return bin;
}

/** A run of a job: its number, and what a person or a test adds. */
export interface JobRun {
  id: number;
  reason?: string;
  env?: Record<string, string>;
  commands?: Record<string, string>;
}

/** Runs a job's steps in the stack's project, as the CI system does. In a scheduled run, the reason is empty. */
export async function runJob(sandbox: Sandbox, job: Job, run: JobRun): Promise<CommandResult> {
  const { stack } = sandbox;
  const env = {
    ...stack.env,
    PATH: `${commands(stack.folder, run.commands ?? {})}:${stack.env["PATH"] ?? ""}`,
    [job.runId]: String(run.id),
    ROTATE_REASON: run.reason ?? "",
    // a secret that does not exist is an empty variable
    PULUMI_ACCESS_TOKEN: "",
    GITHUB_STEP_SUMMARY: path.join(stack.folder, "summary"),
    ...run.env,
  };
  sandbox.turso.clearLog();
  const result: CommandResult = { code: 0, stdout: "", stderr: "" };
  for (const [i, script] of job.scripts.entries()) {
    if (result.code !== 0 && job.always[i] !== true) continue;
    const child = spawn("bash", ["-eo", "pipefail", "-c", script], { cwd: stack.project, env });
    child.stdout.on("data", (chunk) => (result.stdout += String(chunk)));
    child.stderr.on("data", (chunk) => (result.stderr += String(chunk)));
    const code = await new Promise<number | null>((resolve, reject) => {
      child.on("error", reject);
      child.on("close", resolve);
    });
    if (code !== 0) result.code = code;
  }
  return result;
}

/** A stack as in CI: its config is committed, and the environment holds an API token with the least permissions. */
export async function inCi(
  body: (sandbox: Sandbox, delivered: () => string) => Promise<void>,
  config: Record<string, string> = {},
): Promise<void> {
  await inSandbox({ copy: COPY, config: { group: "default", ...config } }, async (sandbox) => {
    const file = path.join(sandbox.stack.folder, "delivered");
    await sandbox.stack.must("config", "set", "deliver", `cat > ${file}`);
    await sandbox.stack.must("config", "rm", "turso:apiToken");
    const fleet = config["fleet"] === "true" ? (["db:mint-token"] as const) : [];
    sandbox.stack.env["TURSO_API_TOKEN"] = sandbox.turso.createApiToken({
      permissions: ["group:rotate-creds", "group:mint-token", "read", ...fleet],
    });
    await body(sandbox, () => readFileSync(file, "utf8"));
  });
}

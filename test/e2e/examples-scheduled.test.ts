import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { ROOT, type CommandResult } from "../../tools/stack";
import { Sandbox, inSandbox } from "./sandbox";

const FOLDER = "examples/scheduled";
const COPY = { from: FOLDER, files: ["Pulumi.yaml", "package.json", "tsconfig.json", "index.ts"] };

/** Pulumi's YAML parser, which has no type declarations. */
const { load } = createRequire(__filename)("js-yaml") as { load: (text: string) => unknown };
const parse = (file: string): unknown => load(readFileSync(path.join(ROOT, FOLDER, file), "utf8"));

interface Workflow {
  on: { schedule: { cron: string }[]; workflow_dispatch: { inputs: { reason: { default: string } } } };
  permissions: object;
  concurrency: { group: string; "cancel-in-progress": boolean };
  jobs: { rotate: { env: Record<string, string>; steps: Step[] } };
}

interface Step {
  uses?: string;
  run?: string;
  env?: Record<string, string>;
}

interface Pipeline {
  variables: { ROTATE_REASON: { value: string } };
  rotate: {
    resource_group: string;
    interruptible: boolean;
    rules: { if: string }[];
    before_script: string[];
    script: string[];
  };
}

const github = parse(".github/workflows/rotate.yml") as Workflow;
const gitlab = parse(".gitlab-ci.yml") as Pipeline;

interface Ci {
  /** The commands of its job after the packages are installed. */
  script: string[];
  /** The variable with the run's number. */
  runId: string;
}

const GITHUB: Ci = {
  script: github.jobs.rotate.steps.flatMap(({ run }) => (run !== undefined && run !== "npm ci" ? [run] : [])),
  runId: "GITHUB_RUN_ID",
};
const GITLAB: Ci = { script: gitlab.rotate.script, runId: "CI_PIPELINE_ID" };

/** A reason full of shell syntax, none of which the shell may interpret. */
const REASON = `a "leak" & $(more) 'of it'`;

/** Runs a job's script in the stack's project. In a scheduled run, both systems set an empty reason. */
async function run(sandbox: Sandbox, { script, runId }: Ci, id: number, reason = ""): Promise<CommandResult> {
  const { stack } = sandbox;
  // here the CLI is on the PATH; in CI, npx finds it in node_modules
  const bin = path.join(stack.folder, "bin");
  mkdirSync(bin, { recursive: true });
  writeFileSync(path.join(bin, "npx"), '#!/bin/sh\nexec "$@" --non-interactive\n', { mode: 0o755 });
  const env = {
    ...stack.env,
    PATH: `${bin}:${stack.env["PATH"] ?? ""}`,
    [runId]: String(id),
    ROTATE_REASON: reason,
  };
  sandbox.turso.clearLog();
  return new Promise((resolve, reject) => {
    const child = spawn("bash", ["-euo", "pipefail", "-c", script.join("\n")], { cwd: stack.project, env });
    let [stdout, stderr] = ["", ""];
    child.stdout.on("data", (chunk) => (stdout += String(chunk)));
    child.stderr.on("data", (chunk) => (stderr += String(chunk)));
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
}

/** A stack as in CI: its config is committed, and the environment holds an API token with the least permissions. */
async function inCi(body: (sandbox: Sandbox) => Promise<void>): Promise<void> {
  await inSandbox({ copy: COPY, config: { group: "default" } }, async (sandbox) => {
    await sandbox.stack.must("config", "rm", "turso:apiToken");
    sandbox.stack.env["TURSO_API_TOKEN"] = sandbox.turso.createApiToken({
      permissions: ["group:rotate-creds", "group:mint-token", "read"],
    });
    await body(sandbox);
  });
}

/** Runs a job, which must succeed, and returns its number of rotations. */
async function rotationsOf(sandbox: Sandbox, ci: Ci, id: number, reason?: string): Promise<number> {
  const before = sandbox.rotations.length;
  const { code, stdout, stderr } = await run(sandbox, ci, id, reason);
  assert.equal(code, 0, stdout + stderr);
  return sandbox.rotations.length - before;
}

describe("the example of scheduled rotation in CI", () => {
  it("the GitHub workflow rotates by age, and exactly once per emergency", () =>
    inCi(async (sandbox) => {
      assert.equal(await rotationsOf(sandbox, GITHUB, 1), 1, "the first run");
      assert.equal(await rotationsOf(sandbox, GITHUB, 2), 0, "a scheduled run with nothing due");
      assert.deepEqual(sandbox.calls, []);
      await sandbox.stack.must("config", "set", "rotateEvery", "5s");
      assert.equal(await rotationsOf(sandbox, GITHUB, 3), 1, "a scheduled run with a rotation due");
      await sandbox.stack.must("config", "set", "rotateEvery", "90d");

      const { token: leaked } = await sandbox.stack.outputs();
      assert.equal(await rotationsOf(sandbox, GITHUB, 4, REASON), 1, "an emergency");
      const { token, trigger } = await sandbox.stack.outputs();
      assert.notEqual(token, leaked);
      assert.equal(trigger, `${REASON} (run 4)`);
      assert.equal(await rotationsOf(sandbox, GITHUB, 4, REASON), 0, "a rerun of the same run");
      assert.equal(await rotationsOf(sandbox, GITHUB, 5), 0, "the next scheduled run");
      assert.deepEqual(sandbox.calls, []);
      assert.equal(
        await rotationsOf(sandbox, GITHUB, 6, REASON),
        1,
        "a second emergency with the same reason",
      );
      assert.equal(await rotationsOf(sandbox, GITHUB, 7), 0, "the scheduled run after that");
    }));

  it("the GitLab pipeline does the same", () =>
    inCi(async (sandbox) => {
      assert.equal(await rotationsOf(sandbox, GITLAB, 1), 1, "the first run");
      assert.equal(await rotationsOf(sandbox, GITLAB, 2, REASON), 1, "an emergency");
      assert.equal((await sandbox.stack.outputs())["trigger"], `${REASON} (pipeline 2)`);
      assert.equal(await rotationsOf(sandbox, GITLAB, 2, REASON), 0, "a retry of the same pipeline");
      assert.equal(await rotationsOf(sandbox, GITLAB, 3), 0, "the next scheduled run");
      assert.deepEqual(sandbox.calls, []);
    }));

  it("a rerun repeats a failed emergency rotation, and a scheduled run does not", () =>
    inCi(async (sandbox) => {
      await rotationsOf(sandbox, GITHUB, 1);
      sandbox.turso.fault({
        method: "POST",
        path: /\/groups\/default\/auth\/rotate$/,
        when: "before",
        action: { type: "status", status: 403 },
      });
      assert.notEqual((await run(sandbox, GITHUB, 2, "leaked")).code, 0);
      assert.equal(await rotationsOf(sandbox, GITHUB, 3), 0);
      assert.equal(await rotationsOf(sandbox, GITHUB, 2, "leaked"), 1);
      assert.equal(await rotationsOf(sandbox, GITHUB, 4), 0);
    }));

  it("both CI files serialize their runs without cancelling any", () => {
    assert.deepEqual(github.concurrency, { group: "turso-rotation", "cancel-in-progress": false });
    assert.equal(gitlab.rotate.resource_group, "turso-rotation");
    assert.equal(gitlab.rotate.interruptible, false);
  });

  it("both CI files support scheduled and manual runs, with an empty reason by default", () => {
    assert.equal(github.on.schedule.length, 1);
    assert.equal(github.on.workflow_dispatch.inputs.reason.default, "");
    assert.equal(gitlab.variables.ROTATE_REASON.value, "");
    assert.deepEqual(
      gitlab.rotate.rules.map((rule) => rule.if),
      ['$CI_PIPELINE_SOURCE == "schedule"', '$CI_PIPELINE_SOURCE == "web"'],
    );
  });

  it("the GitHub workflow has read-only permissions, pins its actions, and passes user input through the environment only", () => {
    const { env, steps } = github.jobs.rotate;
    assert.deepEqual(github.permissions, { contents: "read" });
    for (const { uses } of steps) if (uses !== undefined) assert.match(uses, /^actions\/[a-z-]+@v\d+$/);
    for (const { run: text } of steps) assert.doesNotMatch(text ?? "", /\$\{\{/);
    assert.equal(steps.at(-1)?.env?.["ROTATE_REASON"], "${{ inputs.reason }}");
    for (const name of ["TURSO_API_TOKEN", "PULUMI_CONFIG_PASSPHRASE", "PULUMI_BACKEND_URL"])
      assert.equal(env[name], `\${{ secrets.${name} }}`);
  });

  it("both CI files install the packages, then run the same command", () => {
    assert.ok(github.jobs.rotate.steps.some((step) => step.run === "npm ci"));
    assert.deepEqual(gitlab.rotate.before_script, ["npm ci"]);
    for (const { script } of [GITHUB, GITLAB]) {
      assert.equal(script.length, 1);
      assert.match(
        script[0] ?? "",
        /^ROTATE_NOW="\$\{ROTATE_REASON:\+\$ROTATE_REASON \(.*\)\}" npx pulumi up --yes --skip-preview$/,
      );
    }
  });
});

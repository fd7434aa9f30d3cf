import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Sandbox } from "./sandbox";
import { GITHUB, GITLAB, inCi, runJob, type Job } from "./scheduled";

/** A reason full of shell syntax, none of which the shell may interpret. */
const REASON = `a "leak" & $(more) 'of it'`;

/** Runs a job, which must succeed, and returns its number of rotations. */
async function rotationsOf(sandbox: Sandbox, job: Job, id: number, reason?: string): Promise<number> {
  const before = sandbox.rotations.length;
  const { code, stdout, stderr } = await runJob(sandbox, job, { id, ...(reason && { reason }) });
  assert.equal(code, 0, stdout + stderr);
  return sandbox.rotations.length - before;
}

/** Makes the next rotation fail before it is carried out. */
const refuseRotation = (sandbox: Sandbox): void =>
  sandbox.turso.fault({
    method: "POST",
    path: /\/groups\/default\/auth\/rotate$/,
    when: "before",
    action: { type: "status", status: 403 },
  });

describe("the example of scheduled rotation in CI", () => {
  it("the GitHub workflow rotates by age, and exactly once per emergency", () =>
    inCi(async (sandbox, delivered) => {
      const { rotate } = GITHUB;
      assert.equal(await rotationsOf(sandbox, rotate, 1), 1, "the first run");
      assert.equal(await rotationsOf(sandbox, rotate, 2), 0, "a scheduled run with nothing due");
      assert.deepEqual(sandbox.calls, []);
      await sandbox.stack.must("config", "set", "rotateEvery", "5s");
      assert.equal(await rotationsOf(sandbox, rotate, 3), 1, "a scheduled run with a rotation due");
      await sandbox.stack.must("config", "set", "rotateEvery", "90d");

      const leaked = delivered();
      assert.equal(await rotationsOf(sandbox, rotate, 4, REASON), 1, "an emergency");
      const { token, trigger } = await sandbox.stack.outputs();
      assert.notEqual(token, leaked);
      assert.equal(token, delivered());
      assert.equal(await sandbox.accepts("app", delivered()), true);
      assert.equal(trigger, `${REASON} (run 4)`);
      assert.equal(await rotationsOf(sandbox, rotate, 4, REASON), 0, "a rerun of the same run");
      assert.equal(await rotationsOf(sandbox, rotate, 5), 0, "the next scheduled run");
      assert.deepEqual(sandbox.calls, []);
      assert.equal(await rotationsOf(sandbox, rotate, 6, REASON), 1, "a second emergency, same reason");
      assert.equal(await rotationsOf(sandbox, rotate, 7), 0, "the scheduled run after that");
    }));

  it("the GitLab pipeline does the same", () =>
    inCi(async (sandbox, delivered) => {
      const { rotate } = GITLAB;
      assert.equal(await rotationsOf(sandbox, rotate, 1), 1, "the first run");
      assert.equal(await rotationsOf(sandbox, rotate, 2, REASON), 1, "an emergency");
      assert.equal((await sandbox.stack.outputs())["trigger"], `${REASON} (pipeline 2)`);
      assert.equal(await sandbox.accepts("app", delivered()), true);
      assert.equal(await rotationsOf(sandbox, rotate, 2, REASON), 0, "a retry of the same pipeline");
      assert.equal(await rotationsOf(sandbox, rotate, 3), 0, "the next scheduled run");
      assert.deepEqual(sandbox.calls, []);
    }));

  it("a rerun repeats a failed emergency rotation, and a scheduled run does not", () =>
    inCi(async (sandbox) => {
      const { rotate } = GITHUB;
      await rotationsOf(sandbox, rotate, 1);
      refuseRotation(sandbox);
      assert.notEqual((await runJob(sandbox, rotate, { id: 2, reason: "leaked" })).code, 0);
      assert.equal(await rotationsOf(sandbox, rotate, 3), 0);
      assert.equal(await rotationsOf(sandbox, rotate, 2, "leaked"), 1);
      assert.equal(await rotationsOf(sandbox, rotate, 4), 0);
    }));

  it("rotates nothing before the config says where the token goes", () =>
    inCi(async (sandbox) => {
      await sandbox.stack.must("config", "rm", "deliver");
      const { code, stdout, stderr } = await runJob(sandbox, GITHUB.rotate, { id: 1 });
      assert.notEqual(code, 0);
      assert.match(stdout + stderr, /Set the command that delivers a new token/);
      assert.deepEqual(sandbox.rotations, []);
    }));

  it("a failed delivery fails the run without showing the token, and the next run repeats it", () =>
    inCi(async (sandbox, delivered) => {
      await rotationsOf(sandbox, GITHUB.rotate, 1);
      const { token: first } = await sandbox.stack.outputs();
      const [working = ""] = /cat > .*/.exec(sandbox.stack.readFile("Pulumi.dev.yaml")) ?? [];
      await sandbox.stack.must("config", "set", "deliver", "cat >&2; echo ' is refused' >&2; exit 3");
      const { code, stdout, stderr } = await runJob(sandbox, GITHUB.rotate, { id: 2, reason: "leaked" });
      assert.notEqual(code, 0);
      assert.match(stdout + stderr, /The delivery failed .*: \[(token|secret)\] is refused/);
      assert.doesNotMatch(stdout + stderr, /eyJ/);
      assert.equal(delivered(), first);
      await sandbox.stack.must("config", "set", "deliver", working);
      assert.equal(await rotationsOf(sandbox, GITHUB.rotate, 3), 0, "it delivers without a rotation");
      assert.equal(await sandbox.accepts("app", delivered()), true);
    }));

  it("delivers the tokens of a fleet as one JSON object", () =>
    inCi(
      async (sandbox, delivered) => {
        for (const reason of [undefined, "leaked"]) {
          assert.equal(await rotationsOf(sandbox, GITHUB.rotate, 1, reason), 1);
          const tokens = JSON.parse(delivered()) as Record<string, string>;
          assert.deepEqual(Object.keys(tokens).sort(), ["app", "reports"]);
          for (const [name, token] of Object.entries(tokens))
            assert.equal(await sandbox.accepts(name, token), true, name);
        }
      },
      { fleet: "true" },
    ));

  for (const [system, { drift, rotate }] of Object.entries({ GitHub: GITHUB, GitLab: GITLAB }))
    it(`the drift job of ${system} fails after a rotation by hand, and the next nightly run mints new tokens`, () =>
      inCi(async (sandbox, delivered) => {
        await rotationsOf(sandbox, rotate, 1);
        assert.equal((await runJob(sandbox, drift, { id: 2 })).code, 0, "without drift");
        sandbox.turso.platform.rotateGroup("default");
        const { code, stdout, stderr } = await runJob(sandbox, drift, { id: 3 });
        assert.notEqual(code, 0, stdout + stderr);
        assert.match(stdout, /Previewing update/);
        assert.equal(await sandbox.accepts("app", delivered()), false);
        assert.equal(await rotationsOf(sandbox, rotate, 4), 0);
        assert.equal(await sandbox.accepts("app", delivered()), true);
      }));

  it("the GitHub workflow shows the status, and fails if something is overdue or unresolved", () =>
    inCi(async (sandbox) => {
      const summaries = () =>
        readFileSync(path.join(sandbox.stack.folder, "summary"), "utf8").split("```text\n").slice(1);
      assert.equal((await runJob(sandbox, GITHUB.rotate, { id: 1 })).code, 0);
      assert.match(summaries().at(-1) ?? "", /default[^]*\n```\n$/);
      await sandbox.stack.must("config", "set", "rotateEvery", "1s");
      await runJob(sandbox, GITHUB.rotate, { id: 2 });
      await sleep(1000);
      const status = { ...GITHUB.rotate, scripts: GITHUB.rotate.scripts.slice(-1) };
      assert.equal((await runJob(sandbox, status, { id: 2 })).code, 1);
      assert.match(summaries().at(-1) ?? "", /overdue/i);
      refuseRotation(sandbox);
      assert.notEqual((await runJob(sandbox, GITHUB.rotate, { id: 3, reason: "leaked" })).code, 0);
      assert.equal(summaries().length, 4, "there is no summary of a failed run");
    }));

  it("the GitLab pipeline does the same in a job of its own", () =>
    inCi(async (sandbox) => {
      await rotationsOf(sandbox, GITLAB.rotate, 1);
      const { code, stdout } = await runJob(sandbox, GITLAB.status, { id: 1 });
      assert.equal(code, 0);
      assert.match(stdout, /default/);
      assert.equal(sandbox.stack.readFile("status.txt"), stdout);
      await sandbox.stack.must("config", "set", "rotateEvery", "1s");
      await rotationsOf(sandbox, GITLAB.rotate, 2);
      await sleep(1000);
      assert.equal((await runJob(sandbox, GITLAB.status, { id: 2 })).code, 1);
    }));
});

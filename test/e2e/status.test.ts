import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { ROOT } from "../../tools/stack";
import type { Report } from "../../src/status/report";
import { inSandbox, type Sandbox } from "./sandbox";

const CLI = path.join(ROOT, "dist", "status", "cli.js");
const UP = ["up", "--yes", "--skip-preview"];

/** A list with tokens, a group with a token for each database, and an AuthToken that follows the list. */
const program = (trigger: number, extra = "") => `
  const tenants = new turso.TokenRotation("tenants", {
    scope: { databases: ["app", "reports"] }, trigger: ${trigger}, rotateEvery: "30d", mint: {}, ${extra}
  });
  new turso.TokenRotation("group", { scope: { group: "other" }, trigger: pulumi.secret(${trigger}), mint: { per: "database" } });
  new turso.AuthToken("api", { scope: { database: "app" }, rotation: tenants, expiration: "60d" });`;

interface Result {
  code: number | null;
  out: string;
  report: Report;
}

/** Runs the built command on the stack's export, as JSON and as a table. */
async function status(sandbox: Sandbox, { now = 0, exported = [] as string[], args = [] as string[] } = {}) {
  const { stdout: input } = await sandbox.stack.must("stack", "export", ...exported);
  const clock = now === 0 ? [] : ["--require", clockAhead(sandbox, now)];
  const run = (...more: string[]) =>
    spawnSync(process.execPath, [...clock, CLI, "status", ...args, ...more], { input, encoding: "utf8" });
  const [json, table] = [run("--json"), run()];
  assert.deepEqual([json.stderr, table.stderr, json.status], ["", "", table.status]);
  return {
    code: table.status,
    out: table.stdout,
    report: JSON.parse(json.stdout) as Report,
  } satisfies Result;
}

/** A module that sets the clock of a process ahead. */
function clockAhead(sandbox: Sandbox, ms: number): string {
  const file = path.join(sandbox.stack.folder, "clock.js");
  const text = `const D = Date; globalThis.Date = class extends D { constructor(...a) { super(...(a.length ? a : [D.now() + ${ms}])); } };`;
  writeFileSync(file, text);
  return file;
}

const DAY = 86_400_000;
const JWT = /eyJ[\w-]+\.[\w-]+/;

describe("status of a real export", () => {
  it("is fine after an up, overdue once its time is over, and unresolved after a failure, and shows no secret", () =>
    inSandbox({ program: program(1), serverGeneration: "current" }, async (sandbox) => {
      await sandbox.up();
      sandbox.turso.clearLog();
      const fine = await status(sandbox);
      assert.equal(fine.code, 0, fine.out);
      assert.deepEqual(fine.report.counts, { targets: 3, tokens: 4, overdue: 0, unresolved: 0, expired: 0 });
      assert.deepEqual(fine.report.rows.map(({ kind, target }) => `${kind} ${target}`).sort(), [
        "auth-token acme/databases/app",
        "list acme/databases",
        "minted-token acme/databases/lone",
        "target acme/databases/app",
        "target acme/databases/reports",
        "target acme/groups/other",
      ]);

      const late = await status(sandbox, { now: 31 * DAY });
      assert.equal(late.code, 1);
      assert.deepEqual(late.report.counts, { targets: 3, tokens: 4, overdue: 2, unresolved: 0, expired: 0 });
      assert.equal((await status(sandbox, { now: 31 * DAY, args: ["--grace", "2d"] })).code, 0);
      assert.equal((await status(sandbox, { now: 61 * DAY })).report.counts.expired, 1);

      const shown = await status(sandbox, { exported: ["--show-secrets"] });
      assert.doesNotMatch(shown.out + JSON.stringify(shown.report), JWT);
      const group = shown.report.rows.find(({ target }) => target === "acme/groups/other");
      assert.deepEqual([group?.by, group?.trigger], ["creation", "(secret)"]);
      assert.deepEqual(sandbox.calls, [], "status sent requests");

      sandbox.turso.fault({
        path: "/v1/organizations/acme/databases/reports/auth/rotate",
        when: "before",
        action: { type: "status", status: 402, body: '{"error":"payment required"}' },
      });
      sandbox.stack.write(program(2));
      await sandbox.fails(...UP);
      const failed = await status(sandbox);
      assert.equal(failed.code, 1);
      assert.match(
        failed.out,
        /Unresolved:\n {2}acme\/databases\/reports: the API answered 402 \(payment required\)\./,
      );
      await sandbox.up();
      assert.equal((await status(sandbox)).code, 0);
    }));

  it("reads the states of the native plugin too", () =>
    inSandbox({ program: program(1), serverGeneration: "current", isNative: true }, async (sandbox) => {
      await sandbox.up();
      const { code, report } = await status(sandbox);
      assert.deepEqual([code, report.counts.targets, report.counts.tokens], [0, 3, 4]);
    }));

  it("loads neither Pulumi nor axios", () => {
    const list = `require(${JSON.stringify(path.join(path.dirname(CLI), "command.js"))}); console.log(Object.keys(require.cache).join("\\n"));`;
    const loaded = execFileSync(process.execPath, ["-e", list], { encoding: "utf8" });
    assert.match(loaded, /dist\/status\/table\.js/);
    assert.doesNotMatch(loaded, /node_modules\/(@pulumi|axios)/);
    assert.ok(existsSync(CLI) && readFileSync(CLI, "utf8").startsWith("#!/usr/bin/env node\n"));
  });
});

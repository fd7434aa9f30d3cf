import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { spawnSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { GITHUB, GITLAB } from "./scheduled";

/** Records its arguments, and lists the issue that the environment names. */
const GH = `#!/bin/sh
echo "$1 $2" >> "$GH_LOG"
case "$1 $2" in
  "issue list") printf '%s' "$OPEN_ISSUE" ;;
  "issue create" | "issue comment") printf '%s\\n' "$@" >> "$GH_LOG" ;;
esac
`;
const RUN_URL = "https://github.com/acme/orders/actions/runs/7";

/** Runs GitHub's reporting script with a `gh` that only records, and returns the record. */
function reportOnGithub(openIssue: string): string {
  const folder = mkdtempSync(path.join(tmpdir(), "report-"));
  try {
    writeFileSync(path.join(folder, "gh"), GH, { mode: 0o755 });
    const log = path.join(folder, "log");
    const PATH = `${folder}:${process.env["PATH"] ?? ""}`;
    const { status, stderr } = spawnSync(
      "bash",
      ["-eo", "pipefail", "-c", GITHUB.report.scripts.join("\n")],
      {
        env: { ...process.env, PATH, GH_LOG: log, OPEN_ISSUE: openIssue, RUN_URL },
        encoding: "utf8",
      },
    );
    assert.equal(status, 0, stderr);
    return readFileSync(log, "utf8");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe("a failed run of the scheduled example", () => {
  it("opens an issue on GitHub that links to the run", () => {
    const record = reportOnGithub("");
    assert.match(record, /issue create\nissue\ncreate\n--label\nturso-rotation\n/);
    assert.ok(record.includes(RUN_URL), record);
    assert.ok(record.includes("The rotation of Turso tokens failed"), record);
  });

  it("adds to the issue that is already open", () => {
    const record = reportOnGithub("12");
    assert.match(record, /issue comment\nissue\ncomment\n12\n/);
    assert.ok(record.includes(RUN_URL), record);
    assert.doesNotMatch(record, /issue create/);
  });

  it("sends the pipeline's link to a webhook on GitLab, and fails if that fails", async () => {
    const bodies: string[] = [];
    let status = 200;
    const server = createServer((request, response) => {
      request.on("data", (chunk) => bodies.push(String(chunk)));
      request.on("end", () => response.writeHead(status).end());
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const send = async (): Promise<unknown> => {
      const child = spawn("bash", ["-eo", "pipefail", "-c", GITLAB.report.scripts.join("\n")], {
        env: { ...process.env, ALERT_WEBHOOK_URL: url, CI_PIPELINE_URL: RUN_URL, no_proxy: "*" },
        stdio: "ignore",
      });
      return (await once(child, "close"))[0];
    };
    try {
      assert.equal(await send(), 0);
      const { text } = JSON.parse(bodies.join("")) as { text: string };
      assert.ok(text.includes("The rotation of Turso tokens failed") && text.endsWith(RUN_URL), text);
      status = 500;
      assert.notEqual(await send(), 0);
    } finally {
      server.close();
    }
  });
});

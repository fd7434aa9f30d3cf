import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { fixture } from "../fixtures/states/shapes";
import { NPM } from "./program";
import { manifest, tarball } from "./tarball";

const run = promisify(execFile);

describe("the packed command pulumi-turso-tokens", () => {
  let folder = "";
  before(async () => {
    folder = mkdtempSync(path.join(tmpdir(), "pulumi-turso-tokens-status-"));
    const dependencies = { [manifest.name]: `file:${tarball()}` };
    writeFileSync(
      path.join(folder, "package.json"),
      JSON.stringify({ name: "app", private: true, dependencies }),
    );
    const [tool = "", ...args] = NPM;
    await run(tool, [...args, "--omit=peer"], { cwd: folder });
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  /** Runs the installed command, as a user would. */
  const status = (...args: string[]) =>
    run("npx", ["--no", "pulumi-turso-tokens", "status", ...args], { cwd: folder });

  it("reports on an export without Pulumi being installed", async () => {
    assert.equal(existsSync(path.join(folder, "node_modules", "@pulumi")), false);
    const { stdout } = await status(fixture("0.1.0", "minted"));
    assert.match(
      stdout,
      /^app\/dev at [^]*\n3 targets and 3 tokens: nothing is overdue, unresolved or expired\.\n$/,
    );
  });

  it("exits with 1 for what is unresolved, and with 2 and one sentence for a mistake", async () => {
    const failed = (...args: string[]) =>
      status(...args).then(
        () => assert.fail("it should have failed"),
        (error: unknown) => error as { code: number; stderr: string },
      );
    assert.equal((await failed(fixture("0.1.0", "pending"))).code, 1);
    const { code, stderr } = await failed("no-such-file.json");
    assert.deepEqual([code, stderr], [2, '"no-such-file.json" cannot be read (ENOENT).\n']);
  });

  it("explains itself", async () => assert.match((await status("--help")).stdout, /\nusage: /));
});

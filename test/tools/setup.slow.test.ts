import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { VERSION, findCli } from "../../tools/pulumi-cli/cli.js";
import { useEnvironment } from "../support/environment";

const run = promisify(execFile);
const ROOT = path.join(__dirname, "..", "..");

describe("the set-up", () => {
  const { PULUMI_HOME } = process.env;
  useEnvironment();
  let folder = "";

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), "pulumi-turso-tokens-setup-"));
    process.env["PULUMI_HOME"] = path.join(folder, "home");
  });

  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  /** A folder with the three programs of a CLI, of which `pulumi` prints a version. */
  function cliIn(
    bin: string,
    version: string,
    names = ["pulumi", "pulumi-language-nodejs", "pulumi-resource-pulumi-nodejs"],
  ): void {
    mkdirSync(bin, { recursive: true });
    for (const name of names) {
      writeFileSync(path.join(bin, name), `#!/bin/sh\necho v${version}\n`);
      chmodSync(path.join(bin, name), 0o755);
    }
  }

  const onPath = (...folders: string[]) => (process.env["PATH"] = folders.join(path.delimiter));

  it("uses the user's own CLI on PATH if it is new enough", () => {
    const bin = path.join(folder, "own");
    cliIn(bin, "3.999.1");
    onPath(bin, "/usr/bin", "/bin");
    assert.deepEqual(findCli(), { bin, version: "3.999.1", origin: "PATH" });
  });

  it("prefers the CLI in the cache to one that is too old or lacks the Node.js language host", () => {
    const cached = path.join(folder, "home", "versions", VERSION, "bin");
    const [old, partial] = [path.join(folder, "old"), path.join(folder, "partial")];
    cliIn(old, "3.100.0");
    cliIn(partial, "3.999.0", ["pulumi"]);
    onPath(old, partial, "/usr/bin", "/bin");
    assert.equal(findCli(), undefined);
    cliIn(cached, VERSION);
    assert.deepEqual(findCli(), { bin: cached, version: VERSION, origin: "cache" });
  });

  it("rejects an incomplete CLI", () => {
    const cached = path.join(folder, "home", "versions", VERSION, "bin");
    onPath("/usr/bin", "/bin");
    cliIn(cached, VERSION, ["pulumi", "pulumi-language-nodejs"]);
    assert.equal(findCli(), undefined);
    writeFileSync(path.join(cached, "pulumi-resource-pulumi-nodejs"), "");
    assert.equal(findCli(), undefined);
  });

  it("installs the CLI version that package.json pins", () => {
    const { devDependencies } = JSON.parse(readFileSync(path.join(ROOT, "package.json"), "utf8")) as {
      devDependencies: Record<string, string>;
    };
    assert.equal(devDependencies["pulumi"], VERSION);
  });

  it("has nothing left to do the second time", async function () {
    this.timeout(120_000); // the first time may have to build the package
    const setUp = () =>
      run(process.execPath, [path.join(ROOT, "tools", "setup.js")], { env: { ...process.env, PULUMI_HOME } });
    await setUp();
    const { stdout } = await setUp();
    assert.match(stdout, /^setup: ready in \d\.\d s: Node [\d.]+, Pulumi CLI [\d.]+ \((PATH|cache): .*\)\n$/);
  });
});

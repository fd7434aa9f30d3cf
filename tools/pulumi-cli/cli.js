// @ts-check
// Finds the Pulumi CLI, or installs it where the official npm package `pulumi` looks for it.
"use strict";

const { spawn, spawnSync } = require("node:child_process");
const { accessSync, constants, mkdirSync, mkdtempSync, readdirSync, renameSync } = require("node:fs");
const { chmodSync, copyFileSync, existsSync, rmSync, statSync } = require("node:fs");
const { homedir } = require("node:os");
const path = require("node:path");
const { createInterface } = require("node:readline");

/** The version that this project is tested with. package.json pins the npm package `pulumi` to the same version. */
const VERSION = "3.259.0";
const BINARIES = ["pulumi", "pulumi-language-nodejs", "pulumi-resource-pulumi-nodejs"];
const STAGE_PREFIX = `.${VERSION}-stage-`;

const versionsFolder = () =>
  path.join(process.env.PULUMI_HOME || path.join(homedir(), ".pulumi"), "versions");

/** @param {string} bin a folder @returns {boolean} whether it contains a complete CLI */
function isComplete(bin) {
  return BINARIES.every((name) => {
    try {
      accessSync(path.join(bin, name), constants.X_OK);
      return statSync(path.join(bin, name)).size > 0;
    } catch {
      return false;
    }
  });
}

/** @param {string} found @returns {boolean} */
function isNewEnough(found) {
  const [have, need] = [found, VERSION].map((version) => version.split(".").map(Number));
  for (const [i, part] of (need ?? []).entries()) {
    const other = have?.[i] ?? 0;
    if (other !== part) return other > part;
  }
  return true;
}

/** The user's own `pulumi` on PATH, if it is new enough. Skips the npm package's launcher, which may start a download. */
function findOnPath() {
  for (const folder of (process.env.PATH ?? "").split(path.delimiter)) {
    if (!path.isAbsolute(folder) || folder.includes("node_modules")) continue;
    if (!isComplete(folder)) continue;
    const { stdout } = spawnSync(path.join(folder, "pulumi"), ["version"], {
      encoding: "utf8",
      env: { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "1" },
    });
    const version = /^v?(\d+\.\d+\.\d+)/.exec(stdout ?? "")?.[1];
    if (version && isNewEnough(version)) return { bin: folder, version, origin: "PATH" };
  }
  return undefined;
}

/** @returns {{ bin: string, version: string, origin: string } | undefined} the CLI to use, without installing anything */
function findCli() {
  const onPath = findOnPath();
  if (onPath) return onPath;
  const bin = path.join(versionsFolder(), VERSION, "bin");
  return isComplete(bin) ? { bin, version: VERSION, origin: "cache" } : undefined;
}

/**
 * Runs a command and waits until it exits.
 * @param {string} command @param {string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, onLine?: (line: string) => void }} [options]
 * @returns {Promise<{ code: number | null, output: string }>} `code` is null if it could not be started, or was killed
 */
function run(command, args, { cwd, env, onLine } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    const keep = (/** @type {Buffer} */ chunk) => {
      output = (output + chunk).slice(-20_000);
    };
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    if (onLine) createInterface({ input: child.stderr }).on("line", onLine);
    child.on("error", (error) => resolve({ code: null, output: error.message }));
    child.on("close", (code) => resolve({ code, output }));
  });
}

/**
 * Moves a staged CLI to its final place. A rename is atomic, so neither an interrupted nor a concurrent set-up leaves an
 * incomplete CLI there. The second of two concurrent set-ups finds a complete CLI and discards its own.
 * @param {string} stagedRoot
 */
function publish(stagedRoot) {
  const root = path.join(versionsFolder(), VERSION);
  if (isComplete(path.join(root, "bin"))) return;
  if (existsSync(root)) renameSync(root, path.join(path.dirname(stagedRoot), "incomplete"));
  try {
    renameSync(stagedRoot, root);
  } catch (error) {
    if (!isComplete(path.join(root, "bin"))) throw error;
  }
}

/** Removes the folders of set-ups that were killed. A running set-up changes its folder at least once an hour. */
function sweep() {
  for (const name of readdirSync(versionsFolder())) {
    const folder = path.join(versionsFolder(), name);
    if (name.startsWith(STAGE_PREFIX) && Date.now() - statSync(folder).mtimeMs > 3_600_000)
      rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Lets the official launcher download the CLI into a staging folder.
 * @param {string} stage @returns {Promise<string | undefined>} why it failed
 */
async function download(stage) {
  const launcher = require.resolve("pulumi/run.js");
  const env = { ...process.env, PULUMI_HOME: stage, PULUMI_VERSION: VERSION, PULUMI_SKIP_UPDATE_CHECK: "1" };
  const { code, output } = await run(process.execPath, [launcher, "version"], { env });
  const root = path.join(stage, "versions", VERSION);
  if (code !== 0 || !isComplete(path.join(root, "bin")))
    return output.trim().split("\n").at(-1) || "no reason given";
  publish(root);
  return undefined;
}

/**
 * Builds the CLI from Go modules, for machines that can reach a Go module proxy but not the download.
 * @param {string} stage @param {(line: string) => void} say @returns {Promise<string | undefined>} why it failed
 */
async function buildFromSource(stage, say) {
  const root = path.join(stage, "built");
  const bin = path.join(root, "bin");
  mkdirSync(bin, { recursive: true });
  const env = { ...process.env, GOFLAGS: "-mod=readonly", CGO_ENABLED: "0" };
  const ldflags = `-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v${VERSION}`;
  const parts = [
    { folder: "languages", pkg: "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs" },
    { folder: "engine", pkg: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi" },
  ];
  for (const { folder, pkg } of parts) {
    const cwd = path.join(__dirname, folder);
    say(`  ${path.basename(pkg)}: fetching its Go modules`);
    const list = await run("go", ["list", "-deps", pkg], { cwd, env });
    if (list.code !== 0) return list.output.trim().split("\n").at(-1);
    // one short line for each package, because `run` keeps only the end of a long output
    const packages = await run("go", ["list", "-deps", "-f", ".", pkg], { cwd, env });
    const total = packages.output.split("\n").length;
    const start = Date.now();
    let compiled = 0;
    const progress = setInterval(() => {
      const share = Math.min(99, Math.round((100 * compiled) / total));
      say(`  ${path.basename(pkg)}: ${Math.round((Date.now() - start) / 1000)} s, compiled ${share} %`);
    }, 10_000);
    const args = [
      "build",
      "-v",
      "-trimpath",
      "-ldflags",
      ldflags,
      "-o",
      path.join(bin, path.basename(pkg)),
      pkg,
    ];
    const build = await run("go", args, { cwd, env, onLine: () => (compiled += 1) });
    clearInterval(progress);
    if (build.code !== 0) return build.output.trim().split("\n").slice(-3).join(" ");
  }
  const module = ["list", "-m", "-f", "{{.Dir}}", "github.com/pulumi/pulumi/sdk/v3"];
  const sdk = (await run("go", module, { cwd: path.join(__dirname, "engine"), env })).output.trim();
  const dynamicHost = path.join(bin, "pulumi-resource-pulumi-nodejs");
  copyFileSync(path.join(sdk, "nodejs", "dist", "pulumi-resource-pulumi-nodejs"), dynamicHost);
  chmodSync(dynamicHost, 0o755);
  publish(root);
  return undefined;
}

/**
 * Finds the CLI to use, and installs it if necessary.
 * @param {(line: string) => void} say progress
 * @returns {Promise<{ bin: string, version: string, origin: string }>}
 * @throws an Error whose message says what to install
 */
async function ensureCli(say) {
  const found = findCli();
  if (found) return found;
  mkdirSync(versionsFolder(), { recursive: true });
  sweep();
  const stage = mkdtempSync(path.join(versionsFolder(), STAGE_PREFIX));
  const remove = () => rmSync(stage, { recursive: true, force: true });
  process.once("exit", remove);
  try {
    say(`Pulumi CLI ${VERSION}: downloading it (about 100 MB)`);
    const notDownloaded = await download(stage);
    if (notDownloaded !== undefined) {
      say(`  the download failed (${notDownloaded})`);
      const hasGo = spawnSync("go", ["version"]).status === 0;
      const fix = `Install the Pulumi CLI ${VERSION} or newer (https://www.pulumi.com/docs/install/) so that \`pulumi\` is on PATH, or install Go 1.25 or newer so that the CLI can be built from Go modules. Then run the set-up again.`;
      if (!hasGo)
        throw new Error(
          `The Pulumi CLI could not be downloaded, and Go, which could build it, is not installed. ${fix}`,
        );
      say(`Pulumi CLI ${VERSION}: building it from Go modules instead (5 to 10 minutes on 2 cores)`);
      const notBuilt = await buildFromSource(stage, say);
      if (notBuilt !== undefined)
        throw new Error(`The Pulumi CLI could not be downloaded, and its build failed: ${notBuilt}. ${fix}`);
    }
  } finally {
    remove();
    process.off("exit", remove);
  }
  const installed = findCli();
  if (!installed)
    throw new Error(`The Pulumi CLI ${VERSION} is still missing from ${versionsFolder()} after its set-up.`);
  return installed;
}

module.exports = { VERSION, ensureCli, findCli, run, versionsFolder };

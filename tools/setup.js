// @ts-check
// Installs what `npm start` and `npm test` need. Uses only Node's own modules, since no packages may be installed yet.
"use strict";

const { spawnSync } = require("node:child_process");
const { createHash } = require("node:crypto");
const {
  chmodSync,
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} = require("node:fs");
const path = require("node:path");
const { ensureCli } = require("./pulumi-cli/cli.js");

const ROOT = path.dirname(__dirname);
const NODE_AT_LEAST = [20, 19];
const say = (/** @type {string} */ line) => console.log(`setup: ${line}`);

/** A problem that the user can fix, described in one sentence. */
class SetupError extends Error {}

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const [needMajor = 0, needMinor = 0] = NODE_AT_LEAST;
  if (major < needMajor || (major === needMajor && minor < needMinor))
    throw new SetupError(
      `Node ${process.versions.node} is too old: install Node ${NODE_AT_LEAST.join(".")} or newer.`,
    );
}

/** @param {string[]} files paths from the root @returns {string} */
function fingerprint(files) {
  const hash = createHash("sha256").update(`node ${process.versions.modules}`);
  for (const file of files) hash.update(`\n${file}\n`).update(readFileSync(path.join(ROOT, file)));
  return hash.digest("hex");
}

/**
 * Runs a step unless its inputs are the same as in its last successful run.
 * @param {string} stamp @param {string[]} inputs @param {() => void} step
 */
function unlessDone(stamp, inputs, step) {
  const file = path.join(ROOT, stamp);
  const now = fingerprint(inputs);
  if (existsSync(file) && readFileSync(file, "utf8") === now) return;
  step();
  writeFileSync(file, now);
}

/** @param {string[]} args @param {string} failure */
function npm(args, failure) {
  const { status } = spawnSync("npm", args, {
    cwd: ROOT,
    stdio: "inherit",
    shell: process.platform === "win32",
  });
  if (status !== 0) throw new SetupError(failure);
}

/** Lets the examples, and the provider process that runs them, find this package and its programs by their names. */
function linkSelf() {
  const link = path.join(ROOT, "node_modules", "pulumi-turso-tokens");
  if (!lstatSync(link, { throwIfNoEntry: false })) symlinkSync("..", link, "junction");
  /** @type {{ bin: Record<string, string> }} */
  const { bin } = JSON.parse(readFileSync(path.join(ROOT, "package.json"), "utf8"));
  for (const [name, file] of Object.entries(bin)) {
    // as npm does for an installed package, except on Windows, where it writes scripts instead
    if (process.platform === "win32") continue;
    const program = path.join(ROOT, "node_modules", ".bin", name);
    if (!lstatSync(program, { throwIfNoEntry: false })) symlinkSync(path.join("..", "..", file), program);
    chmodSync(path.join(ROOT, file), 0o755);
  }
}

/** @param {string} folder @returns {string[]} its TypeScript files, as paths from the root */
const sourcesIn = (folder) =>
  readdirSync(path.join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .sort()
    .map((file) => path.join(folder, file));

async function main() {
  const start = Date.now();
  checkNode();
  unlessDone("node_modules/.setup", ["package-lock.json"], () => {
    say("packages: npm ci");
    npm(
      ["ci", "--ignore-scripts"],
      "`npm ci` failed, for the reason that it printed above. Fix this, then run the set-up again.",
    );
  });
  unlessDone(
    "dist/.setup",
    ["tsconfig.build.json", "tools/bundle-plugin.js", "src/hosts/plugin/schema.json", ...sourcesIn("src")],
    () => {
      say("the package: npm run build");
      npm(["run", "--silent", "build"], "The build failed: the compiler's errors are above.");
    },
  );
  linkSelf();
  const configs = ["tsconfig.build.json", "emulator/tsconfig.build.json"];
  unlessDone("emulator/dist/.setup", [...configs, ...sourcesIn("emulator/src")], () => {
    say("the emulator: npm run build");
    npm(
      ["run", "--silent", "build", "--workspace", "emulator"],
      "The build of the emulator failed: the compiler's errors are above.",
    );
  });
  const cli = await ensureCli(say);
  const seconds = ((Date.now() - start) / 1000).toFixed(1);
  say(
    `ready in ${seconds} s: Node ${process.versions.node}, Pulumi CLI ${cli.version} (${cli.origin}: ${cli.bin})`,
  );
}

main().catch((error) => {
  console.error(`setup: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
});

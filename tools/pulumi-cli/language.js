// @ts-check
// Finds the host of a language that Pulumi programs may be written in, or builds it from Go modules.
"use strict";

const { accessSync, chmodSync, constants, copyFileSync } = require("node:fs");
const { mkdirSync, mkdtempSync, renameSync, rmSync } = require("node:fs");
const path = require("node:path");
const { runTool } = require("../command-line.js");
const { VERSION, ensureCli, findCli, run, versionsFolder } = require("./cli.js");

/**
 * What a language host consists of. Each is built in a folder with a go.mod of its own.
 * @type {Record<string, { folder: string, pkg: string, script?: string }>}
 */
const LANGUAGES = {
  python: {
    folder: "languages",
    pkg: "github.com/pulumi/pulumi/sdk/v3/python/cmd/pulumi-language-python",
    script: "python/cmd/pulumi-language-python-exec",
  },
  yaml: { folder: "language-yaml", pkg: "github.com/pulumi/pulumi-yaml/cmd/pulumi-language-yaml" },
};

/** Where hosts are kept that were built here: not beside the CLI, which is replaced as a whole. */
const builtFolder = () => path.join(path.dirname(versionsFolder()), "language-hosts", VERSION);

/** @param {string} language @returns {string[]} the programs of its host */
function programsOf(language) {
  const { pkg, script } = hostOf(language);
  return [pkg, ...(script === undefined ? [] : [script])].map((each) => path.posix.basename(each));
}

/** @param {string} language */
function hostOf(language) {
  const host = LANGUAGES[language];
  if (host === undefined) throw new Error(`There is no host for ${language}.`);
  return host;
}

/** @param {string} folder @param {string} name @returns {boolean} */
function isExecutable(folder, name) {
  try {
    accessSync(path.join(folder, name), constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * The folder with the language's host: the CLI's own, one of PATH, or one that was built before.
 * @param {string} language @returns {string | undefined}
 */
function findLanguage(language) {
  const cli = findCli();
  const folders = [
    ...(cli ? [cli.bin] : []),
    ...(process.env.PATH ?? "").split(path.delimiter),
    builtFolder(),
  ];
  const names = programsOf(language);
  return folders.find(
    (folder) => path.isAbsolute(folder) && names.every((name) => isExecutable(folder, name)),
  );
}

/**
 * Builds a language's host, in a folder of its own that is moved to its place when it is complete.
 * @param {string} language @param {string} stage
 */
async function build(language, stage) {
  const { folder, pkg, script } = hostOf(language);
  const env = { ...process.env, GOFLAGS: "-mod=readonly", CGO_ENABLED: "0" };
  const go = async (/** @type {string} */ where, /** @type {string[]} */ args) => {
    const { code, output } = await run("go", args, { cwd: path.join(__dirname, where), env });
    if (code === 0) return output.trim();
    const reason = output.trim().split("\n").at(-1) ?? "";
    throw new Error(
      `The ${language} host of Pulumi is missing, and could not be built: ${reason}. Install the Pulumi CLI ${VERSION} or newer, which contains it, or Go 1.25 or newer.`,
    );
  };
  const program = path.join(stage, path.posix.basename(pkg));
  await go(folder, ["build", "-trimpath", "-ldflags", "-s -w", "-o", program, pkg]);
  if (script === undefined) return;
  const sdk = await go("engine", ["list", "-m", "-f", "{{.Dir}}", "github.com/pulumi/pulumi/sdk/v3"]);
  const copy = path.join(stage, path.posix.basename(script));
  copyFileSync(path.join(sdk, script), copy);
  chmodSync(copy, 0o755);
}

/**
 * Finds the host of a language, and builds it where it is missing.
 * @param {string} language `python` or `yaml`
 * @param {(line: string) => void} say progress
 * @returns {Promise<string>} the folder that PATH has to contain
 */
async function ensureLanguage(language, say) {
  const found = findLanguage(language);
  if (found !== undefined) return found;
  mkdirSync(builtFolder(), { recursive: true });
  const stage = mkdtempSync(path.join(builtFolder(), ".stage-"));
  try {
    say(`Pulumi's ${language} host: building it from Go modules (about two minutes)`);
    await build(language, stage);
    for (const name of programsOf(language))
      renameSync(path.join(stage, name), path.join(builtFolder(), name));
  } finally {
    rmSync(stage, { recursive: true, force: true });
  }
  return builtFolder();
}

const USAGE = `Finds Pulumi's host of a language, or builds it where it is missing, and prints its folder, for PATH.

  node tools/pulumi-cli/language.js --language NAME

  --language NAME   python or yaml (default: yaml)
  --help            print this text`;

if (require.main === module)
  void runTool(
    {
      usage: USAGE,
      options: { language: { type: "choice", choices: Object.keys(LANGUAGES), default: "yaml" } },
    },
    async ({ language }) => {
      await ensureCli(console.error);
      console.log(await ensureLanguage(language, console.error));
    },
  );

module.exports = { ensureLanguage, findLanguage };

// @ts-check
// Bundles the native plugin into one file that needs nothing but Node.js, and collects the licences of what it contains.
"use strict";

const { build } = require("esbuild");
const { chmodSync, existsSync, readFileSync, readdirSync, writeFileSync } = require("node:fs");
const path = require("node:path");

const ROOT = path.dirname(__dirname);
const FOLDER = path.join(ROOT, "dist", "plugin");
/** Named as Pulumi looks for it. */
const OUTFILE = path.join(FOLDER, "pulumi-resource-turso-tokens");
/** @type {{ engines: { node: string } }} */
const { engines } = require("../package.json");

/** Runs before anything that an old Node.js could not parse or load. */
const HEAD = `#!/usr/bin/env node
"use strict";
var version = process.versions.node.split(".").map(Number);
if (version[0] < 20 || (version[0] === 20 && version[1] < 19)) {
  console.error("pulumi-resource-turso-tokens needs Node.js ${engines.node}, and this is " + process.versions.node + ". Install a newer one.");
  process.exit(1);
}`;

/** @param {string[]} files of the bundle @returns {string[]} the folders of the packages that they belong to */
const packagesOf = (files) => [
  ...new Set(files.flatMap((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? [])),
];

/** @param {string} folder @returns {string} */
function licenceOf(folder) {
  /** @type {{ name: string, version: string, license: string }} */
  const { name, version, license } = JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8"));
  const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each));
  const text = file === undefined ? "" : `\n${readFileSync(path.join(folder, file), "utf8").trim()}\n`;
  return `${name} ${version}: ${license}\n${text}`;
}

async function main() {
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: ["src/hosts/plugin/main.ts"],
    outfile: OUTFILE,
    bundle: true,
    platform: "node",
    target: "node20",
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: "none",
    banner: { js: HEAD },
    metafile: true,
    logLevel: "warning",
  });
  chmodSync(OUTFILE, 0o755);
  const folders = packagesOf(Object.keys(metafile.inputs)).filter((each) =>
    existsSync(path.join(ROOT, each)),
  );
  const licences = folders.sort().map((each) => licenceOf(path.join(ROOT, each)));
  writeFileSync(path.join(FOLDER, "LICENSES.txt"), licences.join(`\n${"-".repeat(80)}\n\n`));
}

void main();

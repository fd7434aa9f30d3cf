import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { ROOT } from "../../../tools/stack";
import { manifest, tarball, unpack } from "../tarball";

const run = promisify(execFile);
const FILES = ["package.json", "package-lock.json"];

/**
 * Installs the packages of this folder's lock file, and this package as it would be published beside them. They stay in a
 * cache: the SDKs are too large for everybody who installs this repository's own packages.
 */
export async function installSdks(): Promise<string> {
  const cache = path.join(ROOT, "node_modules", ".cache");
  const hash = createHash("sha256").update(readFileSync(path.join(__dirname, "package-lock.json")));
  const folder = path.join(cache, `sdks-${hash.digest("hex").slice(0, 12)}`);
  mkdirSync(cache, { recursive: true });
  if (!existsSync(folder)) {
    const start = Date.now();
    const stage = mkdtempSync(path.join(cache, "stage-"));
    try {
      for (const file of FILES) cpSync(path.join(__dirname, file), path.join(stage, file));
      cpSync(path.join(ROOT, ".npmrc"), path.join(stage, ".npmrc"));
      const options = ["--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund"];
      await run("npm", ["ci", ...options], { cwd: stage });
      // an interrupted installation leaves no incomplete folder under the final name
      renameSync(stage, folder);
    } finally {
      rmSync(stage, { recursive: true, force: true });
    }
    console.log(`      installed the SDKs in ${Math.round((Date.now() - start) / 1000)} s`);
  }
  const self = path.join(folder, "node_modules", manifest.name);
  rmSync(self, { recursive: true, force: true });
  unpack(tarball(), self);
  return folder;
}

import assert from "node:assert/strict";
import type { Sandbox } from "../e2e/sandbox";
import { manifest, tarball } from "./tarball";

/**
 * Packages that only a copied example installs. `npm ci` needs every platform's build of this one, and not every registry
 * has them.
 */
const OTHERS: Record<string, string> = { "@tursodatabase/sync": "0.7.2" };

interface PackageFile {
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
}

/** Replaces version ranges by the packed package and by the versions that this repository is tested with. */
export function pin(sandbox: Sandbox): void {
  const packageFile = JSON.parse(sandbox.stack.readFile("package.json")) as PackageFile;
  for (const packages of [packageFile.dependencies, packageFile.devDependencies])
    for (const each of Object.keys(packages))
      packages[each] =
        each === manifest.name
          ? `file:${tarball()}`
          : (manifest.devDependencies[each] ??
            OTHERS[each] ??
            assert.fail(`no test of this repository uses ${each}`));
  sandbox.stack.writeFile("package.json", JSON.stringify(packageFile, null, 2));
}

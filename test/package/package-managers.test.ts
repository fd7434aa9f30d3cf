import assert from "node:assert/strict";
import { lstatSync } from "node:fs";
import path from "node:path";
import { PROGRAM, inProgram, must, project } from "./program";
import { manifest } from "./tarball";

describe("the packed package, installed without npm, rotates only on its trigger", () => {
  it("with pnpm, which links only direct dependencies into node_modules", () =>
    inProgram({ ...PROGRAM.commonjs, "package.json": project() }, async (sandbox) => {
      await must(sandbox, [
        "pnpm",
        "install",
        "--ignore-scripts",
        "--prefer-offline",
        "--no-frozen-lockfile",
      ]);
      const modules = path.join(sandbox.stack.project, "node_modules");
      assert.ok(lstatSync(path.join(modules, manifest.name)).isSymbolicLink());
      assert.equal(lstatSync(path.join(modules, "axios"), { throwIfNoEntry: false }), undefined);
    }));

  it("with Yarn 4 and its node-modules linker", () =>
    inProgram(
      {
        ...PROGRAM.commonjs,
        "package.json": project(),
        ".yarnrc.yml": "nodeLinker: node-modules\nenableTelemetry: false\nenableImmutableInstalls: false\n",
        "yarn.lock": "",
      },
      (sandbox) => must(sandbox, ["yarn", "install", "--mode=skip-build"]),
    ));
});

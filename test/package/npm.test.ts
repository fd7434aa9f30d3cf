import assert from "node:assert/strict";
import { lstatSync } from "node:fs";
import path from "node:path";
import { NPM, PROGRAM, inProgram, must, project } from "./program";
import { manifest, tarball, unpack } from "./tarball";

const { typescript = "" } = manifest.devDependencies;

describe("the packed package, installed with npm, rotates only on its trigger", () => {
  it("in a TypeScript program, which also compiles", () =>
    inProgram({ ...PROGRAM.typescript, "package.json": project({ typescript }) }, async (sandbox) => {
      await must(sandbox, NPM);
      await must(sandbox, ["node_modules/.bin/tsc", "--noEmit"]);
    }));

  it("in a CommonJS program", () =>
    inProgram({ ...PROGRAM.commonjs, "package.json": project() }, (sandbox) => must(sandbox, NPM)));

  it("in an ES module program, with named imports", () =>
    inProgram({ ...PROGRAM.esm, "package.json": project({}, { type: "module" }) }, (sandbox) =>
      must(sandbox, NPM),
    ));

  it("as a member of a workspace, linked by a symbolic link", () =>
    inProgram(
      {
        ...PROGRAM.commonjs,
        "package.json": project({ [manifest.name]: manifest.version }),
        "../package.json": { name: "root", private: true, workspaces: ["project", "library"] },
      },
      async (sandbox) => {
        unpack(tarball(), path.join(sandbox.stack.folder, "library"));
        await must(sandbox, NPM, sandbox.stack.folder);
        const link = path.join(sandbox.stack.folder, "node_modules", manifest.name);
        assert.ok(lstatSync(link).isSymbolicLink(), "npm did not link the workspace member");
      },
    ));
});

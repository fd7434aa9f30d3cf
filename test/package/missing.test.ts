import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import path from "node:path";
import { ROOT } from "../../tools/stack";
import type { Sandbox } from "../e2e/sandbox";
import { NPM, PROGRAM, inProgram, must, project, writeFiles } from "./program";
import { manifest, tarball } from "./tarball";

const UP = ["up", "--yes", "--skip-preview", "--config", "trigger=1"];
const ADVICE =
  /cannot load pulumi-turso-tokens from .*\. Nothing was changed\. Install it there as a direct dependency: npm install pulumi-turso-tokens\./;
const { "@pulumi/pulumi": sdk } = manifest.devDependencies;

const bundle = (sandbox: Sandbox, ...options: string[]): Promise<string> =>
  must(sandbox, ["esbuild", "index.js", "--bundle", "--platform=node", "--outfile=bundle.js", ...options]);

describe("a program from whose folder Pulumi's provider process cannot load the package", () => {
  it("is told what to install if pnpm installed it for a component library only", () =>
    inProgram(
      {
        "index.js": 'const { rotation } = require("library"); exports.id = rotation.id;',
        "Pulumi.yaml": "name: app\nruntime: nodejs\n",
        "package.json": {
          name: "app",
          private: true,
          dependencies: { "@pulumi/pulumi": sdk, library: "file:../library" },
        },
        "../library/package.json": {
          name: "library",
          version: "1.0.0",
          main: "index.js",
          dependencies: { [manifest.name]: `file:${tarball()}` },
          peerDependencies: { "@pulumi/pulumi": "*" },
        },
        "../library/index.js":
          'const { TokenRotation } = require("pulumi-turso-tokens"); exports.rotation = new TokenRotation("app", { scope: { group: "default" }, trigger: 1 });',
      },
      (sandbox) =>
        must(sandbox, ["pnpm", "install", "--ignore-scripts", "--prefer-offline", "--no-frozen-lockfile"]),
      async (sandbox) => {
        assert.match(await sandbox.fails(...UP), ADVICE);
        assert.deepEqual(sandbox.rotations, []);
        await must(sandbox, [
          "pnpm",
          "add",
          "--ignore-scripts",
          "--prefer-offline",
          `${manifest.name}@file:${tarball()}`,
        ]);
        await sandbox.up("--config", "trigger=1");
        assert.deepEqual(sandbox.rotations, ["groups/default"]);
      },
    ));

  it("is told so too if a bundler made the package part of the program, and works if it is external and installed", () =>
    inProgram(
      {
        ...PROGRAM.commonjs,
        "package.json": {
          name: "app",
          private: true,
          main: "bundle.js",
          dependencies: { "@pulumi/pulumi": sdk },
        },
      },
      async (sandbox) => {
        await must(sandbox, NPM);
        await bundle(sandbox, "--external:@pulumi/pulumi", `--alias:${manifest.name}=${ROOT}`);
      },
      async (sandbox) => {
        assert.match(await sandbox.fails(...UP), ADVICE);
        await must(sandbox, [...NPM, `file:${tarball()}`]);
        await bundle(sandbox, "--packages=external");
        await sandbox.up("--config", "trigger=1");
        assert.deepEqual(sandbox.rotations, ["groups/default"]);
      },
    ));

  it("can still delete its resources once the package is gone, one by one and with the stack", () =>
    inProgram(
      { ...PROGRAM.commonjs, "package.json": project() },
      (sandbox) => must(sandbox, NPM),
      async (sandbox) => {
        await sandbox.stack.must(...UP);
        const { rotations } = sandbox;
        writeFiles(sandbox, {
          "index.js": 'exports.nothing = require("@pulumi/pulumi").output(1);',
          "package.json": { name: "app", private: true, dependencies: { "@pulumi/pulumi": sdk } },
        });
        rmSync(path.join(sandbox.stack.project, "node_modules", manifest.name), { recursive: true });
        await sandbox.preview();
        await sandbox.stack.must("refresh", "--yes", "--skip-preview");
        await sandbox.stack.must("up", "--yes", "--skip-preview");
        await sandbox.stack.must("destroy", "--yes", "--skip-preview");
        assert.deepEqual(sandbox.rotations, rotations);
      },
    ));
});

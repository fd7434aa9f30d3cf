import assert from "node:assert/strict";
import { chmodSync } from "node:fs";
import path from "node:path";
import type { Sandbox } from "../e2e/sandbox";
import { NPM, PROGRAM, inProgram, must, project, rotatesOnlyOnTrigger, writeFiles } from "./program";

const BUN = "1.4.5";
const files = {
  ...PROGRAM.typescript,
  "Pulumi.yaml": "name: app\nruntime: nodejs\nmain: index.ts\n",
  "package.json": project({ bun: BUN }),
};

/** Installs the packages including Bun, and returns the path of Bun. */
async function install(sandbox: Sandbox): Promise<string> {
  await must(sandbox, NPM);
  await must(sandbox, ["node", "node_modules/bun/install.js"]);
  return path.join(sandbox.stack.project, "node_modules", "bun", "bin", "bun.exe");
}

/** Does what Pulumi's `runtime: bun` does: runs the program in Bun without ts-node, and everything else in Node.js. */
async function runProgramsInBun(sandbox: Sandbox): Promise<void> {
  const bun = await install(sandbox);
  const node = path.join(sandbox.stack.folder, "bin", "node");
  const script = `#!/bin/sh
case "$*" in
  *cmd/run/*) PULUMI_NODEJS_TYPESCRIPT=false exec "${bun}" "$@" ;;
  *) exec "${process.execPath}" "$@" ;;
esac
`;
  writeFiles(sandbox, {
    "../bin/node": script,
    "index.ts": `if (!process.versions["bun"]) throw new Error("this is not Bun");\n${PROGRAM.typescript["index.ts"]}`,
  });
  chmodSync(node, 0o755);
  sandbox.stack.env["PATH"] = `${path.dirname(node)}${path.delimiter}${sandbox.stack.env["PATH"] ?? ""}`;
}

describe("the packed package in a program that runs in Bun", () => {
  it("rotates only on its trigger, with the provider in Node.js", () =>
    inProgram(files, runProgramsInBun, async (sandbox) => {
      await rotatesOnlyOnTrigger(sandbox);
      const script = `const { TokenRotation } = require("pulumi-turso-tokens");
        new TokenRotation("r", { scope: { group: "default" }, trigger: 1 });`;
      const bun = path.join(sandbox.stack.project, "node_modules", "bun", "bin", "bun.exe");
      await assert.rejects(
        must(sandbox, ["/usr/bin/env", "PATH=/nowhere", bun, "-e", script]),
        (error: Error) => {
          assert.match(
            error.message,
            /there is no `node` on PATH\. Nothing was changed\. Install Node\.js 20\.19/,
          );
          return true;
        },
      );
    }));
});

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { ROOT } from "../../tools/stack";
import { inSandbox, type Sandbox } from "../e2e/sandbox";
import { manifest, tarball } from "./tarball";

const run = promisify(execFile);

/** Files by their path in the Pulumi project (`../` is a workspace's root), with their text or JSON. */
export type Files = Record<string, string | object>;

const BODY = `
const trigger = new pulumi.Config().require("trigger");
const rotation = new TokenRotation("app", { scope: { group: "default" }, trigger });
const api = new AuthToken("api", { scope: { database: "app" }, rotation });
`;

/** The same small program in each supported language and module system. */
export const PROGRAM = {
  typescript: {
    "index.ts": `import * as pulumi from "@pulumi/pulumi";
import { AuthToken, TokenRotation, type TokenRotationArgs } from "pulumi-turso-tokens";
${BODY}
export const token: pulumi.Output<string> = api.token;
export const groupImpact: TokenRotationArgs["groupImpact"] = "warn";
`,
    "tsconfig.json": {
      compilerOptions: {
        module: "nodenext",
        moduleResolution: "nodenext",
        target: "es2022",
        strict: true,
        skipLibCheck: true,
      },
    },
    "Pulumi.yaml": "name: app\nruntime: nodejs\n",
  },
  commonjs: {
    "index.js": `"use strict";
const pulumi = require("@pulumi/pulumi");
const { AuthToken, TokenRotation } = require("pulumi-turso-tokens");
${BODY}
exports.token = api.token;
`,
    "Pulumi.yaml": "name: app\nruntime: nodejs\n",
  },
  esm: {
    "index.js": `import * as pulumi from "@pulumi/pulumi";
import { AuthToken, TokenRotation } from "pulumi-turso-tokens";
${BODY}
export const token = api.token;
`,
    "Pulumi.yaml": "name: app\nruntime: nodejs\n",
  },
} satisfies Record<string, Files>;

/** A package.json that depends on the tarball, the Pulumi SDK and further packages. */
export const project = (packages: Record<string, string> = {}, more: object = {}): object => ({
  name: "app",
  private: true,
  dependencies: {
    "@pulumi/pulumi": manifest.devDependencies["@pulumi/pulumi"],
    [manifest.name]: `file:${tarball()}`,
    ...packages,
  },
  ...more,
});

export function writeFiles(sandbox: Sandbox, files: Files): void {
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(sandbox.stack.project, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content, null, 2));
  }
}

/** Runs a package manager or another command in a folder; this repository's executables take precedence. */
export async function must(
  sandbox: Sandbox,
  command: string[],
  folder = sandbox.stack.project,
): Promise<string> {
  const [tool = "", ...args] = command;
  const PATH = `${path.join(ROOT, "node_modules", ".bin")}${path.delimiter}${process.env["PATH"] ?? ""}`;
  const { stdout } = await run(tool, args, { cwd: folder, env: { ...process.env, PATH } }).catch(
    (error: unknown) => {
      const { stdout, stderr } = error as { stdout: string; stderr: string };
      throw new Error(`${command.join(" ")} failed:\n${stdout}${stderr}`, { cause: error });
    },
  );
  return stdout;
}

/** Prefers the cache, runs no scripts, and requests neither audits nor funding information. */
export const NPM = ["npm", "install", "--prefer-offline", "--ignore-scripts", "--no-audit", "--no-fund"];

/** Writes a program into a new sandbox, installs its packages, and runs a body. */
export const inProgram = (
  files: Files,
  install: (sandbox: Sandbox) => Promise<unknown>,
  body: (sandbox: Sandbox) => Promise<unknown> = rotatesOnlyOnTrigger,
): Promise<void> =>
  inSandbox({ ownPackages: true }, async (sandbox) => {
    writeFiles(sandbox, files);
    await install(sandbox);
    await body(sandbox);
  });

/** Asserts that the first up rotates, that a changed trigger rotates again, and that an up without changes sends nothing. */
export async function rotatesOnlyOnTrigger(sandbox: Sandbox): Promise<void> {
  const rotations: number[] = [];
  for (const trigger of ["1", "2"]) {
    await sandbox.up("--config", `trigger=${trigger}`);
    rotations.push(sandbox.rotations.length);
  }
  sandbox.turso.clearLog();
  await sandbox.up();
  rotations.push(sandbox.rotations.length);
  assert.deepEqual(rotations, [1, 2, 2], "rotations after an up, a changed trigger, and a no-op");
  assert.deepEqual(sandbox.calls, [], "a no-op up sends no API requests");
  const { token } = await sandbox.stack.outputs();
  const { platform } = sandbox.turso;
  assert.equal((await platform.inspect(platform.database("app"), String(token))).state, "valid");
}

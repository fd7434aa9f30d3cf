/** `npm run test:matrix`: the packed package under each Node.js, SDK, compiler and loader, in a table. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { runTool } from "../../tools/command-line.js";
import { findCli } from "../../tools/pulumi-cli/cli.js";
import { ROOT } from "../../tools/stack";
import type { Sandbox } from "../e2e/sandbox";
import { NPM, PROGRAM, inProgram, must, project, rotatesOnlyOnTrigger } from "../package/program";
import { table } from "../support/markdown";
import { CELLS, packagesOf, projectFile, type Cell } from "./cells";

const PAGE = path.join(ROOT, "docs", "compatibility.md");
const USAGE = `Tests the packed package with each Node.js, @pulumi/pulumi, TypeScript and loader.

  npm run test:matrix              all ${CELLS.length} cells, in sequence
  npm run test:matrix -- --cell N  only this one (1 to ${CELLS.length})
  npm run test:matrix -- --write   writes the table into docs/compatibility.md
  npm run test:matrix -- --help    prints this text`;

const OPTIONS = {
  cell: { type: "number", min: 1, max: CELLS.length },
  write: { type: "flag" },
} as const;

/** Looks up the newest versions instead of using cached ones. */
const INSTALL = NPM.filter((option) => option !== "--prefer-offline");

/** The exact versions and the result of a cell. */
interface CellResult {
  node: string;
  pulumi: string;
  typescript: string;
  loader: string;
  result: string;
}

const folder = mkdtempSync(path.join(tmpdir(), "pulumi-turso-tokens-matrix-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
const nodes = new Map<number, string>();

/** The folder with the newest Node.js of a major version, installed from npm. */
function nodeOf(major: number): string {
  let prefix = nodes.get(major);
  if (prefix === undefined) {
    prefix = path.join(folder, `node-${major}`);
    const name = `node-${process.platform}-${process.arch}@${major}`;
    execFileSync("npm", ["install", "--prefix", prefix, "--no-save", "--no-audit", "--no-fund", name], {
      stdio: "pipe",
    });
    nodes.set(major, prefix);
  }
  return path.join(prefix, "node_modules", `node-${process.platform}-${process.arch}`, "bin");
}

const versionOf = (sandbox: Sandbox, name: string): string =>
  (
    JSON.parse(
      readFileSync(path.join(sandbox.stack.project, "node_modules", name, "package.json"), "utf8"),
    ) as { version: string }
  ).version;

async function run(cell: Cell): Promise<CellResult> {
  const seen: CellResult = { ...cell, node: String(cell.node), result: "" };
  const files = {
    ...PROGRAM.typescript,
    "Pulumi.yaml": projectFile(cell),
    "package.json": project(packagesOf(cell)),
    "index.ts": `${PROGRAM.typescript["index.ts"]}\nexport const node = process.versions.node;\n`,
  };
  try {
    const bin = nodeOf(cell.node);
    seen.node = execFileSync(path.join(bin, "node"), ["--version"], { encoding: "utf8" }).trim().slice(1);
    await inProgram(
      files,
      async (sandbox) => {
        await must(sandbox, INSTALL);
        seen.pulumi = versionOf(sandbox, "@pulumi/pulumi");
        seen.typescript = versionOf(sandbox, "typescript");
        if (cell.loader !== "Pulumi's own") seen.loader = `${cell.loader} ${versionOf(sandbox, cell.loader)}`;
        await must(sandbox, ["node_modules/.bin/tsc", "--noEmit"]);
        sandbox.stack.env["PATH"] = `${bin}${path.delimiter}${sandbox.stack.env["PATH"] ?? ""}`;
      },
      async (sandbox) => {
        await rotatesOnlyOnTrigger(sandbox);
        assert.equal(
          (await sandbox.stack.outputs())["node"],
          seen.node,
          "the program ran in a different Node.js",
        );
      },
    );
    seen.result = "works";
  } catch (error) {
    seen.result = "failed";
    console.log(String(error));
  }
  return seen;
}

const HEAD = ["Node.js", "@pulumi/pulumi", "TypeScript", "loader", "seen"];
const rowOf = ({ node, pulumi, typescript, loader, result }: CellResult) => [
  node,
  pulumi,
  typescript,
  loader,
  result,
];

async function main(cell: number | undefined, shouldWrite: boolean): Promise<void> {
  const cells = cell === undefined ? CELLS : CELLS.slice(cell - 1, cell);
  const all: CellResult[] = [];
  for (const [i, cell] of cells.entries()) {
    const start = Date.now();
    const seen = await run(cell);
    all.push(seen);
    const seconds = Math.round((Date.now() - start) / 1000);
    console.log(`${i + 1}/${cells.length}  ${rowOf(seen).join("  ")}  (${seconds} s)`);
  }
  const text = table([HEAD, ...all.map(rowOf)]);
  console.log(
    `\n${text}\n\nPulumi CLI ${findCli()?.version ?? "?"}, ${new Date().toISOString().slice(0, 10)}`,
  );
  if (shouldWrite && cell === undefined) write(text);
  if (all.some(({ result }) => result !== "works")) process.exitCode = 1;
}

/** Replaces the page's table, and the date and CLI version in the line above it. */
function write(text: string): void {
  const page = readFileSync(PAGE, "utf8");
  const heading = `Seen on ${new Date().toISOString().slice(0, 10)}, with Pulumi CLI ${findCli()?.version ?? "?"}:`;
  const next = page.replace(/Seen on .*:\n\n(?:\|.*\n)+/, `${heading}\n\n${text}\n`);
  if (!next.includes(heading)) throw new Error(`${PAGE} has no table to replace.`);
  writeFileSync(PAGE, next);
}

void runTool({ usage: USAGE, options: OPTIONS }, ({ cell, write: shouldWrite }) => main(cell, shouldWrite));

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { execFile } from "node:child_process";
import { ROOT } from "../../tools/stack";
import { tarball, unpack } from "./tarball";

const run = promisify(execFile);
const BIN = path.join(ROOT, "node_modules", ".bin");

describe("the packed package", () => {
  let folder = "";
  let files: string[] = [];
  before(() => {
    folder = mkdtempSync(path.join(tmpdir(), "pulumi-turso-tokens-contents-"));
    files = unpack(tarball(), folder);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("contains the compiled source, README, licence and changelog, and nothing else", () => {
    const sources = readdirSync(path.join(ROOT, "src"), { recursive: true, encoding: "utf8" });
    const compiled = sources
      .filter((file) => file.endsWith(".ts") && !file.startsWith("hosts/plugin/"))
      .flatMap((file) => [".d.ts", ".js", ".js.map"].map((end) => `dist/${file.replace(/\.ts$/, end)}`));
    const pages = ["CHANGELOG.md", "LICENSE", "README.md", "package.json"];
    const plugin = ["LICENSES.txt", "pulumi-resource-turso-tokens"].map((file) => `dist/plugin/${file}`);
    assert.deepEqual(files, [...pages, ...compiled, ...plugin].sort());
  });

  it("has source maps with embedded sources", () => {
    const maps = files.filter((file) => file.endsWith(".js.map"));
    assert.ok(maps.length > 10);
    for (const file of maps) {
      const map = JSON.parse(readFileSync(path.join(folder, file), "utf8")) as {
        sources: string[];
        sourcesContent: string[];
      };
      const sources = map.sources.map((source) => path.join("src", source.replace(/^(\.\.\/)+src\//, "")));
      assert.deepEqual(
        map.sourcesContent,
        sources.map((source) => readFileSync(path.join(ROOT, source), "utf8")),
        file,
      );
    }
  });

  it("passes publint", async () => {
    const { stdout } = await run(path.join(BIN, "publint"), ["run", tarball(), "--strict"]);
    assert.match(stdout, /All good!/);
  });

  // programs do not import "./provider": only the provider text in the state loads it, in Node.js and without types
  it("has types that resolve under node10, node16 and bundler resolution", async () => {
    const { stdout } = await run(path.join(BIN, "attw"), [
      tarball(),
      "--exclude-entrypoints",
      "provider",
      "--no-color",
    ]);
    assert.match(stdout, /No problems found/);
  });
});

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { ROOT } from "../../../tools/stack";
import { installSdks } from "./install";
import sdks from "./package.json";

const run = promisify(execFile);
const EXAMPLES = path.join(ROOT, "examples");
/** The oldest compiler that is supported, that of this repository, and the newest that Pulumi runs programs with. */
const COMPILERS = Object.keys(sdks.dependencies).filter((name) => name.startsWith("typescript"));

const versionOf = (compiler: string): string =>
  (sdks.dependencies as Record<string, string>)[compiler]?.split("@").at(-1) ?? "";
/** examples.test.ts compiles it, beside the driver that it needs. */
const ELSEWHERE = "sync-server.ts";

interface Config {
  compilerOptions: object;
  files: string[];
}

/** Copies every example, and returns the names of the files that their configurations list. */
function copyExamples(folder: string): Config {
  const all: Config = { compilerOptions: {}, files: [] };
  for (const entry of readdirSync(EXAMPLES, { withFileTypes: true })) {
    const from = path.join(EXAMPLES, entry.name);
    // the others are in other languages
    if (!existsSync(path.join(from, "tsconfig.json"))) continue;
    const to = path.join(folder, entry.name);
    mkdirSync(to);
    for (const file of readdirSync(from).filter((name) => /\.(ts|json)$/.test(name)))
      cpSync(path.join(from, file), path.join(to, file));
    const { compilerOptions, files } = JSON.parse(
      readFileSync(path.join(from, "tsconfig.json"), "utf8"),
    ) as Config;
    all.compilerOptions = { ...all.compilerOptions, ...compilerOptions };
    all.files.push(...files.filter((file) => file !== ELSEWHERE).map((file) => `${entry.name}/${file}`));
  }
  return all;
}

describe("the examples and the delivery recipes, with the packed package", function () {
  this.timeout(900_000);
  let folder = "";
  let project = "";

  before(async () => {
    folder = await installSdks();
    project = mkdtempSync(path.join(folder, "compilers-"));
    configure(copyExamples(project));
  });
  after(() => {
    if (project !== "") rmSync(project, { recursive: true });
  });

  const configure = (config: Config): void =>
    writeFileSync(path.join(project, "tsconfig.json"), JSON.stringify(config));

  /** What a compiler prints about the project; nothing if it compiles. */
  const check = (compiler: string): Promise<string> =>
    run(process.execPath, [path.join(folder, "node_modules", compiler, "bin", "tsc"), "-p", project]).then(
      ({ stdout }) => stdout,
      (error: unknown) => (error as { stdout: string }).stdout,
    );

  for (const compiler of COMPILERS)
    it(`compile with ${compiler} ${versionOf(compiler)}`, async () =>
      assert.equal(await check(compiler), ""));

  it("do not compile with a wrong argument in one of them", async () => {
    const program = path.join(project, "deliver-fly", "index.ts");
    const wrong = readFileSync(program, "utf8").replace("trigger:", "triger:");
    assert.match(wrong, /triger/);
    writeFileSync(program, wrong);
    const { compilerOptions } = JSON.parse(
      readFileSync(path.join(project, "tsconfig.json"), "utf8"),
    ) as Config;
    configure({ compilerOptions, files: ["deliver-fly/index.ts"] });
    assert.match(await check("typescript-5.0"), /deliver-fly\/index\.ts.*'triger'/s);
  });
});

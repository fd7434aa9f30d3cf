import assert from "node:assert/strict";
import { execFile, spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import type { RotationReport } from "../../emulator/src";
import { ROOT } from "../../tools/stack";
import { NPM } from "./program";
import { pack, unpack } from "./tarball";

const run = promisify(execFile);
const BIN = path.join(ROOT, "node_modules", ".bin");
const NAME = "turso-token-emulator";
const SEED = {
  organization: "initech",
  apiToken: "made-up",
  groups: [
    { name: "default", databases: ["app", "reports"] },
    { name: "old", serverGeneration: "legacy-group", databases: ["one", { name: "two" }] },
  ],
  faults: [{ pattern: "databases/app/auth/rotate$", when: "after", action: { type: "drop" } }],
};

describe("the packed emulator", () => {
  let folder = "";
  let archive = "";
  let bin = "";
  const children: ChildProcess[] = [];

  before(async () => {
    folder = mkdtempSync(path.join(tmpdir(), "turso-token-emulator-pack-"));
    archive = pack(path.join(ROOT, "emulator"), folder);
    const dependencies = { [NAME]: `file:${archive}` };
    write("package.json", { name: "app", private: true, dependencies });
    const [tool = "", ...args] = NPM;
    await run(tool, [...args, "--engine-strict"], { cwd: folder });
    bin = path.join(folder, "node_modules", ".bin", NAME);
  });
  afterEach(() => children.splice(0).forEach((child) => child.kill("SIGKILL")));
  after(() => rmSync(folder, { recursive: true, force: true }));

  const write = (name: string, content: string | object): void =>
    writeFileSync(path.join(folder, name), typeof content === "string" ? content : JSON.stringify(content));

  /** Starts the installed command, and waits for the line that a user pastes. */
  async function start(...args: string[]): Promise<Record<string, string>> {
    const child = spawn(bin, args, { cwd: folder, stdio: ["ignore", "pipe", "inherit"] });
    children.push(child);
    const line = await new Promise<string>((resolve, reject) => {
      let printed = "";
      child.stdout.on("data", (chunk) => {
        printed += String(chunk);
        const found = /^export (TURSO_API_BASEURL=.*)\n/m.exec(printed)?.[1];
        if (found !== undefined) resolve(found);
      });
      child.on("close", () => reject(new Error(`The emulator exited: ${printed}`)));
    });
    return Object.fromEntries(line.split(" ").map((each) => each.split("=", 2) as [string, string]));
  }

  it("contains the compiled source, README and licence, and nothing else", () => {
    const files = unpack(archive, path.join(folder, "unpacked"));
    const sources = readdirSync(path.join(ROOT, "emulator", "src"), { recursive: true, encoding: "utf8" });
    const compiled = sources
      .filter((file) => file.endsWith(".ts"))
      .flatMap((file) => [".d.ts", ".js", ".js.map"].map((end) => `dist/${file.replace(/\.ts$/, end)}`));
    assert.deepEqual(files, ["LICENSE", "README.md", "package.json", ...compiled].sort());
  });

  it("passes publint, and its types resolve under node10, node16 and bundler resolution", async () => {
    const { stdout } = await run(path.join(BIN, "publint"), ["run", archive, "--strict"]);
    assert.match(stdout, /All good!/);
    const types = await run(path.join(BIN, "attw"), [archive, "--no-color"]);
    assert.match(types.stdout, /No problems found/);
  });

  it("is no dependency of the provider package", () => {
    const { dependencies, peerDependencies } = JSON.parse(
      readFileSync(path.join(ROOT, "package.json"), "utf8"),
    ) as Record<"dependencies" | "peerDependencies", Record<string, string>>;
    const own = JSON.parse(readFileSync(path.join(ROOT, "emulator", "package.json"), "utf8")) as {
      dependencies: Record<string, string>;
    };
    const all = Object.keys({ ...dependencies, ...peerDependencies });
    assert.deepEqual(
      [NAME, ...Object.keys(own.dependencies)].filter((name) => all.includes(name)),
      [],
    );
  });

  it("starts from a seed file, rotates and mints over HTTP, and says what was rotated", async () => {
    write("seed.json", SEED);
    const env = await start("--seed", "seed.json", "--database", "old/three");
    const url = String(env["TURSO_API_BASEURL"]);
    assert.deepEqual([env["TURSO_API_TOKEN"], env["TURSO_ORGANIZATION"]], ["made-up", "initech"]);
    const post = (target: string) =>
      fetch(`${url}/v1/organizations/initech/${target}`, {
        method: "POST",
        headers: { authorization: "Bearer made-up" },
      });
    await assert.rejects(post("databases/app/auth/rotate"), "the fault drops the answer");
    assert.equal((await post("databases/one/auth/rotate")).status, 200);
    assert.match(await (await post("databases/app/auth/tokens")).text(), /^\{"jwt":"[\w.-]+"\}$/);
    const report = (await (await fetch(`${url}/_emulator/rotations`)).json()) as RotationReport;
    assert.deepEqual(
      report.rotations.map(({ name, databases }) => [name, databases]),
      [
        ["app", ["app"]],
        ["one", ["one", "two", "three"]],
      ],
    );
  });

  it("is a library for CommonJS and ES modules", async () => {
    const body = `startEmulator({ groups: [{ name: "g", databases: [{ name: "app" }] }] }).then(async (emulator) => {
      emulator.platform.rotateGroup("g");
      console.log(emulator.rotationReport().databases[0].invalidations);
      await emulator.close();
    });`;
    write("program.cjs", `const { startEmulator } = require("${NAME}");\n${body}`);
    write("program.mjs", `import { startEmulator } from "${NAME}";\n${body}`);
    for (const program of ["program.cjs", "program.mjs"]) {
      const { stdout, stderr } = await run(process.execPath, [program], { cwd: folder });
      assert.deepEqual([stdout, stderr], ["1\n", ""], program);
    }
  });

  it("prints its usage", async () =>
    assert.match((await run(bin, ["--help"])).stdout, /^Runs Turso on loopback[^]*npx turso-token-emulator/));

  it("answers bad input with one sentence", async () => {
    write("seed.json", SEED);
    const { TURSO_API_BASEURL: url = "" } = await start("--seed", "seed.json");
    const { port } = new URL(url);
    const group = (more: object) => ({ groups: [{ name: "default", ...more }] });
    write("damaged.json", '{"groups": [');
    write("unknown.json", group({ databses: ["app"] }));
    write("key.json", { group: "default" });
    write("wrong.json", group({ databases: [{ name: 5 }] }));
    write("generation.json", group({ serverGeneration: "next" }));
    write("twice.json", group({ databases: ["app", "app"] }));
    write("name.json", group({ databases: ["a b"] }));
    const CASES: [args: string[], code: number, stderr: string | RegExp][] = [
      [["--port", port], 1, `Port ${port} is in use.\n`],
      [["--seed", "nowhere.json"], 1, "There is no file nowhere.json.\n"],
      [["--seed", "."], 1, ". cannot be read: EISDIR.\n"],
      [["--seed", "damaged.json"], 1, /^damaged\.json is not valid JSON: .*\.\n$/],
      [["--seed", "key.json"], 1, 'key.json: unknown key "group".\n'],
      [["--seed", "unknown.json"], 1, 'unknown.json: groups[0]: unknown key "databses".\n'],
      [
        ["--seed", "wrong.json"],
        1,
        "wrong.json: groups[0].databases[0].name: expected string, received number.\n",
      ],
      [
        ["--seed", "generation.json"],
        1,
        'generation.json: groups[0].serverGeneration: expected one of "current"|"legacy-group"|"legacy-dedicated".\n',
      ],
      [
        ["--seed", "twice.json"],
        1,
        'The database "app" cannot be created: database with name app already exists.\n',
      ],
      [["--seed", "name.json"], 1, 'The database "a b" cannot be created: invalid database name.\n'],
      [["--fault", '{"path":"/x"}'], 1, /^--fault: when: expected one of "before"\|"after"\.\n$/],
      [["--group", "old=next"], 2, /^--group old: The server generation must be .* See --help\.\n$/],
      [["--nonsense"], 2, "Unknown option '--nonsense'. See --help.\n"],
    ];
    for (const [args, code, expected] of CASES) {
      const failed = await run(bin, args, { cwd: folder, timeout: 60_000 }).then(
        () => assert.fail(`${args.join(" ")} started`),
        (error: unknown) => error as { code: number; stdout: string; stderr: string },
      );
      assert.deepEqual([failed.code, failed.stdout], [code, ""], `${args.join(" ")}: ${failed.stderr}`);
      if (typeof expected === "string") assert.equal(failed.stderr, expected);
      else assert.match(failed.stderr, expected);
    }
  });
});

import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { ROOT } from "../../tools/stack";
import { inSandbox } from "./sandbox";

const EXAMPLES = path.join(ROOT, "examples");
const FOLDERS = readdirSync(EXAMPLES, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

/** Those in other languages, and their files; they use the native plugin. */
const NATIVE: Record<string, string[]> = {
  python: ["__main__.py", "rotation.py", "rotate.py", "requirements.txt"],
  yaml: [],
};

interface PackageFile {
  name: string;
  version: string;
  private?: boolean;
  main: string;
  dependencies: Record<string, string>;
  devDependencies?: Record<string, string>;
}

const read = (...names: string[]): string => readFileSync(path.join(EXAMPLES, ...names), "utf8");
const packageFile = (...names: string[]): PackageFile =>
  JSON.parse(read(...names, "package.json")) as PackageFile;

const QUICKSTART = {
  from: "examples/quickstart",
  files: ["Pulumi.yaml", "package.json", "tsconfig.json", "index.ts"],
};

describe("the quickstart", () => {
  it("rotates a group and exports a new token as a secret in the same run", () =>
    inSandbox({ copy: QUICKSTART, config: { group: "default", trigger: "1" } }, async (sandbox) => {
      await sandbox.up();
      const { token: first } = await sandbox.stack.outputs();
      assert.equal(await sandbox.accepts("app", first), true);
      await sandbox.stack.must("config", "set", "trigger", "2");
      const { stdout, stderr } = await sandbox.up();
      assert.deepEqual(sandbox.rotations, ["groups/default", "groups/default"]);
      const { token } = await sandbox.stack.outputs();
      assert.deepEqual(
        [await sandbox.accepts("app", first), await sandbox.accepts("app", token)],
        [false, true],
      );

      const shown = await sandbox.stack.must("stack", "output", "--json");
      assert.equal((JSON.parse(shown.stdout) as { token: string }).token, "[secret]");
      for (const text of [stdout, stderr, await sandbox.stack.state()])
        assert.equal(text.includes(String(token)), false);
    }));

  it("rotates a database by age if the config sets rotateEvery", () =>
    inSandbox({ copy: QUICKSTART, config: { database: "lone", trigger: "1" } }, async (sandbox) => {
      await sandbox.up();
      await sandbox.stack.must("config", "set", "rotateEvery", "90d");
      await sandbox.up();
      assert.deepEqual(sandbox.rotations, ["databases/lone"]);
      await sandbox.stack.must("config", "set", "rotateEvery", "1s");
      await sandbox.up();
      assert.deepEqual(sandbox.rotations, ["databases/lone", "databases/lone"]);
      assert.equal(await sandbox.accepts("lone", (await sandbox.stack.outputs())["token"]), true);
    }));
});

describe("every example", () => {
  it("is in the list of examples", () => {
    const listed = [...read("README.md").matchAll(/^\| \[[\w-]+\]\(([\w-]+)\/?\)/gm)].map(([, name]) => name);
    assert.deepEqual(listed.sort(), [...FOLDERS].sort());
  });

  for (const folder of FOLDERS) {
    // a recipe needs an account of its platform, so the emulator alone cannot run it
    const isRecipe = folder.startsWith("deliver-");
    it(`${folder} is a Pulumi project whose README covers ${isRecipe ? "the time until the pick-up" : "the emulator"} and the real API`, () => {
      const files = NATIVE[folder] ?? ["package.json", "tsconfig.json", "index.ts"];
      for (const name of ["Pulumi.yaml", "README.md", ...files])
        assert.ok(existsSync(path.join(EXAMPLES, folder, name)), name);
      assert.match(read(folder, "Pulumi.yaml"), new RegExp(`^name: ${folder}\n`));
      const readme = read(folder, "README.md");
      const main = isRecipe ? "## From rotation to pick-up" : "npm run emulator";
      const namespace = folder in NATIVE ? "turso-tokens" : "turso";
      for (const text of [main, `${namespace}:organization`, `${namespace}:apiToken`])
        assert.ok(readme.includes(text), text);
    });

    if (folder in NATIVE) continue;
    it(`${folder} declares version ranges, and one that includes this package's version`, () => {
      const { name, private: isPrivate, main, dependencies, devDependencies } = packageFile(folder);
      assert.deepEqual([name, isPrivate, main], [folder, true, "index.ts"]);
      for (const range of Object.values({ ...dependencies, ...devDependencies }))
        assert.match(range, /^\^\d+\.\d+\.\d+$/);
      assert.equal(dependencies["pulumi-turso-tokens"], `^${packageFile("..").version}`);
      assert.ok(dependencies["@pulumi/pulumi"]);
    });
  }
});

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import path from "node:path";
import { compileFunction } from "node:vm";
import ts from "typescript";
import { Sandbox, inSandbox } from "../e2e/sandbox";
import { BLOCKS, ROOT, type Block } from "./markdown";

const PROGRAMS = BLOCKS.filter(({ language }) => language === "ts");
/** Whether `pulumi up` runs it, and not Node.js itself: those with mocks, or that run Pulumi from code. */
const isPulumi = ({ text }: Block): boolean =>
  text.includes('from "pulumi-turso-tokens"') && !/setMocks|pulumi\/automation/.test(text);
/** Needs a second stack or organization, which test/e2e/ways.test.ts has. */
const needsMore = ({ text }: Block): boolean => /StackReference\(|pulumi\.ProviderResource/.test(text);

/** Pretends that the program is a file of the root, so that its imports resolve as in a user's project. */
const fileOf = (block: Block): string => path.join(ROOT, `${block.where.replace(/[^\w]/g, "-")}.docs.ts`);

/** The type errors of all programs under this repository's strict settings. */
function typeErrors(blocks: Block[]): string[] {
  const { config } = ts.readConfigFile(path.join(ROOT, "tsconfig.json"), (file) => ts.sys.readFile(file)) as {
    config: { compilerOptions: object };
  };
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [] }, ts.sys, ROOT);
  Object.assign(options, { noEmit: true, noUnusedLocals: false, module: ts.ModuleKind.Preserve });
  Object.assign(options, { moduleResolution: ts.ModuleResolutionKind.Bundler, moduleDetection: 3 });
  const texts = new Map(blocks.map((block) => [fileOf(block), block.text]));
  const disk = ts.createCompilerHost(options);
  const host: ts.CompilerHost = {
    ...disk,
    fileExists: (file) => texts.has(file) || disk.fileExists(file),
    readFile: (file) => texts.get(file) ?? disk.readFile(file),
    getSourceFile: (file, version, ...rest) => {
      const text = texts.get(file);
      return text === undefined
        ? disk.getSourceFile(file, version, ...rest)
        : ts.createSourceFile(file, text, version);
    },
  };
  const program = ts.createProgram([...texts.keys()], options, host);
  return ts
    .getPreEmitDiagnostics(program)
    .map(
      ({ file, messageText }) =>
        `${file?.fileName ?? ""}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`,
    );
}

const compile = ({ text }: Block): string =>
  ts.transpileModule(text, {
    compilerOptions: {
      module: ts.ModuleKind.CommonJS,
      target: ts.ScriptTarget.ES2022,
      esModuleInterop: true,
    },
  }).outputText;

/** Runs a program that is not a Pulumi program in this process. */
async function runHere(block: Block): Promise<void> {
  const run = compileFunction(`return (async () => {${compile(block)}})()`, ["require", "exports"]) as (
    require: NodeJS.Require,
    exports: object,
  ) => Promise<void>;
  await run(createRequire(fileOf(block)), {});
}

/** The names of a program's exports. */
const exportsOf = ({ text }: Block): string[] =>
  [...text.matchAll(/^export const (\w+)/gm)].map(([, name]) => name as string);

/** Sets the config values that a program requires. */
async function configure(sandbox: Sandbox, { text }: Block): Promise<void> {
  for (const [, secret, name] of text.matchAll(/\.require(Secret)?\("(\w+)"\)/g))
    if (secret) {
      const token = await sandbox.turso.platform.mintDatabaseToken("app", {});
      await sandbox.stack.must("config", "set", "--secret", name as string, token);
    } else await sandbox.stack.must("config", "set", name as string, "2026-11");
}

describe("the programs of all pages", function () {
  this.timeout(300_000);

  it("compile", () => {
    assert.deepEqual(typeErrors(PROGRAMS), []);
  });

  it("do not compile with a wrong argument", () => {
    const [first] = PROGRAMS.filter(isPulumi) as [Block];
    const wrong = { ...first, text: first.text.replace(/scope: \{ (\w+):/, "scope: { no$1:") };
    assert.notEqual(wrong.text, first.text);
    assert.match(typeErrors([wrong]).join("\n"), /no(group|database)s?/);
  });

  for (const block of PROGRAMS)
    if (needsMore(block)) continue;
    else if (isPulumi(block))
      it(`${block.where} runs`, () =>
        inSandbox({ program: "" }, async (sandbox) => {
          sandbox.stack.writeFile("index.js", compile(block));
          await configure(sandbox, block);
          await sandbox.up();
          const outputs = await sandbox.stack.outputs();
          const names = exportsOf(block);
          assert.ok(names.length > 0, "the program exports nothing to check");
          for (const name of names) assert.ok(name in outputs, `${name} is not among the outputs`);
          const declares =
            /new TokenRotation\(/.test(block.text) && !/rotateOnCreate: false/.test(block.text);
          assert.equal(sandbox.rotations.length > 0, declares);
        }));
    else it(`${block.where} runs`, () => runHere(block));
});

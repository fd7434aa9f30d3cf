import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

const ROOT = path.join(__dirname, "..", "..");

/** The parts of typedoc's JSON that this test reads. */
interface Reflection {
  name: string;
  variant: string;
  kind: number;
  comment?: { blockTags?: { tag: string }[] };
  children?: Reflection[];
  signatures?: Reflection[];
  parameters?: Reflection[];
  inheritedFrom?: unknown;
}

/** typedoc's numbers for kinds. */
const CLASS = 128;
const INTERFACE = 256;
const METHOD = 2048;

/** Runs typedoc as `npm run docs` does, but into a temporary folder. It fails if a public item is undocumented. */
function generate(): {
  pages: Record<string, string>;
  project: Reflection;
  code: number | null;
  said: string;
} {
  const folder = mkdtempSync(path.join(tmpdir(), "api-"));
  try {
    const json = path.join(folder, "api.json");
    const typedoc = path.join(ROOT, "node_modules", ".bin", "typedoc");
    const args = ["--out", path.join(folder, "api"), "--json", json];
    const { status, stdout, stderr } = spawnSync(typedoc, args, { cwd: ROOT, encoding: "utf8" });
    if (status !== 0) return { pages: {}, project: emptyProject, code: status, said: stdout + stderr };
    return {
      pages: read(path.join(folder, "api")),
      project: JSON.parse(readFileSync(json, "utf8")) as Reflection,
      code: status,
      said: stdout + stderr,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const emptyProject: Reflection = { name: "", variant: "", kind: 0 };

const read = (folder: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(folder).map((name) => [name, readFileSync(path.join(folder, name), "utf8")]),
  );

/** Lists missing tags, for example `AuthToken.get lacks @example`. */
function missingTags(what: string, { comment }: Reflection, tags: string[]): string[] {
  const has = new Set(comment?.blockTags?.map(({ tag }) => tag));
  return tags.filter((tag) => !has.has(tag)).map((tag) => `${what} lacks ${tag}`);
}

const members = ({ children = [] }: Reflection): Reflection[] =>
  children.filter(({ inheritedFrom }) => inheritedFrom === undefined);

/** Interfaces of outputs alone: nobody passes their members, so they have neither defaults nor errors. */
const OF_OUTPUTS = new Set(["Reach"]);

/** Checks that typedoc's own validation does not cover. */
function problems(project: Reflection): string[] {
  const classes = members(project).filter(({ kind }) => kind === CLASS);
  const interfaces = members(project).filter(({ kind, name }) => kind === INTERFACE && !OF_OUTPUTS.has(name));
  return [
    ...classes.flatMap((each) => missingTags(each.name, each, ["@example", "@see"])),
    ...classes.flatMap((each) =>
      members(each).flatMap(({ name, kind, signatures = [] }) =>
        signatures.flatMap((signature) => [
          ...missingTags(`${each.name}.${name}`, signature, ["@throws"]),
          ...(kind === METHOD
            ? missingTags(`${each.name}.${name}`, signature, ["@returns", "@example"])
            : []),
          ...(signature.parameters ?? [])
            .filter(({ comment }) => comment === undefined)
            .map((parameter) => `${each.name}.${name} lacks @param ${parameter.name}`),
        ]),
      ),
    ),
    ...interfaces.flatMap((each) =>
      members(each).flatMap((argument) =>
        missingTags(`${each.name}.${argument.name}`, argument, ["@defaultValue", "@throws"]),
      ),
    ),
  ];
}

describe("the API reference", function () {
  this.timeout(60_000);
  let made: ReturnType<typeof generate>;

  before(() => {
    made = generate();
  });

  it("documents each public item", () => {
    assert.equal(made.code, 0, made.said);
  });

  it("documents each argument's default and errors, and each class and method with an example", () => {
    assert.deepEqual(problems(made.project), []);
    const names = members(made.project).map(({ name }) => name);
    for (const name of ["AuthToken", "TokenRotation", "TokenRotationArgs", "Scope"])
      assert.ok(names.includes(name), name);
  });

  it("is up to date in docs/api", () => {
    assert.deepEqual(
      read(path.join(ROOT, "docs", "api")),
      made.pages,
      "run `npm run docs` and commit the result",
    );
  });
});

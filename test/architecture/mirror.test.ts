import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { ROOT } from "./imports";

/** Tests that are about no single module of the folder of src with their folder's name, and why. */
const EXCEPTIONS = new Map([
  ["test/resources/types.test.ts", "compares the types of both resources with the rules and the states"],
]);

const MAX_LINES = 250;
/** The random model is exempt: its files describe a state machine each, which reads worse in parts. */
const LONG = /^test\/model\//;

/** All files of test/, as paths from the repository's root. */
const files = readdirSync(path.join(ROOT, "test"), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map(({ parentPath, name }) => path.relative(ROOT, path.join(parentPath, name)).replaceAll(path.sep, "/"));

const isTest = (file: string): boolean => file.endsWith(".test.ts");

/** The folder of src that a file of test/ mirrors. */
const mirrored = (file: string): string => path.posix.dirname(file).replace(/^test/, "src");

/** The modules of src that a test's name may begin with: `plan` for `plan-due.test.ts` and `plan.slow.test.ts`. */
function subjects(file: string): string[] {
  const words = path.posix.basename(file).split(".")[0]?.split("-") ?? [];
  return words.map((_, index) => words.slice(0, index + 1).join("-"));
}

const hasSubject = (file: string): boolean =>
  subjects(file).some((module) => existsSync(path.join(ROOT, mirrored(file), `${module}.ts`)));

describe("the layout of test/", () => {
  const mirrors = files.filter((file) => isTest(file) && existsSync(path.join(ROOT, mirrored(file))));

  it("mirrors that of src: the name of a test begins with the name of the module that it tests", () => {
    assert.ok(mirrors.some((file) => file.startsWith("test/rotation/run/")));
    assert.deepEqual(
      mirrors.filter((file) => !hasSubject(file) && !EXCEPTIONS.has(file)),
      [],
    );
  });

  it("has no exception that is no longer needed", () => {
    const needed = mirrors.filter((file) => !hasSubject(file));
    assert.deepEqual(
      [...EXCEPTIONS.keys()].filter((file) => !needed.includes(file)),
      [],
    );
  });

  it(`has no file of more than ${MAX_LINES} lines`, () => {
    const lines = (file: string): number =>
      readFileSync(path.join(ROOT, file), "utf8").split("\n").length - 1;
    const long = files.filter((file) => file.endsWith(".ts") && lines(file) > MAX_LINES);
    assert.deepEqual(
      long.filter((file) => !LONG.test(file)),
      [],
    );
  });
});

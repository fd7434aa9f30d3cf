import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { ROOT } from "../../tools/stack";
import { applyTo, type Break } from "./break";
import { CHAPTERS } from "./list";
import { withTable } from "./table";

const BREAKS = CHAPTERS.flatMap(({ breaks }) => breaks);
const read = (file: string): string => readFileSync(path.join(ROOT, file), "utf8");

describe("the break", () => {
  for (const each of BREAKS)
    it(`${each.name} still applies: ${each.defect}`, () => {
      const source = read(each.file);
      assert.notEqual(applyTo(source, each), source);
      for (const test of each.caughtBy) assert.ok(existsSync(path.join(ROOT, test)), `there is no ${test}`);
    });
});

describe("the list of breaks", () => {
  it("has a different name and a different sentence for each", () => {
    assert.equal(new Set(BREAKS.map(({ name }) => name)).size, BREAKS.length);
    assert.equal(new Set(BREAKS.map(({ defect }) => defect)).size, BREAKS.length);
    for (const { name, defect } of BREAKS) {
      assert.match(name, /^[a-z0-9]+(-[a-z0-9]+)*$/);
      assert.match(defect, /^[A-Z].*\.$/);
    }
  });

  it("is the table of docs/reliability.md (npm run test:breaks -- --write)", () => {
    const page = read("docs/reliability.md");
    assert.equal(withTable(page, CHAPTERS), page);
  });
});

describe("DESIGN.md's table of the rules", () => {
  const section =
    read("DESIGN.md")
      .split(/^## /m)
      .find((part) => part.startsWith("The five rules")) ?? "";
  const rows = section.split("\n").filter((line) => /^\| \d\. /.test(line));

  it("has five rows", () => assert.equal(rows.length, 5));

  for (const row of rows) {
    const [, rule = "", modules = "", tests = ""] = row.split("|").map((cell) => cell.trim());
    const named = (cell: string): string[] =>
      [...cell.matchAll(/`([^`*]+\.ts)`/g)].map(([, file = ""]) => file);

    it(`names only modules that are broken here, and tests that catch a break: ${rule}`, () => {
      const unbroken = named(modules).filter((file) => !BREAKS.some((each) => each.file === `src/${file}`));
      const isUnit = (file: string): boolean => !file.startsWith("test/e2e/");
      const idle = named(tests).filter(
        (file) => isUnit(file) && !BREAKS.some(({ caughtBy }) => caughtBy.includes(file)),
      );
      assert.deepEqual([unbroken, idle], [[], []]);
    });
  }
});

describe("a break that does not apply", () => {
  const sample: Break = {
    name: "sample",
    defect: "It is wrong.",
    file: "src/sample.ts",
    find: "right",
    replace: "$& wrong",
    caughtBy: ["test/sample.test.ts"],
  };

  const CASES: [what: string, source: string, found: string][] = [
    ["because its text is gone", "left", "nowhere"],
    ["because its text is there twice", "right, right", "2 times"],
  ];
  for (const [what, source, found] of CASES)
    it(`is an error that names it, ${what}`, () =>
      assert.throws(() => applyTo(source, sample), {
        message: `The break "sample" does not apply: src/sample.ts contains the text that it changes ${found}. Correct it in test/breaks/list.`,
      }));

  it("differs from one that does, whose replacement is taken word for word", () =>
    assert.equal(applyTo("is right", sample), "is $& wrong"));
});

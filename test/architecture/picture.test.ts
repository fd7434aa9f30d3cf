import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { ROOT, importsOf } from "./imports";

/** Any part may use these; they use each other alone. Arrows to them are not drawn. */
const SHARED = "shared";

interface Picture {
  /** The node that holds each file. */
  nodeOf: Map<string, string>;
  arrows: string[];
}

/** Reads the flowchart of DESIGN.md: `id["title<br>file<br>file"]` and `id --> id & id`; thick arrows are no imports. */
function readPicture(): Picture {
  const design = readFileSync(path.join(ROOT, "DESIGN.md"), "utf8");
  const chart =
    /```mermaid\nflowchart[^]*?```/.exec(design)?.[0] ?? assert.fail("DESIGN.md has no flowchart");
  const nodeOf = new Map<string, string>();
  for (const [, id = "", label = ""] of chart.matchAll(/^ *(\w+)\["([^"]+)"\]/gm))
    for (const file of label.split("<br>").slice(1)) {
      assert.ok(!nodeOf.has(file), `${file} is in two nodes`);
      nodeOf.set(`src/${file}`, id);
    }
  const arrows = [...chart.matchAll(/^ *(\w+) --> (.+)$/gm)].flatMap(([, from = "", to = ""]) =>
    to.split("&").map((each) => `${from} --> ${each.trim()}`),
  );
  return { nodeOf, arrows };
}

describe("the picture in DESIGN.md", () => {
  const { nodeOf, arrows } = readPicture();
  const imports = importsOf("src");

  it("holds each file of src once, and no other", () => {
    const files = new Set(
      imports.flatMap(({ from, to }) => [from, to]).filter((each) => each.startsWith("src/")),
    );
    assert.deepEqual([...nodeOf.keys()].sort(), [...files].sort());
  });

  it("has an arrow for each part that loads another, and no other", () => {
    const loaded = imports
      .filter(({ isType, to }) => !isType && to.startsWith("src/"))
      .map(({ from, to }) => [nodeOf.get(from) ?? from, nodeOf.get(to) ?? to] as const)
      .filter(([from, to]) => from !== to && to !== SHARED)
      .map(([from, to]) => `${from} --> ${to}`);
    assert.deepEqual([...new Set(arrows)].sort(), [...new Set(loaded)].sort());
    assert.equal(new Set(arrows).size, arrows.length, "an arrow is drawn twice");
  });
});

/** From the bottom up; a folder imports only those before it. Resources beside hosts, rotation beside token. */
const LAYERS = [["values"], ["turso"], ["core"], ["rotation", "token"], ["hosts", "resources"], ["index"]];
const layerOf = (file: string): number =>
  LAYERS.findIndex((folders) => folders.includes(file.split("/")[1] ?? ""));
/** Whether one file imports another of a higher layer, or of a sibling folder. */
function isUpward(from: string, to: string): boolean {
  if (!to.startsWith("src/") || from.split("/")[1] === to.split("/")[1]) return false;
  return layerOf(to) >= layerOf(from);
}

describe("the layers of src", () => {
  const imports = importsOf("src");
  const told = (broken: typeof imports) => broken.map(({ from, to }) => `${from} imports ${to}`);
  /** All that a file loads, and what that loads. */
  const reached = (from: string, seen = new Set<string>()): Set<string> => {
    for (const { to } of imports.filter((each) => each.from === from && !each.isType))
      if (!seen.has(to)) reached(to, seen.add(to));
    return seen;
  };
  const files = [...new Set(imports.map(({ from }) => from))];

  it("values, turso and core import nothing from the folders above them, not even types", () =>
    assert.deepEqual(told(imports.filter(({ from, to }) => isUpward(from, to))), []));

  it("a program loads neither the logic, nor the API client, nor a package but Pulumi's", () => {
    const loaded = [...reached("src/index")];
    assert.ok(loaded.includes("src/resources/token-rotation") && loaded.includes("src/resources/auth-token"));
    assert.deepEqual(
      loaded.filter(
        (each) =>
          /^src\/(hosts|rotation|token|core|turso)\//.test(each) ||
          (!/^(src\/|node:)/.test(each) && each !== "@pulumi/pulumi"),
      ),
      [],
    );
  });

  it("the logic and the client load nothing of Pulumi's, and only the host knows the engine", () => {
    const inside = imports.filter(({ from }) => /^src\/(rotation|token|core|turso|values)\//.test(from));
    const host = /^src\/hosts\//;
    assert.deepEqual(
      told(inside.filter(({ from, to }) => to.startsWith("@pulumi/") || (host.test(to) && !host.test(from)))),
      [],
    );
  });

  it("src imports nothing from outside of it but node's modules and what package.json gives its users", () => {
    const { dependencies, peerDependencies } = JSON.parse(
      readFileSync(path.join(ROOT, "package.json"), "utf8"),
    ) as {
      dependencies: Record<string, string>;
      peerDependencies: Record<string, string>;
    };
    const given = Object.keys({ ...dependencies, ...peerDependencies });
    assert.deepEqual(
      told(
        imports.filter(({ to }) => !to.startsWith("src/") && !to.startsWith("node:") && !given.includes(to)),
      ),
      [],
    );
  });

  it("the shared files load only each other", () => {
    const { nodeOf } = readPicture();
    const isShared = (file: string) => nodeOf.get(file) === SHARED;
    assert.deepEqual(
      told(
        imports.filter(
          ({ from, to, isType }) => isShared(from) && !isType && to.startsWith("src/") && !isShared(to),
        ),
      ),
      [],
    );
  });

  it("no file loads itself by way of others", () =>
    assert.deepEqual(
      files.filter((file) => reached(file).has(file)),
      [],
    ));
});

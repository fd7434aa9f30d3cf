import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { ROOT, importsOf } from "./imports";

/** The node that any other may import, and that imports no other. Its incoming arrows are not drawn. */
const SHARED = "shared";

interface Picture {
  /** The node of each file. */
  nodeOf: Map<string, string>;
  arrows: string[];
}

/** Parses the flowchart of DESIGN.md: `id["title<br>file<br>file"]` and `id --> id & id`. Thick arrows are not imports. */
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

describe("the architecture diagram in DESIGN.md", () => {
  const { nodeOf, arrows } = readPicture();
  const imports = importsOf("src");

  it("contains each file of src once, and no other file", () => {
    const files = new Set(
      imports.flatMap(({ from, to }) => [from, to]).filter((each) => each.startsWith("src/")),
    );
    assert.deepEqual([...nodeOf.keys()].sort(), [...files].sort());
  });

  it("has exactly one arrow for each import between nodes", () => {
    const loaded = imports
      .filter(({ isType, to }) => !isType && to.startsWith("src/"))
      .map(({ from, to }) => [nodeOf.get(from) ?? from, nodeOf.get(to) ?? to] as const)
      .filter(([from, to]) => from !== to && to !== SHARED)
      .map(([from, to]) => `${from} --> ${to}`);
    assert.deepEqual([...new Set(arrows)].sort(), [...new Set(loaded)].sort());
    assert.equal(new Set(arrows).size, arrows.length, "a duplicate arrow");
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
  const describeAll = (broken: typeof imports) => broken.map(({ from, to }) => `${from} imports ${to}`);
  /** The transitive runtime imports of a file. */
  const reachable = (from: string, seen = new Set<string>()): Set<string> => {
    for (const { to } of imports.filter((each) => each.from === from && !each.isType))
      if (!seen.has(to)) reachable(to, seen.add(to));
    return seen;
  };
  const files = [...new Set(imports.map(({ from }) => from))];

  it("no folder imports one above or beside it, not even types", () =>
    assert.deepEqual(describeAll(imports.filter(({ from, to }) => isUpward(from, to))), []));

  it("a program loads neither the logic, nor the API client, nor any package except Pulumi's", () => {
    const loaded = [...reachable("src/index")];
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

  it("the logic and the client do not import Pulumi, and only the host imports engine code", () => {
    const inside = imports.filter(({ from }) => /^src\/(rotation|token|core|turso|values)\//.test(from));
    const host = /^src\/hosts\//;
    assert.deepEqual(
      describeAll(
        inside.filter(({ from, to }) => to.startsWith("@pulumi/") || (host.test(to) && !host.test(from))),
      ),
      [],
    );
  });

  it("src imports only Node.js modules and the dependencies that package.json declares for users", () => {
    const { dependencies, peerDependencies } = JSON.parse(
      readFileSync(path.join(ROOT, "package.json"), "utf8"),
    ) as {
      dependencies: Record<string, string>;
      peerDependencies: Record<string, string>;
    };
    const given = Object.keys({ ...dependencies, ...peerDependencies });
    assert.deepEqual(
      describeAll(
        imports.filter(({ to }) => !to.startsWith("src/") && !to.startsWith("node:") && !given.includes(to)),
      ),
      [],
    );
  });

  it("the shared files import only each other", () => {
    const { nodeOf } = readPicture();
    const isShared = (file: string) => nodeOf.get(file) === SHARED;
    assert.deepEqual(
      describeAll(
        imports.filter(
          ({ from, to, isType }) => isShared(from) && !isType && to.startsWith("src/") && !isShared(to),
        ),
      ),
      [],
    );
  });

  it("there are no import cycles", () =>
    assert.deepEqual(
      files.filter((file) => reachable(file).has(file)),
      [],
    ));
});

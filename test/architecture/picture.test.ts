import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { ROOT, importsOf } from "./imports";

interface Picture {
  nodes: string[];
  arrows: string[];
}

/** Parses the flowchart of DESIGN.md: `folder["…"]` and `folder --> folder & folder`. Thick arrows are not imports. */
function readPicture(): Picture {
  const design = readFileSync(path.join(ROOT, "DESIGN.md"), "utf8");
  const chart =
    /```mermaid\nflowchart[^]*?```/.exec(design)?.[0] ?? assert.fail("DESIGN.md has no flowchart");
  const nodes = [...chart.matchAll(/^ *(\w+)\["/gm)].map(([, id = ""]) => id);
  const arrows = [...chart.matchAll(/^ *(\w+) --> (.+)$/gm)].flatMap(([, from = "", to = ""]) =>
    to.split("&").map((each) => `${from} --> ${each.trim()}`),
  );
  return { nodes, arrows };
}

/** The package of a module: `@pulumi/pulumi/proto/engine_pb` is in `@pulumi/pulumi`. */
const packageOf = (module: string): string =>
  module
    .split("/")
    .slice(0, module.startsWith("@") ? 2 : 1)
    .join("/");

/** The folder of a file of src, or the file itself where it is in none. */
const folderOf = (file: string): string => file.split("/")[1] ?? "";

describe("the architecture diagram in DESIGN.md", () => {
  const { nodes, arrows } = readPicture();
  const imports = importsOf("src");

  it("has one node for each folder of src", () => {
    const folders = readdirSync(path.join(ROOT, "src")).map((name) => name.replace(/\.ts$/, ""));
    assert.deepEqual([...nodes].sort(), folders.sort());
  });

  it("has exactly one arrow for each import between folders", () => {
    const loaded = imports
      .filter(({ isType, to }) => !isType && to.startsWith("src/"))
      .map(({ from, to }) => [folderOf(from), folderOf(to)] as const)
      .filter(([from, to]) => from !== to)
      .map(([from, to]) => `${from} --> ${to}`);
    assert.deepEqual([...new Set(arrows)].sort(), [...new Set(loaded)].sort());
    assert.equal(new Set(arrows).size, arrows.length, "a duplicate arrow");
  });
});

describe("the size of", () => {
  const files = readdirSync(path.join(ROOT, "src"), { recursive: true, withFileTypes: true }).filter(
    (entry) => entry.isFile(),
  );

  it("each file of src is at most 250 lines", () => {
    const lines = (name: string): number => readFileSync(name, "utf8").split("\n").length - 1;
    const long = files
      .filter(({ name }) => !name.endsWith(".json")) // a tool makes the plugin's schema
      .map(({ parentPath, name }) => path.join(parentPath, name))
      .filter((f) => lines(f) > 250);
    assert.deepEqual(long, []);
  });

  it("each folder of src is at most 12 files", () => {
    const counts = new Map<string, number>();
    for (const { parentPath } of files) counts.set(parentPath, (counts.get(parentPath) ?? 0) + 1);
    assert.deepEqual(
      [...counts].filter(([, count]) => count > 12),
      [],
    );
  });
});

/** What the native plugin contains besides this package: it is one file, so a user does not install them. */
const BUNDLED = ["@grpc/grpc-js", "google-protobuf"];

/** From the bottom up; a folder imports only those before it. Resources beside hosts, rotation beside token. */
const LAYERS = [
  ["values"],
  ["turso"],
  ["core"],
  ["rotation", "token"],
  ["hosts", "resources"],
  ["status"],
  ["index"],
];
const layerOf = (file: string): number => LAYERS.findIndex((folders) => folders.includes(folderOf(file)));
/** Whether one file imports another of a higher layer, or of a sibling folder. */
function isUpward(from: string, to: string): boolean {
  if (!to.startsWith("src/") || folderOf(from) === folderOf(to)) return false;
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
    const given = (from: string): string[] => [
      ...Object.keys({ ...dependencies, ...peerDependencies }),
      ...(from.startsWith("src/hosts/plugin/") ? BUNDLED : []),
    ];
    assert.deepEqual(
      describeAll(
        imports.filter(
          ({ from, to }) =>
            !to.startsWith("src/") && !to.startsWith("node:") && !given(from).includes(packageOf(to)),
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

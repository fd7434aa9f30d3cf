import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";

const ROOT = path.join(__dirname, "..", "..");
const read = (name: string): string => readFileSync(path.join(ROOT, name), "utf8");

interface Entry {
  integrity?: string;
  link?: boolean;
  hasInstallScript?: boolean;
  dependencies?: Record<string, string>;
}
const { packages } = JSON.parse(read("package-lock.json")) as { packages: Record<string, Entry> };
const direct = Object.keys(packages[""]?.dependencies ?? {});

/** Where a package finds another one: its own node_modules first, then those of the folders above. */
function resolve(from: string, name: string): string {
  for (let base = from; ; base = base.slice(0, Math.max(0, base.lastIndexOf("node_modules/") - 1))) {
    const place = `${base === "" ? "" : `${base}/`}node_modules/${name}`;
    if (packages[place] || base === "") return place;
  }
}

/** All that comes with some packages, themselves included, as places in the lock file. */
function closure(names: string[]): Set<string> {
  const places = new Set(names.map((name) => resolve("", name)));
  for (const place of places)
    for (const name of Object.keys(packages[place]?.dependencies ?? {})) places.add(resolve(place, name));
  return places;
}

describe("the supply chain", () => {
  it("is pinned by the lock file, each package with a hash of its content", () => {
    // the root and the emulator are this repository's own, and a link has no content
    const entries = Object.entries(packages).filter(
      ([place, { link }]) => place.includes("node_modules/") && !link,
    );
    assert.ok(entries.length > 100);
    for (const [place, { integrity }] of entries) assert.match(integrity ?? "", /^sha512-/, place);
  });

  it("of a user is what DESIGN.md says, package by package", () => {
    const design = read("DESIGN.md").replace(/\s+/g, " ");
    const all = closure(direct);
    assert.ok(design.includes(`${direct.length} direct dependencies bring ${all.size} packages in all`));
    for (const name of direct) {
      const brings = closure([name]).size - 1;
      assert.match(
        design,
        new RegExp(`\\| ${name} \\| [^|]+ \\| ${brings} \\| `),
        `${name} brings ${brings}`,
      );
    }
  });

  it("of a user runs no script at install", () => {
    const scripted = [...closure(direct)].filter((place) => packages[place]?.hasInstallScript);
    assert.deepEqual(scripted, []);
  });
});

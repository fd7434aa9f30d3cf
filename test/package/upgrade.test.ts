import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { World } from "../e2e/world";
import { NPM, PROGRAM, inProgram, must, project } from "./program";
import { manifest, pack, tarball, unpack } from "./tarball";

const NEXT = "0.999.0";

/** This package under a later version. */
function laterVersion(world: World): string {
  const folder = path.join(world.stack.folder, "later");
  unpack(tarball(), folder);
  const file = path.join(folder, "package.json");
  writeFileSync(
    file,
    readFileSync(file, "utf8").replace(`"version": "${manifest.version}"`, `"version": "${NEXT}"`),
  );
  const out = path.join(world.stack.folder, "packed");
  mkdirSync(out);
  return pack(folder, out);
}

const installed = (world: World) =>
  (
    JSON.parse(
      readFileSync(path.join(world.stack.project, "node_modules", manifest.name, "package.json"), "utf8"),
    ) as { version: string }
  ).version;

describe("another version of the package", () => {
  it("rotates nothing and asks the API nothing, neither an upgrade nor a downgrade", () =>
    inProgram(
      { ...PROGRAM.commonjs, "package.json": project() },
      (world) => must(world, NPM),
      async (world) => {
        await world.up("--config", "trigger=1");
        assert.deepEqual(world.rotations, ["groups/default"]);
        const later = laterVersion(world);
        for (const [version, file] of [
          [NEXT, later],
          [manifest.version, tarball()],
        ] as const) {
          await must(world, [...NPM, file]);
          assert.equal(installed(world), version);
          world.turso.clearLog();
          await world.up();
          assert.deepEqual(world.calls, []);
          assert.deepEqual(world.rotations, ["groups/default"]);
        }
      },
    ));
});

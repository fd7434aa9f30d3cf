import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Sandbox } from "../e2e/sandbox";
import { NPM, PROGRAM, inProgram, must, project } from "./program";
import { manifest, pack, tarball, unpack } from "./tarball";

const NEXT = "0.999.0";

/** Packs this package with a later version number. */
function laterVersion(sandbox: Sandbox): string {
  const folder = path.join(sandbox.stack.folder, "later");
  unpack(tarball(), folder);
  const file = path.join(folder, "package.json");
  writeFileSync(
    file,
    readFileSync(file, "utf8").replace(`"version": "${manifest.version}"`, `"version": "${NEXT}"`),
  );
  const out = path.join(sandbox.stack.folder, "packed");
  mkdirSync(out);
  return pack(folder, out);
}

const installed = (sandbox: Sandbox) =>
  (
    JSON.parse(
      readFileSync(path.join(sandbox.stack.project, "node_modules", manifest.name, "package.json"), "utf8"),
    ) as { version: string }
  ).version;

describe("an upgrade or downgrade of the package", () => {
  it("rotates nothing and sends no API requests", () =>
    inProgram(
      { ...PROGRAM.commonjs, "package.json": project() },
      (sandbox) => must(sandbox, NPM),
      async (sandbox) => {
        await sandbox.up("--config", "trigger=1");
        assert.deepEqual(sandbox.rotations, ["groups/default"]);
        const later = laterVersion(sandbox);
        for (const [version, file] of [
          [NEXT, later],
          [manifest.version, tarball()],
        ] as const) {
          await must(sandbox, [...NPM, file]);
          assert.equal(installed(sandbox), version);
          sandbox.turso.clearLog();
          await sandbox.up();
          assert.deepEqual(sandbox.calls, []);
          assert.deepEqual(sandbox.rotations, ["groups/default"]);
        }
      },
    ));
});

import assert from "node:assert/strict";
import { ensureLanguage } from "../../tools/pulumi-cli/language.js";
import { inSandbox } from "../e2e/sandbox";
import { NPM, must } from "./program";
import { tarball } from "./tarball";

describe("the example in YAML, copied into an empty folder, with the packed package and nothing else", function () {
  let programs: string[] = [];
  // on a new machine, the host is built first
  before(async function () {
    this.timeout(1_800_000);
    programs = [await ensureLanguage("yaml", (line) => console.log(`      ${line}`))];
  });

  it("finds the packed plugin, and rotates", () => {
    const options = {
      ownPackages: true,
      copy: { from: "examples/yaml", files: ["Pulumi.yaml"] },
      isNative: true,
      programs,
      config: { trigger: "1" },
      serverGeneration: "current" as const,
    };
    return inSandbox(options, async (sandbox) => {
      await must(sandbox, [...NPM, tarball()]);
      await sandbox.stack.must("config", "set", "--path", "databases[0]", "app");
      await sandbox.up();
      assert.deepEqual(sandbox.rotations, ["databases/app"]);
      assert.ok(await sandbox.accepts("app", (await sandbox.stack.outputs())["readerToken"]));
    });
  });
});

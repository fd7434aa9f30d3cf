import assert from "node:assert/strict";
import { inSandbox } from "./sandbox";

/** The root of a clone: its Pulumi.yaml and the program that it points to. */
const COPY = { from: ".", files: ["Pulumi.yaml", "package.json", "examples/quickstart"] };

describe("the root program", () => {
  it("rotates the target in the stack's config, and again when the trigger changes", () =>
    inSandbox({ copy: COPY }, async (sandbox) => {
      await sandbox.stack.must("config", "set", "database", "app");
      await sandbox.stack.must("config", "set", "trigger", "2026-11");
      await sandbox.up();
      assert.deepEqual(sandbox.rotations, ["databases/app"]);
      assert.equal((await sandbox.stack.outputs())["rotationCount"], 1);
      await sandbox.stack.must("config", "set", "trigger", "2026-12");
      await sandbox.up();
      assert.deepEqual(sandbox.rotations, ["databases/app", "databases/app"]);
      assert.equal((await sandbox.stack.outputs())["rotationCount"], 2);
    }));

  it("explains which config to set if none is set, and sends no API requests", () =>
    inSandbox({ copy: COPY }, async (sandbox) => {
      const first = await sandbox.fails("up", "--yes", "--skip-preview");
      assert.match(
        first,
        /Set what to rotate, with exactly one of `pulumi config set database NAME` and `pulumi config set group NAME`\./,
      );
      await sandbox.stack.must("config", "set", "group", "default");
      const second = await sandbox.fails("up", "--yes", "--skip-preview");
      assert.match(second, /Set the rotation's trigger to any text: `pulumi config set trigger 2026-11`\./);
      for (const output of [first, second]) assert.doesNotMatch(output, /\n\s+at .*index\.ts/);
      assert.deepEqual(sandbox.calls, []);
    }));
});

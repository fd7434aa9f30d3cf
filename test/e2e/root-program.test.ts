import assert from "node:assert/strict";
import { inWorld } from "./world";

/** The root as a clone has it: its Pulumi.yaml, and the program that it points to. */
const COPY = { from: ".", files: ["Pulumi.yaml", "package.json", "examples/quickstart"] };

describe("the root's own program", () => {
  it("rotates what the stack's config names, and again when its trigger changes", () =>
    inWorld({ copy: COPY }, async (world) => {
      await world.stack.must("config", "set", "database", "app");
      await world.stack.must("config", "set", "trigger", "2026-11");
      await world.up();
      assert.deepEqual(world.rotations, ["databases/app"]);
      assert.equal((await world.stack.outputs())["rotationCount"], 1);
      await world.stack.must("config", "set", "trigger", "2026-12");
      await world.up();
      assert.deepEqual(world.rotations, ["databases/app", "databases/app"]);
      assert.equal((await world.stack.outputs())["rotationCount"], 2);
    }));

  it("says what to set, where nothing is set, and asks the API nothing", () =>
    inWorld({ copy: COPY }, async (world) => {
      const first = await world.fails("up", "--yes", "--skip-preview");
      assert.match(
        first,
        /Set what to rotate, with exactly one of `pulumi config set database NAME` and `pulumi config set group NAME`\./,
      );
      await world.stack.must("config", "set", "group", "default");
      const second = await world.fails("up", "--yes", "--skip-preview");
      assert.match(second, /Set the rotation's trigger to any text: `pulumi config set trigger 2026-11`\./);
      for (const output of [first, second]) assert.doesNotMatch(output, /\n\s+at .*index\.ts/);
      assert.deepEqual(world.calls, []);
    }));
});

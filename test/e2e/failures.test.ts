import assert from "node:assert/strict";
import { inWorld, type World } from "./world";

const program = (args: string) => `new turso.TokenRotation("r", ${args});`;
const APP = `{ scope: { database: "app" }, trigger: 1 }`;
const UP = ["up", "--yes", "--skip-preview"];

/** No stack trace for what a person can mend. */
const assertReadable = (output: string) => assert.doesNotMatch(output, /\n\s+at .*(dist|src)\//, output);

const assertSecretFree = async (world: World, ...outputs: string[]) => {
  for (const text of [...outputs, await world.stack.state(), JSON.stringify(world.turso.log)])
    assert.ok(!text.includes(world.turso.apiToken), "the API token stands somewhere in clear");
};

describe("what a person sees of a failure, with the real CLI", () => {
  it("bad arguments fail the preview and the up, all at once, before any request", () =>
    inWorld(
      { program: program(`{ scope: { database: "../x" }, groupImpact: "perhaps", triger: 1 }`) },
      async (world) => {
        for (const command of [["preview"], UP]) {
          const output = await world.fails(...command);
          assert.match(
            output,
            /scope\.database "\.\.\/x" must start with a letter or a digit and hold only letters, digits, "-" and "_"\./,
          );
          assert.match(output, /groupImpact must be one of "warn", "refuse"\./);
          assert.match(output, /triger is not an argument of TokenRotation/);
          assert.match(output, /trigger is missing/);
          assertReadable(output);
        }
        assert.deepEqual(world.calls, []);
      },
    ));

  for (const [what, trigger, said] of [
    ["a function", "() => 1", "holds a function, which JSON cannot"],
    [
      "cyclic",
      "(() => { const a = {}; a.a = a; return a; })()",
      "holds itself (it is cyclic), which JSON cannot",
    ],
  ] as const)
    it(`a trigger that is ${what} fails with a sentence`, () =>
      inWorld({ program: program(`{ scope: { database: "app" }, trigger: ${trigger} }`) }, async (world) => {
        const output = await world.fails(...UP);
        assert.ok(output.includes(`TokenRotation "r": trigger ${said}. Nothing was changed.`), output);
        assertReadable(output);
        assert.deepEqual(world.calls, []);
      }));

  it("a preview without an API token says that it could not look, and goes on; an up says where to set it", () =>
    inWorld({ program: program(APP) }, async (world) => {
      await world.stack.must("config", "rm", "turso:apiToken");
      const { stdout } = await world.preview();
      assert.match(
        stdout,
        /acme\/databases\/app: creating it rotates; what it kills could not be looked up \(there is no API token\)\./,
      );
      const output = await world.fails(...UP);
      assert.match(
        output,
        /there is no API token\. Nothing was changed\. Set it with `pulumi config set --secret turso:apiToken TOKEN`, or in the environment as TURSO_API_TOKEN\./,
      );
      assertReadable(output);
      assert.deepEqual(world.calls, []);
    }));

  it("a preview without network says that it could not look, and goes on", () =>
    inWorld({ program: program(APP), config: { "turso:apiUrl": "http://127.0.0.1:1" } }, async (world) => {
      const { stdout } = await world.preview();
      assert.match(stdout, /could not be looked up \(the API could not be reached \(.*ECONNREFUSED.*\)\)\./);
    }));

  it("an API token without the permission names the scope that is missing, and nothing is saved", () =>
    inWorld({ program: program(APP) }, async (world) => {
      await world.stack.must(
        "config",
        "set",
        "--secret",
        "turso:apiToken",
        world.turso.createApiToken({ permissions: ["read"] }),
      );
      const output = await world.fails(...UP);
      assert.match(
        output,
        /Rotating acme\/databases\/app: the API answered 403 .* Nothing was changed\. The API token, read from stack config turso:apiToken, may not do this: give it the scope db:rotate-creds, or use one that has it\./,
      );
      assertReadable(output);
      assert.doesNotMatch(await world.stack.state(), /TokenRotation/);
      assert.deepEqual(world.rotations, []);
    }));

  it("a machine whose environment names another organization does not move a resource", () =>
    inWorld({ program: program(APP) }, async (world) => {
      await world.up();
      await world.stack.must("config", "rm", "turso:organization");
      world.stack.env["TURSO_ORGANIZATION"] = "somebody-else";
      world.turso.clearLog();
      const { stdout } = await world.up();
      assert.match(stdout, /2 unchanged/);
      assert.deepEqual(world.calls, []);
    }));

  it("the connection may come from the environment alone", () =>
    inWorld({ program: program(APP) }, async (world) => {
      for (const key of ["apiUrl", "organization", "apiToken"])
        await world.stack.must("config", "rm", `turso:${key}`);
      const { url, organization, apiToken } = world.turso;
      Object.assign(world.stack.env, {
        TURSO_API_BASEURL: url,
        TURSO_ORGANIZATION: organization,
        TURSO_API_TOKEN: apiToken,
      });
      const { stdout, stderr } = await world.up();
      assert.deepEqual(world.rotations, ["databases/app"]);
      await assertSecretFree(world, stdout, stderr);
    }));
});

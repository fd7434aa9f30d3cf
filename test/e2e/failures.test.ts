import assert from "node:assert/strict";
import { inSandbox, type Sandbox } from "./sandbox";

const program = (args: string) => `new turso.TokenRotation("r", ${args});`;
const APP = `{ scope: { database: "app" }, trigger: 1 }`;
const UP = ["up", "--yes", "--skip-preview"];

/** Errors that a user can fix have no stack trace. */
const assertReadable = (output: string) => assert.doesNotMatch(output, /\n\s+at .*(dist|src)\//, output);

const assertSecretFree = async (sandbox: Sandbox, ...outputs: string[]) => {
  for (const text of [...outputs, await sandbox.stack.state(), JSON.stringify(sandbox.turso.log)])
    assert.ok(!text.includes(sandbox.turso.apiToken), "the API token appears in plain text");
};

describe("failures, with the real CLI", () => {
  it("the preview and the up report all invalid arguments together, before any request", () =>
    inSandbox(
      { program: program(`{ scope: { database: "../x" }, groupImpact: "perhaps", triger: 1 }`) },
      async (sandbox) => {
        for (const command of [["preview"], UP]) {
          const output = await sandbox.fails(...command);
          assert.match(
            output,
            /scope\.database "\.\.\/x" must start with a letter or a digit and contain only letters, digits, "-" and "_"\./,
          );
          assert.match(output, /groupImpact must be one of "warn", "refuse"\./);
          assert.match(output, /triger is not an argument of TokenRotation/);
          assert.match(output, /trigger is missing/);
          assertReadable(output);
        }
        assert.deepEqual(sandbox.calls, []);
      },
    ));

  for (const [what, trigger, said] of [
    ["a function", "() => 1", "contains a function, which JSON cannot represent"],
    [
      "cyclic",
      "(() => { const a = {}; a.a = a; return a; })()",
      "contains itself (it is cyclic), which JSON cannot represent",
    ],
  ] as const)
    it(`a trigger that is ${what} fails with an error that names it`, () =>
      inSandbox(
        { program: program(`{ scope: { database: "app" }, trigger: ${trigger} }`) },
        async (sandbox) => {
          const output = await sandbox.fails(...UP);
          assert.ok(output.includes(`TokenRotation "r": trigger ${said}. Nothing was changed.`), output);
          assertReadable(output);
          assert.deepEqual(sandbox.calls, []);
        },
      ));

  it("a preview without an API token warns about the missing lookup and continues; an up explains where to set the token", () =>
    inSandbox({ program: program(APP) }, async (sandbox) => {
      await sandbox.stack.must("config", "rm", "turso:apiToken");
      const { stdout } = await sandbox.preview();
      assert.match(
        stdout,
        / {4}warning: acme\/databases\/app: creating it rotates; the blast radius could not be looked up \(there is no API token\)\./,
      );
      const output = await sandbox.fails(...UP);
      assert.match(
        output,
        /there is no API token\. Nothing was changed\. Set it with `pulumi config set --secret turso:apiToken`, which prompts for it, or in the environment as TURSO_API_TOKEN\./,
      );
      assertReadable(output);
      assert.deepEqual(sandbox.calls, []);
    }));

  it("a preview without a network warns about the failed lookup and continues", () =>
    inSandbox(
      { program: program(APP), config: { "turso:apiUrl": "http://127.0.0.1:1" } },
      async (sandbox) => {
        const { stdout } = await sandbox.preview();
        assert.match(
          stdout,
          / {4}warning: .* could not be looked up \(the API could not be reached \(.*ECONNREFUSED.*\)\)\./,
        );
      },
    ));

  it("the error for an API token without the permission names the missing scope, and nothing is saved", () =>
    inSandbox({ program: program(APP) }, async (sandbox) => {
      await sandbox.stack.must(
        "config",
        "set",
        "--secret",
        "turso:apiToken",
        sandbox.turso.createApiToken({ permissions: ["read", "db:mint-token"] }),
      );
      const output = await sandbox.fails(...UP);
      assert.match(
        output,
        /Rotating acme\/databases\/app: the API answered 403 .* Nothing was changed\. The API token, read from stack config turso:apiToken, lacks the scope db:rotate-creds\. Scopes cannot be added to a token: mint a new one that has it, and set it there\./,
      );
      assertReadable(output);
      assert.doesNotMatch(await sandbox.stack.state(), /TokenRotation/);
      assert.deepEqual(sandbox.rotations, []);
    }));

  it("a different organization in the environment does not replace an existing resource", () =>
    inSandbox({ program: program(APP) }, async (sandbox) => {
      await sandbox.up();
      await sandbox.stack.must("config", "rm", "turso:organization");
      sandbox.stack.env["TURSO_ORGANIZATION"] = "somebody-else";
      sandbox.turso.clearLog();
      const { stdout } = await sandbox.up();
      assert.match(stdout, /2 unchanged/);
      assert.deepEqual(sandbox.calls, []);
    }));

  it("the environment alone can configure the connection", () =>
    inSandbox({ program: program(APP) }, async (sandbox) => {
      for (const key of ["apiUrl", "organization", "apiToken"])
        await sandbox.stack.must("config", "rm", `turso:${key}`);
      const { url, organization, apiToken } = sandbox.turso;
      Object.assign(sandbox.stack.env, {
        TURSO_API_BASEURL: url,
        TURSO_ORGANIZATION: organization,
        TURSO_API_TOKEN: apiToken,
      });
      const { stdout, stderr } = await sandbox.up();
      assert.deepEqual(sandbox.rotations, ["databases/app"]);
      await assertSecretFree(sandbox, stdout, stderr);
    }));
});

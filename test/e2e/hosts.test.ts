import assert from "node:assert/strict";
import { inSandbox, type Sandbox } from "./sandbox";

const UP = ["up", "--yes", "--skip-preview"];

/** A rotated database, and a token that follows it. */
const app = (trigger: unknown, extra = "") =>
  `const r = new turso.TokenRotation("r", { scope: { database: "app" }, trigger: ${JSON.stringify(trigger)}${extra} });
   const t = new turso.AuthToken("t", { scope: { database: "app" }, rotation: r });
   exports.token = t.token; exports.rotationId = r.rotationId;`;

const list = (names: string[], trigger: unknown) =>
  `const r = new turso.TokenRotation("r", { scope: { databases: ${JSON.stringify(names)} }, trigger: ${JSON.stringify(trigger)}, mint: {} });
   const t = new turso.AuthToken("t", { scope: { database: "app" }, rotation: r });
   exports.token = t.token; exports.minted = r.tokens; exports.failures = r.failures;`;

/** Whether a text holds what only a JWT begins with. */
const holdsToken = (text: string): boolean => /eyJ[\w-]{10,}\./.test(text);

async function rejects(sandbox: Sandbox, token: unknown): Promise<boolean> {
  return !(await sandbox.accepts("app", token));
}

for (const [host, isNative] of [
  ["the dynamic provider", false],
  ["the native plugin", true],
] as const)
  describe(`the main job with ${host}`, () => {
    it("creates, does nothing, rotates and mints on a changed trigger, refreshes and destroys", () =>
      inSandbox({ program: app(1), isNative }, async (sandbox) => {
        const { stdout: planned } = await sandbox.preview();
        assert.match(planned, /acme\/databases\/app: creating it rotates; this invalidates every token/);
        assert.deepEqual(sandbox.rotations, []);

        await sandbox.up();
        assert.deepEqual(sandbox.rotations, ["databases/app"]);
        const { token: first } = await sandbox.stack.outputs();
        assert.ok(await sandbox.accepts("app", first));
        const state = await sandbox.stack.state();
        assert.equal(holdsToken(state), false, "a token is in the state in clear");

        sandbox.turso.clearLog();
        await sandbox.stack.must(...UP, "--expect-no-changes");
        await sandbox.stack.must("preview", "--expect-no-changes");
        assert.deepEqual(sandbox.calls, []);

        sandbox.stack.write(app("1"));
        await sandbox.up();
        assert.deepEqual(sandbox.rotations.length, 1, "a trigger of the same text rotated");

        sandbox.stack.write(app(2));
        const { stdout: announced } = await sandbox.preview();
        assert.match(announced, /the trigger changed, so this update rotates/);
        assert.deepEqual(sandbox.rotations.length, 1);
        const { stdout } = await sandbox.up();
        assert.equal(holdsToken(stdout), false, "a token is in the output");
        assert.deepEqual(sandbox.rotations.length, 2);
        const { token: second } = await sandbox.stack.outputs();
        assert.ok(await sandbox.accepts("app", second));
        assert.ok(await rejects(sandbox, first));

        await sandbox.stack.must("refresh", "--yes", "--skip-preview");
        await sandbox.stack.must(...UP, "--expect-no-changes");
        // something else rotates the database: a refresh finds the dead token, and the next update mints it again
        sandbox.turso.platform.rotateDatabase("app");
        const { stdout: refreshed } = await sandbox.stack.must("refresh", "--yes", "--skip-preview");
        assert.match(refreshed, /acme\/databases\/app: .*reject/);
        await sandbox.up();
        const { token: third } = await sandbox.stack.outputs();
        assert.ok(await sandbox.accepts("app", third));

        const before = sandbox.rotations.length;
        const { stdout: destroyed } = await sandbox.stack.must("destroy", "--yes", "--skip-preview");
        assert.match(
          destroyed,
          /acme\/databases\/app: deleted from the stack, which changes nothing in Turso/,
        );
        assert.equal(sandbox.rotations.length, before);
      }));

    it("delivers what worked of a list, and fails the run for the rest", () =>
      inSandbox(
        { program: list(["app", "no-such"], 1), isNative, serverGeneration: "current" },
        async (sandbox) => {
          const output = await sandbox.fails(...UP);
          assert.match(output, /1 target needs another run\. no-such: the API says that it does not exist/);
          // the plugin does not know whether the program shows it too
          const isWarning = /warning: acme\/databases: 1 target needs another run/.test(output);
          assert.equal(isWarning, isNative);
          const { token, minted, failures } = await sandbox.stack.outputs();
          assert.ok(await sandbox.accepts("app", token));
          assert.deepEqual(Object.keys(minted as object), ["app"]);
          assert.deepEqual(Object.keys(failures as object), ["no-such"]);
          sandbox.stack.write(list(["app"], 1));
          await sandbox.up();
          assert.deepEqual(sandbox.rotations, ["databases/app"]);
        },
      ));

    it("says what is wrong with an argument, a setting and a target, and changes nothing", () =>
      inSandbox({ program: app(1, ", verfy: 'off'"), isNative }, async (sandbox) => {
        assert.match(await sandbox.fails(...UP), /verfy is not an argument of TokenRotation/);
        sandbox.stack.write(
          `new turso.TokenRotation("r", { scope: { group: "typo" }, trigger: { a: [1] } });`,
        );
        const output = await sandbox.fails(...UP);
        assert.match(output, /Looking up acme\/groups\/typo: the API answered 404 \(group not found\)/);
        assert.doesNotMatch(output, /at .*\.js:\d+/);
        const namespace = isNative ? "turso-tokens" : "turso";
        await sandbox.stack.must("config", "set", `${namespace}:apiUrl`, "http://example.com");
        assert.match(
          await sandbox.fails(...UP),
          new RegExp(`The API's URL, read from stack config ${namespace}:apiUrl, must start with https://`),
        );
        await sandbox.stack.must("config", "set", `${namespace}:apiUrl`, sandbox.turso.url);
        await sandbox.stack.must("config", "rm", `${namespace}:apiToken`);
        sandbox.stack.write(app(1));
        assert.match(
          await sandbox.fails(...UP),
          new RegExp(`there is no API token.*pulumi config set --secret ${namespace}:apiToken`),
        );
        assert.deepEqual(sandbox.rotations, []);
      }));

    it("saves a lost answer as unresolved, and resolves it with the next update", () =>
      inSandbox({ program: app(1), isNative, serverGeneration: "current" }, async (sandbox) => {
        await sandbox.up();
        sandbox.stack.write(app(2));
        sandbox.turso.fault({
          method: "POST",
          path: /auth\/rotate/,
          when: "after",
          action: { type: "drop" },
        });
        await sandbox.stack.run(...UP);
        await sandbox.up();
        assert.equal(sandbox.rotations.length, 2);
        const { token } = await sandbox.stack.outputs();
        assert.ok(await sandbox.accepts("app", token));
      }));
  });

describe("the native plugin", () => {
  it("imports a target without rotating it, and adopts the program's arguments", () =>
    inSandbox(
      {
        program: `const r = new turso.TokenRotation("r", { scope: { group: "other" }, organization: "acme", trigger: 1 }, { import: "acme/groups/other" }); exports.count = r.rotationCount;`,
        isNative: true,
      },
      async (sandbox) => {
        await sandbox.up();
        await sandbox.up();
        assert.deepEqual(sandbox.rotations, []);
        sandbox.stack.write(
          `const r = new turso.TokenRotation("r", { scope: { group: "other" }, organization: "acme", trigger: 2 }); exports.count = r.rotationCount;`,
        );
        await sandbox.up();
        assert.deepEqual(sandbox.rotations, ["groups/other"]);
        assert.equal((await sandbox.stack.outputs())["count"], 1);
      },
    ));

  it("imports nothing for a program that declares a different target", () =>
    inSandbox(
      {
        program: `new turso.TokenRotation("r", { scope: { group: "default" }, trigger: 1 }, { import: "acme/groups/other" });`,
        isNative: true,
      },
      async (sandbox) => {
        const output = await sandbox.fails(...UP);
        assert.match(
          output,
          /Importing acme\/groups\/other: the program declares acme\/groups\/default instead/,
        );
        assert.deepEqual(sandbox.rotations, []);
      },
    ));

  it("keeps a provider, and all that it manages, when its connection changes", () =>
    inSandbox({ program: app(1), isNative: true }, async (sandbox) => {
      await sandbox.up();
      await sandbox.stack.must("config", "set", "turso-tokens:organization", "acme ");
      await sandbox.up();
      assert.deepEqual(sandbox.rotations, ["databases/app"]);
    }));

  it("rejects a whole resource as an AuthToken's rotation, and says what to pass", () =>
    inSandbox(
      {
        program: `const { CustomResource } = pulumi;
          const r = new CustomResource("turso-tokens:index:TokenRotation", "r", { scope: { database: "app" }, trigger: 1 });
          new CustomResource("turso-tokens:index:AuthToken", "t", { scope: { database: "app" }, rotation: r.id });`,
        isNative: true,
      },
      async (sandbox) =>
        assert.match(
          await sandbox.fails(...UP),
          /rotation must be the handle of a TokenRotation, not a string/,
        ),
    ));
});

import assert from "node:assert/strict";
import { inSandbox, type Sandbox } from "./sandbox";

const UP = ["up", "--yes", "--skip-preview"];

/** A rotation with its own token, and an AuthToken that follows it. */
const BASE = (options = "{}", args = "") => `
  const trigger = new pulumi.Config().get("trigger") ?? "a";
  const r = new turso.TokenRotation("r", { scope: { databases: ["app"] }, trigger, mint: {} ${args} }, ${options});
  exports.minted = r.token("app");
  exports.followed = new turso.AuthToken("t", { scope: { database: "app" }, rotation: r }).token;`;

const urnOf = (type: string, name: string): string =>
  `urn:pulumi:dev::app::pulumi-nodejs:dynamic/turso:${type}::${name}`;
const R = urnOf("TokenRotation", "r");
const T = urnOf("AuthToken", "t");
const setTrigger = (sandbox: Sandbox, value: string) => sandbox.stack.must("config", "set", "trigger", value);

/** Asserts how often was rotated in all, and that both tokens are accepted. */
async function assertWell(sandbox: Sandbox, rotations: number): Promise<void> {
  assert.equal(sandbox.rotations.length, rotations);
  const { minted, followed } = await sandbox.stack.outputs();
  for (const token of [minted, followed]) assert.equal(await sandbox.accepts("app", token), true);
}

describe("Pulumi's options and commands, each with one rotation per reason and valid tokens afterwards:", () => {
  it("replaceOnChanges for the trigger replaces the rotation, once", () =>
    inSandbox({ program: BASE('{ replaceOnChanges: ["trigger"] }') }, async (sandbox) => {
      await sandbox.up();
      await setTrigger(sandbox, "b");
      await sandbox.up();
      await assertWell(sandbox, 2);
      await sandbox.preview("--expect-no-changes");
    }));

  it("protect stops a replacement before anything is rotated, and no trigger", () =>
    inSandbox({ program: BASE("{ protect: true }") }, async (sandbox) => {
      await sandbox.up();
      sandbox.stack.write(BASE("{ protect: true }", ', organization: "other"'));
      assert.match(await sandbox.fails(...UP), /protect/);
      sandbox.stack.write(BASE("{ protect: true }"));
      await sandbox.up();
      await assertWell(sandbox, 1);
      await setTrigger(sandbox, "b");
      await sandbox.up();
      await assertWell(sandbox, 2);
    }));

  it("a replacement that fails and is reverted leaves the old resource, and nothing is rotated twice", () =>
    inSandbox(
      {
        program: BASE().replace('databases: ["app"]', 'database: "app"').replace(", mint: {}", ", mint: {}"),
      },
      async (sandbox) => {
        await sandbox.up();
        const moved = BASE()
          .replace('databases: ["app"]', 'database: "reports"')
          .replace('scope: { database: "app" }, rotation: r', 'scope: { database: "app" }');
        sandbox.stack.write(moved.replace('r.token("app")', 'r.token("reports")'));
        sandbox.turso.fault({
          path: /auth\/rotate$/,
          when: "before",
          action: { type: "status", status: 409 },
          times: 99,
        });
        await sandbox.fails(...UP);
        sandbox.turso.clearFaults();
        assert.equal(sandbox.rotations.length, 1);
        sandbox.stack.write(BASE().replace('databases: ["app"]', 'database: "app"'));
        await sandbox.up();
        await sandbox.up();
        await assertWell(sandbox, 1);
      },
    ));

  it("--exclude leaves the rotation out, and --target-dependents mints what follows it", () =>
    inSandbox({ program: BASE() }, async (sandbox) => {
      await sandbox.up();
      await setTrigger(sandbox, "b");
      await sandbox.up("--exclude", R);
      await assertWell(sandbox, 1);
      await sandbox.up("--target", R, "--target-dependents");
      await assertWell(sandbox, 2);
    }));

  it("replacing a token mints it, and deleting the old one does not invalidate the new one", () =>
    inSandbox({ program: BASE() }, async (sandbox) => {
      await sandbox.up();
      const { followed } = await sandbox.stack.outputs();
      await sandbox.up("--replace", T);
      await assertWell(sandbox, 1);
      assert.notEqual((await sandbox.stack.outputs())["followed"], followed);
    }));

  it("destroy --target and up create the rotation anew, which rotates once", () =>
    inSandbox(
      { program: BASE().replace("rotation: r })", "rotation: r }, { deletedWith: r })") },
      async (sandbox) => {
        await sandbox.up();
        await sandbox.stack.must("destroy", "--yes", "--skip-preview", "--target", R, "--target-dependents");
        assert.equal(sandbox.rotations.length, 1);
        await sandbox.up();
        await assertWell(sandbox, 2);
      },
    ));

  it("renaming the stack and changing its passphrase rotates nothing", () =>
    inSandbox({ program: BASE("{ retainOnDelete: true }") }, async (sandbox) => {
      await sandbox.up();
      await sandbox.stack.must("stack", "rename", "prod");
      await sandbox.up();
      await assertWell(sandbox, 1);
    }));

  it("refresh and up in every order find a rotation by hand, and rotate nothing themselves", () =>
    inSandbox({ program: BASE() }, async (sandbox) => {
      await sandbox.up();
      const refresh = ["refresh", "--yes", "--skip-preview"];
      for (const order of [[refresh, UP], [[...UP, "--refresh"]], [refresh, refresh, UP, refresh]]) {
        const before = sandbox.rotations.length;
        sandbox.turso.platform.rotateDatabase("app");
        for (const args of order) await sandbox.stack.must(...args);
        await assertWell(sandbox, before + 1);
      }
    }));

  it("--parallel 1 and many resources under one trigger rotate each once", () =>
    inSandbox(
      {
        program: `
          const trigger = new pulumi.Config().get("trigger") ?? "a";
          for (const [name, group] of [["one", "default"], ["two", "other"]]) {
            const r = new turso.TokenRotation(name, { scope: { group }, trigger });
            for (const i of [1, 2]) exports[name + i] = new turso.AuthToken(name + i, { scope: { group }, rotation: r }).token;
          }`,
        serverGeneration: "current",
      },
      async (sandbox) => {
        for (const [trigger, parallel] of [
          ["a", "1"],
          ["b", "16"],
        ] as const) {
          await setTrigger(sandbox, trigger);
          await sandbox.up("--parallel", parallel);
        }
        assert.deepEqual(
          [...sandbox.rotations].sort(),
          ["default", "default", "other", "other"].map((name) => `groups/${name}`),
        );
        const outputs = await sandbox.stack.outputs();
        for (const [name, database] of [
          ["one1", "app"],
          ["one2", "reports"],
          ["two1", "lone"],
          ["two2", "lone"],
        ] as const)
          assert.equal(await sandbox.accepts(database, outputs[name]), true, name);
      },
    ));

  it("secrets stay secret in components, in resources that are exported whole, and in their JSON", () =>
    inSandbox(
      {
        program: `
          class Home extends pulumi.ComponentResource {
            constructor(name) {
              super("acme:index:Home", name);
              this.rotation = new turso.TokenRotation(name, { scope: { databases: ["app"] }, trigger: "a", mint: {} }, { parent: this });
              this.token = new turso.AuthToken(name, { scope: { database: "app" }, rotation: this.rotation }, { parent: this });
              this.registerOutputs({ rotation: this.rotation, token: this.token.token });
            }
          }
          const home = new Home("home");
          exports.home = home;
          exports.rotation = home.rotation;
          exports.text = pulumi.jsonStringify({ token: home.token.token, all: home.rotation.tokens });`,
      },
      async (sandbox) => {
        const { stdout, stderr } = await sandbox.up();
        const shown = await sandbox.stack.must("stack", "output", "--json");
        for (const text of [stdout, stderr, shown.stdout, await sandbox.stack.state()])
          assert.doesNotMatch(text, /eyJ[\w-]+\.eyJ/);
      },
    ));

  it("a preview warns of what is certain to fail: a wrong API token, a missing database", () =>
    inSandbox({ program: BASE() }, async (sandbox) => {
      const preview = async () => (await sandbox.preview()).stdout;
      sandbox.stack.write(BASE().replaceAll('"app"', '"typo"'));
      assert.match(await preview(), /warning: .*could not find database with name typo/);
      await sandbox.stack.must("config", "set", "--secret", "turso:apiToken", "wrong");
      assert.match(await preview(), /warning: .*the API answered 401/);
      await sandbox.stack.must("config", "set", "--path", "--secret", "turso:apiToken.prod", "wrong");
      assert.match(await sandbox.fails("preview"), /turso:apiToken must be text, not an object/);
    }));
});

import assert from "node:assert/strict";
import { inSandbox, type Sandbox } from "./sandbox";

const UP = ["up", "--yes", "--skip-preview"];

/** A rotation of the group and the token of one of its databases, which follows it. */
const BASE = (options = "{}") => `
  const r = new turso.TokenRotation("r", { scope: { group: "default" }, trigger: new pulumi.Config().get("trigger") ?? "a" }, ${options});
  exports.token = new turso.AuthToken("t", { scope: { database: "app" }, rotation: r }).token;`;

const urnOf = async (sandbox: Sandbox, name: string): Promise<string> => {
  const state = JSON.parse(await sandbox.stack.state()) as { deployment: { resources: { urn: string }[] } };
  return state.deployment.resources.map(({ urn }) => urn).find((urn) => urn.endsWith(`::${name}`)) ?? "";
};

describe("situations that people reported", () => {
  it("--continue-on-error delivers the token of the group that was rotated, and says nothing false of the other", () =>
    inSandbox(
      {
        program: `
          const trigger = new pulumi.Config().get("trigger") ?? "a";
          for (const [group, database] of [["default", "app"], ["other", "lone"]]) {
            const r = new turso.TokenRotation(group, { scope: { group }, trigger });
            exports[database] = new turso.AuthToken(database, { scope: { database }, rotation: r }).token;
          }`,
      },
      async (sandbox) => {
        await sandbox.up();
        await sandbox.stack.must("config", "set", "trigger", "b");
        sandbox.turso.fault({
          path: /groups\/other\/auth\/rotate$/,
          when: "before",
          action: { type: "status", status: 409, body: '{"error":"busy"}' },
          times: 99,
        });
        sandbox.turso.fault({
          path: /groups\/default\/auth\/rotate$/,
          when: "before",
          action: { type: "delay", ms: 800 },
        });
        const output = await sandbox.fails(...UP, "--continue-on-error");
        assert.doesNotMatch(output, /undefined/);
        assert.match(output, /409 \(busy\)/);
        const outputs = await sandbox.stack.outputs();
        assert.equal(await sandbox.accepts("app", outputs["app"]), true, "the rotated group's token");
        assert.equal(sandbox.rotations.filter((each) => each === "groups/default").length, 2);
        assert.equal(sandbox.rotations.filter((each) => each === "groups/other").length, 1);
      },
    ));

  for (const args of [["--replace"], ["--replace", "--target-dependents"]])
    it(`deleteBeforeReplace and up ${args.join(" ")} rotates once and mints the token in the same run`, () =>
      inSandbox({ program: BASE("{ deleteBeforeReplace: true }") }, async (sandbox) => {
        await sandbox.up();
        const urn = await urnOf(sandbox, "r");
        const flags =
          args.length === 1 ? ["--replace", urn] : ["--target-replace", urn, "--target-dependents"];
        const { stdout, stderr } = await sandbox.up(...flags);
        assert.equal(sandbox.rotations.length, 2);
        assert.equal(await sandbox.accepts("app", (await sandbox.stack.outputs())["token"]), true);
        assert.doesNotMatch(stdout + stderr, /no longer managed|needs another run/);
      }));

  it("an API token that may not mint what follows the rotation stops it before it rotates", () =>
    inSandbox({ program: BASE() }, async (sandbox) => {
      await sandbox.up();
      const { token } = await sandbox.stack.outputs();
      const limited = sandbox.turso.createApiToken({
        permissions: ["read", "group:rotate-creds", "group:mint-token"],
      });
      await sandbox.stack.must("config", "set", "--secret", "turso:apiToken", limited);
      await sandbox.stack.must("config", "set", "trigger", "b");
      const output = await sandbox.fails(...UP);
      assert.match(output, /db:mint-token/);
      assert.equal(sandbox.rotations.length, 1);
      assert.equal(await sandbox.accepts("app", token), true);
    }));

  it("a refresh with the API token of the last up, which was exchanged, says how to refresh with the new one", () =>
    inSandbox({ program: BASE() }, async (sandbox) => {
      await sandbox.up();
      const next = sandbox.turso.createApiToken({ name: "next" });
      sandbox.turso.revokeApiToken(sandbox.turso.apiToken);
      await sandbox.stack.must("config", "set", "--secret", "turso:apiToken", next);
      const { stdout, stderr } = await sandbox.stack.must("refresh", "--yes", "--skip-preview");
      assert.match(stdout + stderr, /a refresh uses the connection of the last `pulumi up`/);
      assert.match(stdout + stderr, /--run-program/);
      await sandbox.up();
      await sandbox.stack.must("refresh", "--yes", "--skip-preview");
    }));

  it("a token stays a secret although a transformation replaces additionalSecretOutputs", () =>
    inSandbox(
      {
        program: `
          pulumi.runtime.registerStackTransformation(({ props, opts }) => ({ props, opts: { ...opts, additionalSecretOutputs: ["other"] } }));
          const r = new turso.TokenRotation("r", { scope: { databases: ["app"] }, trigger: "a", mint: {} });
          const t = new turso.AuthToken("t", { scope: { database: "app" }, rotation: r });
          exports.token = t.token;
          exports.tokens = r.tokens;
          exports.all = pulumi.output(t).apply(({ token }) => token);`,
      },
      async (sandbox) => {
        const { stdout } = await sandbox.up();
        const plain = await sandbox.stack.must("stack", "output", "--json");
        const state = await sandbox.stack.must("stack", "export");
        for (const text of [stdout, plain.stdout, state.stdout]) assert.doesNotMatch(text, /eyJ[\w-]+\.eyJ/);
      },
    ));

  it("a database that was deleted and made again under its name gets a new token by up --refresh", () =>
    inSandbox({ program: BASE() }, async (sandbox) => {
      await sandbox.up();
      sandbox.turso.platform.deleteDatabase("app");
      await sandbox.turso.platform.createDatabase("app", "default");
      await sandbox.up("--refresh");
      assert.equal(await sandbox.accepts("app", (await sandbox.stack.outputs())["token"]), true);
      assert.equal(sandbox.rotations.length, 1);
    }));
});

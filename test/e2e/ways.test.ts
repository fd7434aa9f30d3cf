import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { inSandbox, type Sandbox } from "./sandbox";

const run = promisify(execFile);
const UP = ["up", "--yes", "--skip-preview"];
const TRIGGER = 'const trigger = new pulumi.Config().get("trigger") ?? "a";';
const BASE = `${TRIGGER}
  const r = new turso.TokenRotation("r", { scope: { databases: ["app"] }, trigger, mint: {} });
  const t = new turso.AuthToken("t", { scope: { database: "app" }, rotation: r });
  exports.token = t.token;
  exports.rotationId = r.rotationId;`;
const JWT = /eyJ[\w-]+\.eyJ/;

const setTrigger = (sandbox: Sandbox, value: string) => sandbox.stack.must("config", "set", "trigger", value);
const urnOf = async ({ stack }: Sandbox, name: string): Promise<string> => {
  const { deployment } = JSON.parse(await stack.state()) as { deployment: { resources: { urn: string }[] } };
  return deployment.resources.map(({ urn }) => urn).find((urn) => urn.endsWith(`::${name}`)) ?? "";
};

describe("documented ways to run it", () => {
  it("a plan that was saved and reviewed rotates once, and holds no token in clear", () =>
    inSandbox({ program: BASE }, async (sandbox) => {
      await sandbox.up();
      const { token } = await sandbox.stack.outputs();
      await setTrigger(sandbox, "b");
      await sandbox.preview("--save-plan", "plan.json");
      assert.doesNotMatch(sandbox.stack.readFile("plan.json"), JWT);
      await sandbox.up("--plan", "plan.json");
      assert.equal(sandbox.rotations.length, 2);
      assert.equal(await sandbox.accepts("app", token), false);
      assert.equal(await sandbox.accepts("app", (await sandbox.stack.outputs())["token"]), true);
    }));

  it("refresh --preview-only --expect-no-changes detects a rotation by hand, and nothing else", () =>
    inSandbox({ program: BASE }, async (sandbox) => {
      await sandbox.up();
      const drift = ["refresh", "--preview-only", "--expect-no-changes"];
      await sandbox.stack.must(...drift);
      sandbox.turso.platform.rotateDatabase("app");
      assert.match(await sandbox.fails(...drift), /rejects? (its|the) tokens?/);
      await sandbox.up("--refresh");
      await sandbox.stack.must(...drift);
    }));

  it("a resource moves to a different stack without a rotation, and goes on there", () =>
    inSandbox({ program: BASE }, async (sandbox) => {
      await sandbox.up();
      const { token } = await sandbox.stack.outputs();
      await sandbox.stack.must("stack", "init", "next", "--no-select");
      const config = path.join(sandbox.stack.project, "Pulumi.dev.yaml");
      const text = readFileSync(config, "utf8").replace(/^encryptionsalt.*\n/m, "");
      const plain = text.replace(/ {2}turso:apiToken:\n {4}secure: .*\n/, "");
      writeFileSync(
        path.join(sandbox.stack.project, "Pulumi.next.yaml"),
        plain + readFileSync(path.join(sandbox.stack.project, "Pulumi.next.yaml"), "utf8"),
      );
      await sandbox.stack.must(
        "config",
        "set",
        "--stack",
        "next",
        "--secret",
        "turso:apiToken",
        sandbox.turso.apiToken,
      );
      const [r, t] = [await urnOf(sandbox, "r"), await urnOf(sandbox, "t")];
      await sandbox.stack.must("state", "move", "--yes", "--source", "dev", "--dest", "next", r, t);
      await sandbox.stack.must("stack", "select", "next");
      await sandbox.up();
      assert.equal(sandbox.rotations.length, 1);
      assert.equal((await sandbox.stack.outputs())["token"], token);
      await setTrigger(sandbox, "b");
      await sandbox.up();
      assert.equal(sandbox.rotations.length, 2);
    }));

  it("a resource moves into a component with an alias, without a rotation", () =>
    inSandbox({ program: BASE }, async (sandbox) => {
      await sandbox.up();
      const { token } = await sandbox.stack.outputs();
      sandbox.stack.write(`${TRIGGER}
        const home = new pulumi.ComponentResource("acme:index:Home", "home");
        const options = { parent: home, aliases: [{ parent: pulumi.rootStackResource }] };
        const r = new turso.TokenRotation("r", { scope: { databases: ["app"] }, trigger, mint: {} }, options);
        exports.token = new turso.AuthToken("t", { scope: { database: "app" }, rotation: r }, options).token;`);
      await sandbox.up();
      assert.equal(sandbox.rotations.length, 1);
      assert.equal((await sandbox.stack.outputs())["token"], token);
    }));

  it("a stack follows the rotation of a different stack by its rotationId, and its secrets stay secret", () =>
    inSandbox({ program: BASE }, async (sandbox) => {
      await sandbox.up();
      const follower = `
        const other = new pulumi.StackReference("organization/app/dev");
        const t = new turso.AuthToken("mine", { scope: { database: "app" }, trigger: other.requireOutput("rotationId") });
        exports.token = t.token;
        exports.theirs = other.requireOutput("token");
        exports.text = t.token.apply((token) => JSON.stringify({ token }));
        exports.whole = t;`;
      await sandbox.stack.must("stack", "init", "next");
      for (const [key, value] of [
        ["turso:apiUrl", sandbox.turso.url],
        ["turso:organization", "acme"],
      ] as const)
        await sandbox.stack.must("config", "set", key, value);
      await sandbox.stack.must("config", "set", "--secret", "turso:apiToken", sandbox.turso.apiToken);
      sandbox.stack.write(follower);
      const { stdout } = await sandbox.up();
      const [first, shown] = [
        await sandbox.stack.outputs(),
        await sandbox.stack.must("stack", "output", "--json"),
      ];
      for (const text of [stdout, shown.stdout, await sandbox.stack.state()]) assert.doesNotMatch(text, JWT);

      await sandbox.stack.must("stack", "select", "dev");
      sandbox.stack.write(BASE);
      await setTrigger(sandbox, "b");
      await sandbox.up();
      await sandbox.stack.must("stack", "select", "next");
      sandbox.stack.write(follower);
      await sandbox.up();
      const second = await sandbox.stack.outputs();
      assert.notEqual(second["token"], first["token"]);
      assert.equal(await sandbox.accepts("app", second["token"]), true);
      assert.equal(sandbox.rotations.length, 2);
    }));

  it("a token cannot follow a rotation that was only read, and the error names the way that works", () =>
    inSandbox(
      {
        program: `
          const rotation = turso.TokenRotation.get("r", "acme/groups/default");
          new turso.AuthToken("t", { scope: { group: "default" }, rotation });`,
      },
      async (sandbox) => {
        assert.match(
          await sandbox.fails("preview"),
          /rotation was read with TokenRotation\.get, so it never rotates in this stack/,
        );
      },
    ));

  it("two explicit providers reach two organizations from one program, and moving a resource to one rotates nothing", () =>
    inSandbox({}, async (sandbox) => {
      const { url, apiToken } = sandbox.turso;
      const explicit = (isMoved: boolean) => `
        const provider = new pulumi.ProviderResource("pulumi-nodejs", "acme", {
          "turso:apiUrl": "${url}", "turso:organization": "acme", "turso:apiToken": pulumi.secret("${apiToken}"),
        });
        const wrong = new pulumi.ProviderResource("pulumi-nodejs", "other", {
          "turso:apiUrl": "${url}", "turso:organization": "elsewhere", "turso:apiToken": pulumi.secret("${apiToken}"),
        });
        new turso.TokenRotation("r", { scope: { group: "default" }, trigger: 1 }, ${isMoved ? "{ provider }" : "{}"});
        if (new pulumi.Config().get("both")) new turso.TokenRotation("w", { scope: { group: "default" }, trigger: 1 }, { provider: wrong });`;
      sandbox.stack.write(explicit(false));
      await sandbox.up();
      sandbox.stack.write(explicit(true));
      await sandbox.up();
      assert.equal(sandbox.rotations.length, 1);
      await sandbox.stack.must("config", "set", "both", "true");
      assert.match(await sandbox.fails(...UP), /elsewhere\/groups\/default/);
      assert.equal(sandbox.rotations.length, 1);
    }));

  it("--target before the rotation exists shows Pulumi's own message, not a false one", () =>
    inSandbox({ program: BASE }, async (sandbox) => {
      const urn = "urn:pulumi:dev::app::pulumi-nodejs:dynamic/turso:AuthToken::t";
      const { stdout, stderr } = await sandbox.stack.run(...UP, "--target", urn);
      assert.doesNotMatch(stdout + stderr, /undefined|different organization|not cover/);
      assert.deepEqual(sandbox.rotations, []);
    }));

  it("ignoreChanges on the trigger does not stop rotation by age; suspend does", () => {
    const program = (more: string) => `
      new turso.TokenRotation("r", { scope: { group: "default" }, trigger: 1, rotateEvery: "1s" ${more} }, { ignoreChanges: ["trigger"] });`;
    return inSandbox({ program: program("") }, async (sandbox) => {
      await sandbox.up();
      await new Promise((resolve) => setTimeout(resolve, 1_100));
      sandbox.stack.write(program(", suspend: true"));
      const { stdout } = await sandbox.up();
      assert.match(stdout, /suspend is true, so nothing rotates/);
      assert.equal(sandbox.rotations.length, 1);
      sandbox.stack.write(program(""));
      await sandbox.up();
      assert.equal(sandbox.rotations.length, 2);
    });
  });

  it("the Automation API runs an inline program from a different folder with main set to the program's folder", () =>
    inSandbox({}, async (sandbox) => {
      const { project, env, folder } = sandbox.stack;
      const script = path.join(project, "automation.js");
      writeFileSync(
        script,
        `const { LocalWorkspace } = require("@pulumi/pulumi/automation");
         const { TokenRotation } = require("pulumi-turso-tokens");
         const program = async () => {
           const rotation = new TokenRotation("app", { scope: { databases: ["app"] }, trigger: process.argv[2], mint: {} });
           return { token: rotation.token("app") };
         };
         (async () => {
           const stack = await LocalWorkspace.createOrSelectStack(
             { stackName: "auto", projectName: "inline", program },
             { projectSettings: { name: "inline", runtime: "nodejs", main: __dirname, backend: { url: process.env.PULUMI_BACKEND_URL } } },
           );
           await stack.setConfig("turso:apiUrl", { value: ${JSON.stringify(sandbox.turso.url)} });
           await stack.setConfig("turso:organization", { value: "acme" });
           await stack.setConfig("turso:apiToken", { value: ${JSON.stringify(sandbox.turso.apiToken)}, secret: true });
           const { outputs } = await stack.up();
           console.log(JSON.stringify([outputs.token.secret, outputs.token.value]));
         })().catch((error) => { console.error(error.message); process.exit(1); });`,
      );
      mkdirSync(path.join(folder, "elsewhere"));
      const cwd = mkdtempSync(path.join(folder, "elsewhere", "x"));
      const act = async (trigger: string): Promise<[boolean, string]> => {
        const { stdout } = await run(process.execPath, [script, trigger], {
          cwd,
          env: env,
        });
        return JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as [boolean, string];
      };
      const [isSecret, token] = await act("1");
      assert.equal(isSecret, true);
      assert.equal(await sandbox.accepts("app", token), true);
      await act("1");
      assert.equal(sandbox.rotations.length, 1);
      const [, next] = await act("2");
      assert.equal(sandbox.rotations.length, 2);
      assert.equal(await sandbox.accepts("app", next), true);
    }));
});

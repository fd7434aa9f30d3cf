import assert from "node:assert/strict";
import { inSandbox, type Sandbox } from "./sandbox";

const UP = ["up", "--yes", "--skip-preview"];

/** Asserts that each exported token's database accepts it. */
async function assertAccepted(sandbox: Sandbox, databases: Record<string, string>): Promise<void> {
  const outputs = await sandbox.stack.outputs();
  for (const [name, database] of Object.entries(databases))
    assert.ok(await sandbox.accepts(database, outputs[name]), `${database} rejects the token ${name}`);
}

describe("rotations that invalidate each other's tokens, with the real CLI", () => {
  it("rotating a group and one of its databases in one up leaves every token valid", () => {
    const program = (trigger: number) => `
      const group = new turso.TokenRotation("group", { scope: { group: "default" }, trigger: ${trigger} });
      const database = new turso.TokenRotation("database", { scope: { database: "app" }, trigger: ${trigger} });
      exports.app = new turso.AuthToken("app", { scope: { database: "app" }, rotation: database }).token;
      exports.reports = new turso.AuthToken("reports", { scope: { database: "reports" }, rotation: group }).token;`;
    return inSandbox({ program: program(1), latencyMs: 30 }, async (sandbox) => {
      await sandbox.up();
      await assertAccepted(sandbox, { app: "app", reports: "reports" });
      sandbox.stack.write(program(2));
      await sandbox.up();
      await assertAccepted(sandbox, { app: "app", reports: "reports" });
      assert.deepEqual([...sandbox.rotations].sort(), [
        "databases/app",
        "databases/app",
        "groups/default",
        "groups/default",
      ]);
    });
  });

  it("the up fails and names a token that a later rotation of the same group invalidated, and up --refresh mints it again", () =>
    inSandbox(
      {
        program: `
          const first = new turso.TokenRotation("first", { scope: { database: "app" }, trigger: 1 });
          const token = new turso.AuthToken("token", { scope: { database: "app" }, rotation: first });
          exports.token = token.token;
          new turso.TokenRotation("second", { scope: { database: "reports" }, trigger: 1 }, { dependsOn: token });`,
      },
      async (sandbox) => {
        const output = await sandbox.fails(...UP);
        assert.match(
          output,
          /acme\/databases\/reports: 1 target needs another run\. token of acme\/databases\/app: a rotation invalidated this token, which the program manages\. Run `pulumi up --refresh`, which mints it again\./,
        );
        assert.equal(sandbox.rotations.length, 2);
        await sandbox.up("--refresh");
        await sandbox.up();
        await assertAccepted(sandbox, { token: "app" });
        assert.equal(sandbox.rotations.length, 2, "up --refresh rotated");
      },
    ));

  it("the up fails and names a token of an unchanged rotation that another one invalidated, and up --refresh mints it again", () => {
    const program = (trigger: number) => `
      const first = new turso.TokenRotation("first", { scope: { database: "app" }, trigger: 1, mint: {} });
      exports.token = first.token("app");
      new turso.TokenRotation("second", { scope: { database: "reports" }, trigger: ${trigger} }, { dependsOn: first });`;
    return inSandbox({ program: program(1) }, async (sandbox) => {
      await sandbox.fails(...UP); // creating the second invalidates the token of the first
      await sandbox.up("--refresh");
      await assertAccepted(sandbox, { token: "app" });
      sandbox.stack.write(program(2));
      assert.match(
        await sandbox.fails(...UP),
        /token of acme\/databases\/app: a rotation invalidated this token/,
      );
      await sandbox.up("--refresh");
      await assertAccepted(sandbox, { token: "app" });
      await sandbox.up();
      assert.equal(sandbox.rotations.length, 3, "up --refresh rotated");
    });
  });

  it("an up mints a token again after another database's rotation invalidated it, if the token depends on that rotation", () => {
    const program = (trigger: number) => `
      const second = new turso.TokenRotation("second", { scope: { database: "reports" }, trigger: ${trigger} });
      exports.token = new turso.AuthToken("token", { scope: { database: "app" } }, { dependsOn: second }).token;`;
    return inSandbox({ program: program(1) }, async (sandbox) => {
      await sandbox.up();
      sandbox.stack.write(program(2));
      const { stdout } = await sandbox.up();
      assert.match(
        stdout,
        /acme\/databases\/app: a rotation in this run invalidated its token, so the update mints a new token\./,
      );
      await assertAccepted(sandbox, { token: "app" });
    });
  });

  it("a rotation whose blast radius is its own database leaves other tokens unchanged", () => {
    const program = (trigger: number) => `
      exports.token = new turso.AuthToken("token", { scope: { database: "app" } }).token;
      new turso.TokenRotation("second", { scope: { database: "reports" }, trigger: ${trigger} });`;
    return inSandbox({ program: program(1), serverGeneration: "current" }, async (sandbox) => {
      await sandbox.up();
      const before = await sandbox.stack.outputs();
      sandbox.stack.write(program(2));
      await sandbox.up();
      assert.deepEqual(await sandbox.stack.outputs(), before);
      await assertAccepted(sandbox, { token: "app" });
    });
  });
});

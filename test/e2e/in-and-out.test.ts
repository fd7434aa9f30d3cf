import assert from "node:assert/strict";
import { inSandbox } from "./sandbox";

const rotation = (args: string, opts = "{}") =>
  `const r = new turso.TokenRotation("r", { scope: { database: "app" }, ${args} }, ${opts});
   exports.rotationId = r.rotationId;`;
const URN = "urn:pulumi:dev::app::pulumi-nodejs:dynamic/turso:TokenRotation::r";
const UP = ["up", "--yes", "--skip-preview"];

describe("adoption, import and removal, with the real CLI", () => {
  it("rotateOnCreate: false adopts a whole organization without rotating", () =>
    inSandbox(
      {
        program: `for (const group of ["default", "other"]) new turso.TokenRotation(group, { scope: { group }, trigger: 1, rotateOnCreate: false });`,
      },
      async (sandbox) => {
        const { stdout } = await sandbox.up();
        assert.match(
          stdout,
          /acme\/groups\/default: adopted without rotating; its tokens stay as they are until a rotation is due\./,
        );
        assert.deepEqual(sandbox.rotations, []);
        assert.ok(sandbox.calls.every((call) => call.startsWith("GET ")));
      },
    ));

  it("TokenRotation.get reads a target without rotating it", () =>
    inSandbox(
      {
        program: `const r = turso.TokenRotation.get("seen", "acme/groups/default"); exports.scope = r.scope; exports.organization = r.organization; exports.count = r.rotationCount;`,
      },
      async (sandbox) => {
        await sandbox.up();
        assert.deepEqual(await sandbox.stack.outputs(), {
          scope: { group: "default" },
          organization: "acme",
          count: 0,
        });
        await sandbox.up();
        assert.deepEqual(sandbox.rotations, []);
      },
    ));

  it("AuthToken.get imports an existing token as a secret", () =>
    inSandbox({}, async (sandbox) => {
      const token = await sandbox.turso.platform.mintDatabaseToken("app", { expiration: "1h" });
      sandbox.stack.write(
        `const t = turso.AuthToken.get("t", "acme/databases/app", { token: ${JSON.stringify(token)} }); exports.token = t.token; exports.expiresAt = t.expiresAt;`,
      );
      const { stdout } = await sandbox.up();
      assert.match(stdout, /token +: \[secret\]/);
      assert.ok(!(await sandbox.stack.state()).includes(token));
      const outputs = await sandbox.stack.outputs();
      assert.equal(outputs["token"], token);
      assert.ok(Date.parse(String(outputs["expiresAt"])) > Date.now());
    }));

  it("protect blocks a destroy, retainOnDelete drops the resource without a message; neither rotates", () =>
    inSandbox({ program: rotation("trigger: 1", "{ protect: true }") }, async (sandbox) => {
      await sandbox.up();
      assert.match(await sandbox.fails("destroy", "--yes", "--skip-preview"), /protect/);
      sandbox.stack.write(rotation("trigger: 1", "{ retainOnDelete: true }"));
      await sandbox.up();
      sandbox.stack.write("");
      await sandbox.up();
      assert.doesNotMatch(await sandbox.stack.state(), /TokenRotation/);
      assert.equal(sandbox.rotations.length, 1);
    }));

  it("ignoreChanges on the trigger disables it", () =>
    inSandbox({ program: rotation("trigger: 1", `{ ignoreChanges: ["trigger"] }`) }, async (sandbox) => {
      await sandbox.up();
      sandbox.stack.write(rotation("trigger: 2", `{ ignoreChanges: ["trigger"] }`));
      sandbox.turso.clearLog();
      await sandbox.up();
      assert.deepEqual(sandbox.calls, []);
      assert.equal(sandbox.rotations.length, 1);
    }));

  it("--replace rotates exactly once, even if the trigger is unchanged", () =>
    inSandbox({ program: rotation("trigger: 1") }, async (sandbox) => {
      await sandbox.up();
      await sandbox.up("--replace", URN);
      assert.equal(sandbox.rotations.length, 2);
      await sandbox.up();
      assert.equal(sandbox.rotations.length, 2);
    }));

  it("--target rotates only the named resource, and the next up mints its tokens", () =>
    inSandbox({}, async (sandbox) => {
      const program = (trigger: number) =>
        rotation(`trigger: ${trigger}`) +
        `exports.token = new turso.AuthToken("t", { scope: { database: "app" }, rotation: r }).token;
         new turso.TokenRotation("other", { scope: { group: "other" }, trigger: ${trigger} });`;
      sandbox.stack.write(program(1));
      await sandbox.up();
      const { token } = await sandbox.stack.outputs();
      sandbox.stack.write(program(2));
      const { stdout } = await sandbox.up("--target", URN);
      assert.deepEqual(sandbox.rotations.slice(2), ["databases/app"]);
      assert.match(stdout, /TokenRotation.* r updat/);
      await sandbox.up();
      assert.notEqual((await sandbox.stack.outputs())["token"], token);
      assert.deepEqual(sandbox.rotations.slice(3), ["groups/other"]);
    }));
});

describe("invalid arguments of an AuthToken, with the real CLI", () => {
  for (const [program, sentences] of [
    [
      `new turso.AuthToken("a", { scope: { database: "app" }, expiration: "1.5d", renewBefore: "0d", authorization: "root" });`,
      [
        /expiration must be a duration such as "90d" or "2w1d30m" \(units w d h m s, whole numbers, largest first\), not "1\.5d"\./,
        /renewBefore must be longer than "0d"\./,
        /authorization must be one of "full-access", "read-only"\./,
      ],
    ],
    [
      `new turso.TokenRotation("e", { scope: { databases: [] }, rotateEvery: "-1d" });`,
      [
        /scope\.databases must not be an empty list: name at least one database\./,
        /rotateEvery must be a duration .* not "-1d"\./,
      ],
    ],
    [
      `const foreign = new turso.TokenRotation("foreign", { scope: { database: "app" }, trigger: 1, rotateOnCreate: false });
       new turso.AuthToken("d", { scope: { database: "app" }, organization: "elsewhere", rotation: foreign });`,
      [
        /rotation is of the organization "acme", and this token of "elsewhere": a token follows a rotation of its own organization\./,
      ],
    ],
  ] as const)
    it(`fail without minting or rotating: ${program.slice(0, 60)}…`, () =>
      inSandbox({ program }, async (sandbox) => {
        const output = await sandbox.fails(...UP);
        for (const sentence of sentences) assert.match(output, sentence);
        assert.ok(
          sandbox.calls.every((call) => call.startsWith("GET ")),
          sandbox.calls.join("\n"),
        );
        assert.deepEqual(sandbox.rotations, []);
      }));

  it("the error for a rotation that does not cover the token names the missing target", () => {
    const program = (first: string, second: string) =>
      `const rotation = new turso.TokenRotation("rotation", { scope: ${first}, trigger: 1, rotateOnCreate: false });
       new turso.AuthToken("t", { scope: ${second}, rotation });`;
    return inSandbox({ program: program(`{ database: "lone" }`, `{ database: "app" }`) }, async (sandbox) => {
      assert.match(
        await sandbox.fails(...UP),
        /rotation covers acme\/databases\/lone, not acme\/databases\/app: add a rotation of acme\/databases\/app, or give this token the rotation's scope\./,
      );
      sandbox.stack.write(program(`{ group: "other" }`, `{ database: "app" }`));
      assert.match(
        await sandbox.fails(...UP),
        /rotation covers acme\/groups\/other, not acme\/databases\/app: the database is in the group "default"\./,
      );
      sandbox.stack.write(program(`{ databases: ["app", "lone"] }`, `{ group: "default" }`));
      assert.match(
        await sandbox.fails(...UP),
        /rotation covers acme\/databases\/app, acme\/databases\/lone, not acme\/groups\/default/,
      );
      assert.deepEqual(sandbox.rotations, []);
      assert.ok(!sandbox.calls.some((call) => call.includes("/auth/tokens")));
    });
  });

  it("the error quotes the API if it rejects the expiration or a database in readAttach", () =>
    inSandbox(
      { program: `new turso.AuthToken("t", { scope: { database: "app" }, readAttach: ["nowhere"] });` },
      async (sandbox) => {
        sandbox.turso.fault({
          path: /auth\/tokens/,
          when: "before",
          action: { type: "status", status: 400, body: '{"error":"Invalid expiration format"}' },
        });
        assert.match(
          await sandbox.fails(...UP),
          /Minting a token for acme\/databases\/app: the API answered 400 \(Invalid expiration format\)\. Nothing was changed\./,
        );
        assert.match(
          await sandbox.fails(...UP),
          /Minting a token for acme\/databases\/app: the API answered 4\d\d \(.*nowhere.*\)\. Nothing was changed\./,
        );
      },
    ));
});

import assert from "node:assert/strict";
import { inWorld } from "./world";

const rotation = (args: string, opts = "{}") =>
  `const r = new turso.TokenRotation("r", { scope: { database: "app" }, ${args} }, ${opts});
   exports.rotationId = r.rotationId;`;
const URN = "urn:pulumi:dev::app::pulumi-nodejs:dynamic/turso:TokenRotation::r";
const UP = ["up", "--yes", "--skip-preview"];

describe("getting in and out, with the real CLI", () => {
  it("rotateOnCreate: false adopts a whole organization without rotating", () =>
    inWorld(
      {
        program: `for (const group of ["default", "other"]) new turso.TokenRotation(group, { scope: { group }, trigger: 1, rotateOnCreate: false });`,
      },
      async (world) => {
        const { stdout } = await world.up();
        assert.match(
          stdout,
          /acme\/groups\/default: adopted without rotating; its tokens stay as they are until it is due\./,
        );
        assert.deepEqual(world.rotations, []);
        assert.ok(world.calls.every((call) => call.startsWith("GET ")));
      },
    ));

  it("TokenRotation.get looks at a target without rotating it", () =>
    inWorld(
      {
        program: `const r = turso.TokenRotation.get("seen", "acme/groups/default"); exports.scope = r.scope; exports.organization = r.organization; exports.count = r.rotationCount;`,
      },
      async (world) => {
        await world.up();
        assert.deepEqual(await world.stack.outputs(), {
          scope: { group: "default" },
          organization: "acme",
          count: 0,
        });
        await world.up();
        assert.deepEqual(world.rotations, []);
      },
    ));

  it("AuthToken.get takes over a token that exists, as a secret", () =>
    inWorld({}, async (world) => {
      const token = await world.turso.platform.mintDatabaseToken("app", { expiration: "1h" });
      world.stack.write(
        `const t = turso.AuthToken.get("t", "acme/databases/app", { token: ${JSON.stringify(token)} }); exports.token = t.token; exports.expiresAt = t.expiresAt;`,
      );
      const { stdout } = await world.up();
      assert.match(stdout, /token +: \[secret\]/);
      assert.ok(!(await world.stack.state()).includes(token));
      const outputs = await world.stack.outputs();
      assert.equal(outputs["token"], token);
      assert.ok(Date.parse(String(outputs["expiresAt"])) > Date.now());
    }));

  it("protect keeps it from being destroyed, retainOnDelete forgets it silently; neither rotates", () =>
    inWorld({ program: rotation("trigger: 1", "{ protect: true }") }, async (world) => {
      await world.up();
      assert.match(await world.fails("destroy", "--yes", "--skip-preview"), /protect/);
      world.stack.write(rotation("trigger: 1", "{ retainOnDelete: true }"));
      await world.up();
      world.stack.write("");
      await world.up();
      assert.doesNotMatch(await world.stack.state(), /TokenRotation/);
      assert.equal(world.rotations.length, 1);
    }));

  it("ignoreChanges on the trigger freezes it", () =>
    inWorld({ program: rotation("trigger: 1", `{ ignoreChanges: ["trigger"] }`) }, async (world) => {
      await world.up();
      world.stack.write(rotation("trigger: 2", `{ ignoreChanges: ["trigger"] }`));
      world.turso.clearLog();
      await world.up();
      assert.deepEqual(world.calls, []);
      assert.equal(world.rotations.length, 1);
    }));

  it("--replace rotates now, exactly once, whatever the trigger", () =>
    inWorld({ program: rotation("trigger: 1") }, async (world) => {
      await world.up();
      await world.up("--replace", URN);
      assert.equal(world.rotations.length, 2);
      await world.up();
      assert.equal(world.rotations.length, 2);
    }));

  it("--target rotates only what it names, and its tokens follow with --target-dependents or in the next up", () =>
    inWorld({}, async (world) => {
      const program = (trigger: number) =>
        rotation(`trigger: ${trigger}`) +
        `exports.token = new turso.AuthToken("t", { scope: { database: "app" }, rotation: r }).token;
         new turso.TokenRotation("other", { scope: { group: "other" }, trigger: ${trigger} });`;
      world.stack.write(program(1));
      await world.up();
      const { token } = await world.stack.outputs();
      world.stack.write(program(2));
      const { stdout } = await world.up("--target", URN);
      assert.deepEqual(world.rotations.slice(2), ["databases/app"]);
      assert.match(stdout, /TokenRotation.* r updat/);
      await world.up();
      assert.notEqual((await world.stack.outputs())["token"], token);
      assert.deepEqual(world.rotations.slice(3), ["groups/other"]);
    }));
});

describe("bad arguments of an AuthToken, with the real CLI", () => {
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
        /scope\.databases must not be an empty list: name at least one\./,
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
    it(`fail, mint nothing and rotate nothing: ${program.slice(0, 60)}…`, () =>
      inWorld({ program }, async (world) => {
        const output = await world.fails(...UP);
        for (const sentence of sentences) assert.match(output, sentence);
        assert.ok(
          world.calls.every((call) => call.startsWith("GET ")),
          world.calls.join("\n"),
        );
        assert.deepEqual(world.rotations, []);
      }));

  it("a rotation that does not cover the token says what is missing", () => {
    const program = (first: string, second: string) =>
      `const rotation = new turso.TokenRotation("rotation", { scope: ${first}, trigger: 1, rotateOnCreate: false });
       new turso.AuthToken("t", { scope: ${second}, rotation });`;
    return inWorld({ program: program(`{ database: "lone" }`, `{ database: "app" }`) }, async (world) => {
      assert.match(
        await world.fails(...UP),
        /rotation covers acme\/databases\/lone, not acme\/databases\/app: add a rotation of acme\/databases\/app, or give this token the rotation's scope\./,
      );
      world.stack.write(program(`{ group: "other" }`, `{ database: "app" }`));
      assert.match(
        await world.fails(...UP),
        /rotation covers acme\/groups\/other, not acme\/databases\/app: the database is in the group "default"\./,
      );
      world.stack.write(program(`{ databases: ["app", "lone"] }`, `{ group: "default" }`));
      assert.match(
        await world.fails(...UP),
        /rotation covers acme\/databases\/app, acme\/databases\/lone, not acme\/groups\/default/,
      );
      assert.deepEqual(world.rotations, []);
      assert.ok(!world.calls.some((call) => call.includes("/auth/tokens")));
    });
  });

  it("an expiration that the API refuses, and readAttach of a database that does not exist, are told in its words", () =>
    inWorld(
      { program: `new turso.AuthToken("t", { scope: { database: "app" }, readAttach: ["nowhere"] });` },
      async (world) => {
        world.turso.fault({
          path: /auth\/tokens/,
          when: "before",
          action: { type: "status", status: 400, body: '{"error":"Invalid expiration format"}' },
        });
        assert.match(
          await world.fails(...UP),
          /Minting a token for acme\/databases\/app: the API answered 400 \(Invalid expiration format\)\. Nothing was changed\./,
        );
        assert.match(
          await world.fails(...UP),
          /Minting a token for acme\/databases\/app: the API answered 4\d\d \(.*nowhere.*\)\. Nothing was changed\./,
        );
      },
    ));
});

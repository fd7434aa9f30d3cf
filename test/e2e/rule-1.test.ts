import assert from "node:assert/strict";
import { Sandbox, inSandbox } from "./sandbox";

/** No rotations. */
const NOTHING: string[] = [];

interface Row {
  name: string;
  /** The program before the act, in JavaScript. */
  program: string;
  /** The changed program. */
  then?: string;
  /** Runs after the first `up`. */
  act: (sandbox: Sandbox) => Promise<unknown>;
  /** The rotations that it causes. */
  rotates: string[];
  /** Whether it must not send any API request. */
  silent?: boolean;
  serverGeneration?: "current";
  after?: (sandbox: Sandbox) => Promise<unknown>;
}

const rotation = (args: string, opts = "{}") =>
  `const r = new turso.TokenRotation("r", { scope: { database: "app" }, ${args} }, ${opts});
   exports.rotationId = r.rotationId; exports.rotationCount = r.rotationCount;`;

const up = (sandbox: Sandbox) => sandbox.up();

/** A `__provider` text such as an older release with closures, or a different SDK version, saved in the state. */
const OTHER_PROVIDER = `exports.handler = function () { var host = require("pulumi-turso-tokens/provider"); return host.tokenRotation; };\n`;

const ROWS: Row[] = [
  {
    name: "a preview of a change",
    program: rotation("trigger: 1"),
    then: rotation("trigger: 2"),
    act: (sandbox) => sandbox.preview(),
    rotates: NOTHING,
  },
  { name: "an up without changes", program: rotation("trigger: 1"), act: up, rotates: NOTHING, silent: true },
  {
    name: "a changed trigger",
    program: rotation("trigger: 1"),
    then: rotation("trigger: 2"),
    act: up,
    rotates: ["databases/app"],
  },
  {
    name: "a refresh",
    program: rotation("trigger: 1"),
    act: (sandbox) => sandbox.stack.must("refresh", "--yes"),
    rotates: NOTHING,
  },
  {
    name: "a destroy",
    program: rotation("trigger: 1"),
    act: (sandbox) => sandbox.stack.must("destroy", "--yes", "--skip-preview"),
    rotates: NOTHING,
    silent: true,
  },
  {
    name: "a changed argument other than the trigger",
    program: rotation("trigger: 1"),
    then: rotation(`trigger: 1, groupImpact: "refuse", rotateOnCreate: true, organization: "acme"`),
    act: up,
    rotates: NOTHING,
    silent: true,
    after: async (sandbox) =>
      assert.match(await sandbox.stack.state(), /"groupImpact": "refuse"[^]*"groupImpact": "refuse"/),
  },
  {
    name: "a different key order in an object trigger",
    program: rotation("trigger: { a: 1, b: { c: [1, 2], d: null } }"),
    then: rotation("trigger: { b: { d: null, c: [1, 2] }, a: 1 }"),
    act: up,
    rotates: NOTHING,
    silent: true,
  },
  {
    name: "a numeric trigger that becomes a string of the same digits",
    program: rotation("trigger: 1"),
    then: rotation(`trigger: "1"`),
    act: up,
    rotates: NOTHING,
    silent: true,
  },
  {
    name: "a secret trigger that stays the same",
    program: rotation(`trigger: pulumi.secret("hush-hush-1")`),
    act: up,
    rotates: NOTHING,
    silent: true,
    after: async (sandbox) => assert.doesNotMatch(await sandbox.stack.state(), /hush-hush/),
  },
  {
    name: "a secret trigger that changes",
    program: rotation(`trigger: pulumi.secret("hush-hush-1")`),
    then: rotation(`trigger: pulumi.secret("hush-hush-2")`),
    act: up,
    rotates: ["databases/app"],
    after: async (sandbox) => assert.doesNotMatch(await sandbox.stack.state(), /hush-hush/),
  },
  {
    name: "rotateOnCreate: false, then a changed trigger",
    program: rotation("trigger: 1, rotateOnCreate: false"),
    then: rotation("trigger: 2, rotateOnCreate: false"),
    act: async (sandbox) => {
      assert.deepEqual(sandbox.rotations, [], "the adoption rotated");
      await sandbox.up();
    },
    rotates: ["databases/app"],
  },
  {
    name: "a changed __provider text, as from a different release or SDK",
    program: rotation("trigger: 1"),
    act: async (sandbox) => {
      const exported = JSON.parse(await sandbox.stack.state()) as State;
      for (const { inputs, outputs } of exported.deployment.resources)
        for (const properties of [inputs, outputs])
          if (properties?.["__provider"] !== undefined) properties["__provider"] = OTHER_PROVIDER;
      sandbox.stack.writeFile("state.json", JSON.stringify(exported));
      await sandbox.stack.must("stack", "import", "--file", "state.json");
      const { stdout } = await sandbox.up();
      assert.doesNotMatch(stdout, /updated/);
      const saved = JSON.parse(await sandbox.stack.state()) as State;
      assert.ok(!saved.deployment.resources.some(({ inputs }) => inputs?.["__provider"] === OTHER_PROVIDER));
    },
    rotates: NOTHING,
    silent: true,
  },
  {
    name: "a changed resource name with an alias",
    program: rotation("trigger: 1"),
    then: rotation("trigger: 1", `{ aliases: [{ name: "r" }] }`).replace(`"r"`, `"renamed"`),
    act: up,
    rotates: NOTHING,
    silent: true,
    after: async (sandbox) => assert.match(await sandbox.stack.state(), /TokenRotation::renamed/),
  },
  {
    name: "a changed scope",
    program: rotation("trigger: 1"),
    then: rotation("trigger: 1").replace(`"app"`, `"lone"`),
    act: up,
    rotates: ["databases/lone"],
    after: async (sandbox) => assert.match(await sandbox.stack.state(), /"id": "acme\/databases\/lone"/),
  },
];

interface State {
  deployment: { resources: { inputs?: Record<string, unknown>; outputs?: Record<string, unknown> }[] };
}

describe("rule 1, with the real CLI: only declared reasons rotate", () => {
  for (const { name, program, then, act, rotates, silent, after } of ROWS)
    it(`${name} ${rotates.length === 0 ? "rotates nothing" : `rotates ${rotates.join(", ")}`}${silent ? " and sends no API requests" : ""}`, () =>
      inSandbox({ program }, async (sandbox) => {
        await sandbox.up();
        const before = sandbox.rotations.length;
        sandbox.turso.clearLog();
        if (then !== undefined) sandbox.stack.write(then);
        await act(sandbox);
        assert.deepEqual(sandbox.rotations.slice(before), rotates);
        if (silent) assert.deepEqual(sandbox.calls, []);
        assert.equal(before, program.includes("rotateOnCreate: false") ? 0 : 1);
        await after?.(sandbox);
      }));

  it("a preview of a create rotates nothing and reports the blast radius", () =>
    inSandbox({ program: rotation("trigger: 1") }, async (sandbox) => {
      const { stdout } = await sandbox.preview();
      assert.match(
        stdout,
        /acme\/databases\/app: creating it rotates; this invalidates every token of the database, and on some servers the tokens of its whole group "default": 1 other database \(reports\)\./,
      );
      assert.deepEqual(sandbox.rotations, []);
      assert.ok(
        sandbox.calls.length > 0 && sandbox.calls.every((call) => call.startsWith("GET ")),
        sandbox.calls.join("\n"),
      );
    }));

  it("a trigger that is unknown in the preview rotates in the up if it has changed", () => {
    const chain = (trigger: number) =>
      `const first = new turso.TokenRotation("first", { scope: { database: "lone" }, trigger: ${trigger} });
       new turso.TokenRotation("second", { scope: { group: "default" }, trigger: first.rotationId });`;
    return inSandbox({ program: chain(1) }, async (sandbox) => {
      await sandbox.up();
      sandbox.stack.write(chain(2));
      const { stdout } = await sandbox.preview();
      assert.match(
        stdout,
        /acme\/groups\/default: an argument is not known before the update; it rotates if the trigger has changed by then; this invalidates every token of the group/,
      );
      assert.deepEqual(sandbox.rotations, ["databases/lone", "groups/default"]);
      await sandbox.up();
      assert.deepEqual(sandbox.rotations.slice(2), ["databases/lone", "groups/default"]);
    });
  });

  it("an up fails, names a target that does not exist, and rotates nothing", () =>
    inSandbox({ program: rotation("trigger: 1").replace(`"app"`, `"missing"`) }, async (sandbox) => {
      const output = await sandbox.fails("up", "--yes", "--skip-preview");
      assert.match(
        output,
        /Looking up acme\/databases\/missing: the API answered 404 \(could not find database with name missing: record not found\)\. Nothing was changed\. Check the name of the database "missing" and the organization "acme"\./,
      );
      assert.deepEqual(sandbox.rotations, []);
    }));

  it("a refresh removes a deleted target from the state and rotates nothing", () =>
    inSandbox({ program: rotation("trigger: 1") }, async (sandbox) => {
      await sandbox.up();
      sandbox.turso.platform.deleteDatabase("app");
      await sandbox.stack.must("refresh", "--yes");
      assert.doesNotMatch(await sandbox.stack.state(), /TokenRotation/);
      assert.deepEqual(sandbox.rotations, ["databases/app"]);
    }));

  it("an up rotates a group and a database once each", () =>
    inSandbox(
      {
        program: `new turso.TokenRotation("group", { scope: { group: "default" }, trigger: 1 });
          new turso.TokenRotation("database", { scope: { database: "lone" }, trigger: 1 });`,
      },
      async (sandbox) => {
        await sandbox.up();
        assert.deepEqual([...sandbox.rotations].sort(), ["databases/lone", "groups/default"]);
        sandbox.turso.clearLog();
        await sandbox.up();
        assert.deepEqual(sandbox.calls, []);
      },
    ));
});

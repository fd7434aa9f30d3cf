import { assertGolden, transcript } from "./golden";
import { inTerminal, type Typing } from "./terminal";
import { Sandbox } from "./sandbox";

const YES: Typing = { after: /details/, keys: ["\u001b[A", "\r"] };

const one = (args: string, scope = `{ database: "app" }`) =>
  `const rotation = new turso.TokenRotation("app", { scope: ${scope}, ${args} });
   const token = new turso.AuthToken("api", { scope: ${scope}, rotation });
   exports.databaseToken = token.token;`;

/** Runs a command in an 80-column terminal and returns its normalised transcript. */
async function record(sandbox: Sandbox, command: string, typing?: Typing): Promise<string> {
  const { project: cwd, env } = sandbox.stack;
  return transcript(command, await inTerminal(command.split(" "), { cwd, env, typing }));
}

const rotatePath = (name: string) => `/v1/organizations/acme/databases/${name}/auth/rotate`;
const UP = "pulumi up --yes --skip-preview";

describe("the output in a terminal of 80 columns", () => {
  let sandbox: Sandbox;
  beforeEach(() => {
    sandbox.turso.clearFaults();
  });

  describe("of failures before the first resource exists", () => {
    before(async () => {
      sandbox = await Sandbox.create({ serverGeneration: "current" });
    });
    after(() => sandbox.close());

    it("shows invalid arguments", async () => {
      sandbox.stack.write(one(`triger: 1, verify: "yes", rotateEvery: "soon"`, `{ database: "../app" }`));
      assertGolden("bad-arguments", await record(sandbox, "pulumi up --yes"));
    });

    it("shows a database that does not exist", async () => {
      sandbox.stack.write(one("trigger: 1", `{ database: "ap" }`));
      assertGolden("wrong-name", await record(sandbox, "pulumi up --yes"));
    });

    it("shows a rotation that groupImpact refuses", async () => {
      sandbox.stack.write(one(`trigger: 1, groupImpact: "refuse"`));
      assertGolden("group-impact-refuse", await record(sandbox, "pulumi up --yes"));
    });

    it("shows an invalid id", async () => {
      sandbox.stack.write(`turso.TokenRotation.get("seen", "acme/default");`);
      assertGolden("wrong-id", await record(sandbox, "pulumi preview"));
    });

    it("shows a missing API token", async () => {
      await sandbox.stack.must("config", "rm", "turso:apiToken");
      sandbox.stack.write(one("trigger: 1"));
      assertGolden("no-token", await record(sandbox, "pulumi up --yes"));
    });

    it("shows an unknown API token (401)", async () => {
      sandbox.stack.env["TURSO_API_TOKEN"] = "never-made";
      assertGolden("401", await record(sandbox, UP));
    });

    it("shows an API token without the permission to rotate (403)", async () => {
      sandbox.stack.env["TURSO_API_TOKEN"] = sandbox.turso.createApiToken({ permissions: ["read"] });
      assertGolden("403", await record(sandbox, UP));
    });

    it("shows an unreachable API", async () => {
      sandbox.stack.env["TURSO_API_TOKEN"] = sandbox.turso.apiToken;
      await sandbox.stack.must("config", "set", "turso:apiUrl", "http://127.0.0.1:1");
      assertGolden("no-network", await record(sandbox, UP));
    });
  });

  describe("of one credential's lifecycle", () => {
    before(async () => {
      sandbox = await Sandbox.create({ program: one("trigger: 1"), serverGeneration: "current" });
    });
    after(() => sandbox.close());

    it("shows the first up, with its preview and confirmation prompt", async () =>
      assertGolden("first-up", await record(sandbox, "pulumi up", YES)));

    it("shows a changed trigger with the blast radius", async () => {
      sandbox.stack.write(one("trigger: 2"));
      assertGolden("rotation", await record(sandbox, "pulumi up --yes"));
    });

    it("shows an up without changes", async () => assertGolden("no-change", await record(sandbox, UP)));

    it("shows a refresh that detects a rotation by hand, and the up that mints a new token", async () => {
      sandbox.turso.platform.rotateDatabase("app");
      // one after the other: in parallel, the order of the rows depends on which resource answers first
      const refresh = await record(sandbox, "pulumi refresh --yes --parallel 1");
      assertGolden("refresh-finds-dead", `${refresh}\n${await record(sandbox, UP)}`);
    });

    it("shows a lost response that stays unresolved, and the next up that resolves it", async () => {
      sandbox.stack.write(one(`trigger: 3, verifyTimeout: "1s"`));
      sandbox.turso.fault({
        method: "POST",
        path: rotatePath("app"),
        when: "after",
        action: { type: "drop" },
      });
      sandbox.turso.fault({
        plane: "data",
        path: /./,
        when: "before",
        action: { type: "drop" },
        skip: 1,
        times: Infinity,
      });
      const lost = await record(sandbox, UP);
      sandbox.turso.clearFaults();
      assertGolden("lost-answer", `${lost}\n${await record(sandbox, UP)}`);
    });

    it("shows the destroy", async () =>
      assertGolden("destroy", await record(sandbox, "pulumi destroy --yes --skip-preview")));
  });

  describe("of a fleet", () => {
    before(async () => {
      sandbox = await Sandbox.create({
        program: `new turso.TokenRotation("fleet", { scope: { databases: ["t-1", "t-2", "t-3", "t-4"] }, trigger: 1 });`,
        serverGeneration: "current",
      });
      sandbox.turso.platform.createGroup("tenants");
      for (const i of [1, 2, 3]) await sandbox.turso.platform.createDatabase(`t-${i}`, "tenants");
    });
    after(() => sandbox.close());

    it("shows a partial failure, and the next up that retries the failed targets", async () => {
      const body = '{"error":"payment required"}';
      const action = { type: "status", status: 402, body } as const;
      sandbox.turso.fault({ method: "POST", path: rotatePath("t-2"), when: "before", action });
      const half = await record(sandbox, "pulumi up --yes");
      await sandbox.turso.platform.createDatabase("t-4", "tenants");
      assertGolden("fleet", `${half}\n${await record(sandbox, "pulumi up --yes")}`);
    });
  });
});

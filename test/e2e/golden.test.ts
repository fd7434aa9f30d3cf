import { assertGolden, transcript } from "./golden";
import { inTerminal, type Typing } from "./terminal";
import { Sandbox } from "./sandbox";

const YES: Typing = { after: /details/, keys: ["\u001b[A", "\r"] };

const one = (args: string, scope = `{ database: "app" }`) =>
  `const rotation = new turso.TokenRotation("app", { scope: ${scope}, ${args} });
   const token = new turso.AuthToken("api", { scope: ${scope}, rotation });
   exports.databaseToken = token.token;`;

/** Runs a command in a terminal of 80 columns, and gives what a person saw. */
async function see(sandbox: Sandbox, command: string, typing?: Typing): Promise<string> {
  const { project: cwd, env } = sandbox.stack;
  return transcript(command, await inTerminal(command.split(" "), { cwd, env, typing }));
}

const rotatePath = (name: string) => `/v1/organizations/acme/databases/${name}/auth/rotate`;
const UP = "pulumi up --yes --skip-preview";

describe("what a person sees in a terminal of 80 columns", () => {
  let sandbox: Sandbox;
  beforeEach(() => {
    sandbox.turso.clearFaults();
  });

  describe("of what fails before anything is there", () => {
    before(async () => {
      sandbox = await Sandbox.create({ blastRadius: "database" });
    });
    after(() => sandbox.close());

    it("bad arguments", async () => {
      sandbox.stack.write(one(`triger: 1, verify: "yes", rotateEvery: "soon"`, `{ database: "../app" }`));
      assertGolden("bad-arguments", await see(sandbox, "pulumi up --yes"));
    });

    it("a wrong name", async () => {
      sandbox.stack.write(one("trigger: 1", `{ database: "ap" }`));
      assertGolden("wrong-name", await see(sandbox, "pulumi up --yes"));
    });

    it("groupImpact: refuse", async () => {
      sandbox.stack.write(one(`trigger: 1, groupImpact: "refuse"`));
      assertGolden("group-impact-refuse", await see(sandbox, "pulumi up --yes"));
    });

    it("an id that is none", async () => {
      sandbox.stack.write(`turso.TokenRotation.get("seen", "acme/default");`);
      assertGolden("wrong-id", await see(sandbox, "pulumi preview"));
    });

    it("no API token", async () => {
      await sandbox.stack.must("config", "rm", "turso:apiToken");
      sandbox.stack.write(one("trigger: 1"));
      assertGolden("no-token", await see(sandbox, "pulumi up --yes"));
    });

    it("an API token that Turso does not know (401)", async () => {
      sandbox.stack.env["TURSO_API_TOKEN"] = "never-made";
      assertGolden("401", await see(sandbox, UP));
    });

    it("an API token that may not rotate (403)", async () => {
      sandbox.stack.env["TURSO_API_TOKEN"] = sandbox.turso.createApiToken({ permissions: ["read"] });
      assertGolden("403", await see(sandbox, UP));
    });

    it("no network", async () => {
      sandbox.stack.env["TURSO_API_TOKEN"] = sandbox.turso.apiToken;
      await sandbox.stack.must("config", "set", "turso:apiUrl", "http://127.0.0.1:1");
      assertGolden("no-network", await see(sandbox, UP));
    });
  });

  describe("of a credential's life", () => {
    before(async () => {
      sandbox = await Sandbox.create({ program: one("trigger: 1"), blastRadius: "database" });
    });
    after(() => sandbox.close());

    it("the first up, with its preview and its question", async () =>
      assertGolden("first-up", await see(sandbox, "pulumi up", YES)));

    it("a changed trigger, with the blast radius", async () => {
      sandbox.stack.write(one("trigger: 2"));
      assertGolden("rotation", await see(sandbox, "pulumi up --yes"));
    });

    it("an up without a change", async () => assertGolden("no-change", await see(sandbox, UP)));

    it("a rotation by hand that a refresh finds, and the up that heals it", async () => {
      sandbox.turso.platform.rotateDatabase("app");
      const refresh = await see(sandbox, "pulumi refresh --yes");
      assertGolden("refresh-finds-dead", `${refresh}\n${await see(sandbox, UP)}`);
    });

    it("a lost answer that cannot be found out, and the next up that finds out", async () => {
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
      const lost = await see(sandbox, UP);
      sandbox.turso.clearFaults();
      assertGolden("lost-answer", `${lost}\n${await see(sandbox, UP)}`);
    });

    it("the end of it", async () =>
      assertGolden("destroy", await see(sandbox, "pulumi destroy --yes --skip-preview")));
  });

  describe("of a fleet", () => {
    before(async () => {
      sandbox = await Sandbox.create({
        program: `new turso.TokenRotation("fleet", { scope: { databases: ["t-1", "t-2", "t-3", "t-4"] }, trigger: 1 });`,
        blastRadius: "database",
      });
      sandbox.turso.platform.createGroup("tenants");
      for (const i of [1, 2, 3]) await sandbox.turso.platform.createDatabase(`t-${i}`, "tenants");
    });
    after(() => sandbox.close());

    it("half done, and the next up that does the rest", async () => {
      const body = '{"error":"payment required"}';
      const action = { type: "status", status: 402, body } as const;
      sandbox.turso.fault({ method: "POST", path: rotatePath("t-2"), when: "before", action });
      const half = await see(sandbox, "pulumi up --yes");
      await sandbox.turso.platform.createDatabase("t-4", "tenants");
      assertGolden("fleet", `${half}\n${await see(sandbox, "pulumi up --yes")}`);
    });
  });
});

import { assertGolden, transcript } from "./golden";
import { inTerminal, type Typing } from "./terminal";
import { World } from "./world";

const YES: Typing = { after: /details/, keys: ["\u001b[A", "\r"] };

const one = (args: string, scope = `{ database: "app" }`) =>
  `const rotation = new turso.TokenRotation("app", { scope: ${scope}, ${args} });
   const token = new turso.AuthToken("api", { scope: ${scope}, rotation });
   exports.databaseToken = token.token;`;

/** Runs a command in a terminal of 80 columns, and gives what a person saw. */
async function see(world: World, command: string, typing?: Typing): Promise<string> {
  const { project: cwd, env } = world.stack;
  return transcript(command, await inTerminal(command.split(" "), { cwd, env, typing }));
}

const rotatePath = (name: string) => `/v1/organizations/acme/databases/${name}/auth/rotate`;
const UP = "pulumi up --yes --skip-preview";

describe("what a person sees in a terminal of 80 columns", () => {
  let world: World;
  beforeEach(() => {
    world.turso.clearFaults();
  });

  describe("of what fails before anything is there", () => {
    before(async () => {
      world = await World.create({ serverGeneration: "current" });
    });
    after(() => world.close());

    it("bad arguments", async () => {
      world.stack.write(one(`triger: 1, verify: "yes", rotateEvery: "soon"`, `{ database: "../app" }`));
      assertGolden("bad-arguments", await see(world, "pulumi up --yes"));
    });

    it("a wrong name", async () => {
      world.stack.write(one("trigger: 1", `{ database: "ap" }`));
      assertGolden("wrong-name", await see(world, "pulumi up --yes"));
    });

    it("groupImpact: refuse", async () => {
      world.stack.write(one(`trigger: 1, groupImpact: "refuse"`));
      assertGolden("group-impact-refuse", await see(world, "pulumi up --yes"));
    });

    it("an id that is none", async () => {
      world.stack.write(`turso.TokenRotation.get("seen", "acme/default");`);
      assertGolden("wrong-id", await see(world, "pulumi preview"));
    });

    it("no API token", async () => {
      await world.stack.must("config", "rm", "turso:apiToken");
      world.stack.write(one("trigger: 1"));
      assertGolden("no-token", await see(world, "pulumi up --yes"));
    });

    it("an API token that Turso does not know (401)", async () => {
      world.stack.env["TURSO_API_TOKEN"] = "never-made";
      assertGolden("401", await see(world, UP));
    });

    it("an API token that may not rotate (403)", async () => {
      world.stack.env["TURSO_API_TOKEN"] = world.turso.createApiToken({ permissions: ["read"] });
      assertGolden("403", await see(world, UP));
    });

    it("no network", async () => {
      world.stack.env["TURSO_API_TOKEN"] = world.turso.apiToken;
      await world.stack.must("config", "set", "turso:apiUrl", "http://127.0.0.1:1");
      assertGolden("no-network", await see(world, UP));
    });
  });

  describe("of a credential's life", () => {
    before(async () => {
      world = await World.create({ program: one("trigger: 1"), serverGeneration: "current" });
    });
    after(() => world.close());

    it("the first up, with its preview and its question", async () =>
      assertGolden("first-up", await see(world, "pulumi up", YES)));

    it("a changed trigger, with the blast radius", async () => {
      world.stack.write(one("trigger: 2"));
      assertGolden("rotation", await see(world, "pulumi up --yes"));
    });

    it("an up without a change", async () => assertGolden("no-change", await see(world, UP)));

    it("a rotation by hand that a refresh finds, and the up that heals it", async () => {
      world.turso.platform.rotateDatabase("app");
      const refresh = await see(world, "pulumi refresh --yes");
      assertGolden("refresh-finds-dead", `${refresh}\n${await see(world, UP)}`);
    });

    it("a lost answer that cannot be found out, and the next up that finds out", async () => {
      world.stack.write(one(`trigger: 3, verifyTimeout: "1s"`));
      world.turso.fault({ method: "POST", path: rotatePath("app"), when: "after", action: { type: "drop" } });
      world.turso.fault({
        plane: "data",
        path: /./,
        when: "before",
        action: { type: "drop" },
        skip: 1,
        times: Infinity,
      });
      const lost = await see(world, UP);
      world.turso.clearFaults();
      assertGolden("lost-answer", `${lost}\n${await see(world, UP)}`);
    });

    it("the end of it", async () =>
      assertGolden("destroy", await see(world, "pulumi destroy --yes --skip-preview")));
  });

  describe("of a fleet", () => {
    before(async () => {
      world = await World.create({
        program: `new turso.TokenRotation("fleet", { scope: { databases: ["t-1", "t-2", "t-3", "t-4"] }, trigger: 1 });`,
        serverGeneration: "current",
      });
      world.turso.platform.createGroup("tenants");
      for (const i of [1, 2, 3]) await world.turso.platform.createDatabase(`t-${i}`, "tenants");
    });
    after(() => world.close());

    it("half done, and the next up that does the rest", async () => {
      const body = '{"error":"payment required"}';
      const action = { type: "status", status: 402, body } as const;
      world.turso.fault({ method: "POST", path: rotatePath("t-2"), when: "before", action });
      const half = await see(world, "pulumi up --yes");
      await world.turso.platform.createDatabase("t-4", "tenants");
      assertGolden("fleet", `${half}\n${await see(world, "pulumi up --yes")}`);
    });
  });
});

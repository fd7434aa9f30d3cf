import assert from "node:assert/strict";
import { Postgres } from "../../tools/postgres";
import type { CommandResult } from "../../tools/stack";
import { Sandbox } from "./sandbox";

const LOCKED = /the stack is currently locked by 1 lock\(s\)/;
const UP = ["up", "--yes", "--skip-preview"];
const program = (trigger: number) =>
  `const scope = { database: "app" };
   const rotation = new turso.TokenRotation("r", { scope, trigger: ${trigger}, verifyTimeout: "2s" });
   exports.token = new turso.AuthToken("t", { scope, rotation }).token;`;

interface Backend {
  name: string;
  /** Returns the environment variables that select it. */
  open: () => Promise<Record<string, string>>;
  close: () => Promise<void>;
}

function onPostgres(): Backend {
  let postgres: Postgres | undefined;
  return {
    name: "a shared PostgreSQL backend",
    open: async () => {
      postgres = await Postgres.start();
      return { PULUMI_BACKEND_URL: postgres.url };
    },
    close: async () => postgres?.close(),
  };
}

const BACKENDS: Backend[] = [
  { name: "the file backend", open: () => Promise.resolve({}), close: () => Promise.resolve() },
  onPostgres(),
];

for (const { name, open, close } of BACKENDS)
  describe(`two runners on one stack, on ${name}`, () => {
    let sandbox: Sandbox | undefined;
    before(async function () {
      this.timeout(600_000); // PostgreSQL may have to be installed
      sandbox = await Sandbox.create({ env: await open(), latencyMs: 100 });
    });
    after(async () => {
      await sandbox?.close();
      await close();
    });
    const the = (): Sandbox => sandbox ?? assert.fail("the sandbox was not created");
    const isTokenAccepted = async (): Promise<boolean> => {
      const { stack, turso } = the();
      const token = String((await stack.outputs())["token"]);
      return (await turso.platform.inspect(turso.platform.database("app"), token)).state === "valid";
    };

    it("the second fails with a message about the lock while the first is running, and only the first rotates", async () => {
      const { stack, turso } = the();
      stack.write(program(1));
      // the first waits until the second has failed
      let release = (): void => undefined;
      const released = new Promise<void>((resolve) => (release = resolve));
      const mint = turso.platform.mintDatabaseToken.bind(turso.platform);
      const reached = new Promise<void>((resolve) => {
        turso.platform.mintDatabaseToken = async (...args) => {
          turso.platform.mintDatabaseToken = mint;
          resolve();
          await released;
          return mint(...args);
        };
      });
      const first = stack.run(...UP);
      await Promise.race([reached, first.then(({ stdout, stderr }) => assert.fail(stdout + stderr))]);
      const second = await stack.run(...UP).finally(release);
      assert.notEqual(second.code, 0);
      assert.match(second.stdout + second.stderr, LOCKED);
      const { code, stdout, stderr } = await first;
      assert.equal(code, 0, stdout + stderr);
      assert.deepEqual(the().rotations, ["databases/app"]);
      assert.ok(await isTokenAccepted());
    });

    it("if both start together, at most one succeeds and one trigger value rotates once", async () => {
      const { stack } = the();
      stack.write(program(2));
      const before = the().rotations.length;
      const runs: CommandResult[] = await Promise.all([stack.run(...UP), stack.run(...UP)]);
      const failed = runs.filter(({ code }) => code !== 0);
      assert.ok(failed.length >= 1, "both succeeded");
      for (const { stdout, stderr } of failed)
        assert.match(stdout + stderr, /the stack is currently locked/, stdout + stderr);
      // each may have failed because of the other's lock
      if (failed.length === 2) await the().up();
      assert.equal(the().rotations.length - before, 1);
      assert.ok(await isTokenAccepted());
    });
  });

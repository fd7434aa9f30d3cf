import assert from "node:assert/strict";
import { existsSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createClient } from "@libsql/client";
import { Sandbox, inSandbox } from "./sandbox";
import { Service, report } from "./service";

const COPY = {
  from: "examples/deliver",
  files: ["Pulumi.yaml", "package.json", "tsconfig.json", "index.ts", "token-file.ts"],
};
const SCHEMA = [
  "create table orders (id integer primary key)",
  "insert into orders values (1)",
  "create table customers (id integer primary key)",
];

/** Runs a body after the stack's first `up`, which writes the token to a file in the project's folder. */
async function inDelivery(body: (sandbox: Sandbox, tokenFile: string) => Promise<void>): Promise<void> {
  const config = { database: "app", rotation: "1", renewal: "1" };
  await inSandbox({ copy: COPY, config }, async (sandbox) => {
    const { stdout, stderr } = await sandbox.up();
    const tokenFile = path.join(sandbox.stack.project, "database-token");
    const token = readFileSync(tokenFile, "utf8");
    assert.equal(stdout.includes(token) || stderr.includes(token), false, "the token was printed");
    await body(sandbox, tokenFile);
  });
}

/** The same, with the server and its clients running against a database with a table. */
async function underLoad(
  env: Record<string, string>,
  body: (sandbox: Sandbox, tokenFile: string, service: Service) => Promise<void>,
): Promise<void> {
  await inDelivery(async (sandbox, tokenFile) => {
    const url = urlOf(sandbox);
    const client = createClient({
      url,
      authToken: await sandbox.turso.platform.mintDatabaseToken("app", {}),
    });
    await client.migrate(SCHEMA);
    client.close();
    const service = await Service.start({ DATABASE_URL: url, TOKEN_FILE: tokenFile, ...env });
    try {
      await body(sandbox, tokenFile, service);
    } finally {
      await service.stop();
    }
  });
}

const urlOf = (sandbox: Sandbox): string => `http://${sandbox.turso.platform.database("app").hostname}`;

/** Changes the stack's config, runs `up`, and returns the time at which it ended. */
async function upWith(sandbox: Sandbox, key: string, value: string): Promise<number> {
  await sandbox.stack.must("config", "set", key, value);
  sandbox.turso.clearLog();
  await sandbox.up();
  return Date.now();
}

/** The drivers of the example's server. */
const DRIVERS = { libsql: "@libsql/client", serverless: "@tursodatabase/serverless" };
/** At most this part of the requests during an `up` may fail: the dark window is short, beside the CLI's own work. */
const FAILED_AT_MOST = 0.25;

describe("the example that delivers a token to a running server", () => {
  for (const [DRIVER, name] of Object.entries(DRIVERS)) {
    it(`recovers from a rotation with ${name}: few requests fail, and none after the delivery`, () =>
      underLoad({ DRIVER }, async (sandbox, tokenFile, service) => {
        const before = readFileSync(tokenFile, "utf8");
        await sleep(500);
        assert.equal(service.since(0).failed, 0);
        const start = Date.now();
        const end = await upWith(sandbox, "rotation", "2");
        assert.deepEqual(sandbox.rotations, ["databases/app", "databases/app"]);
        await sleep(1000);
        const seen = service.since(start);
        report(`during a rotation, with ${name}`, seen);
        assert.ok(seen.failed <= seen.all * FAILED_AT_MOST, `${seen.failed} of ${seen.all} requests failed`);
        assert.notEqual(readFileSync(tokenFile, "utf8"), before);
        assert.deepEqual(
          seen.statuses.filter((status) => status !== 503),
          [],
        );
        const after = service.since(end);
        assert.ok(after.all > 10, `${after.all} requests after the up`);
        assert.equal(after.failed, 0);
        assert.equal(service.process.exitCode, null, "the server has exited");
      }));

    it(`serves every request during a rotation with ${name} if requests wait for the new token`, () =>
      underLoad({ DRIVER, TOKEN_WAIT_MS: "10000" }, async (sandbox, _tokenFile, service) => {
        const start = Date.now();
        await upWith(sandbox, "rotation", "2");
        await sleep(500);
        const seen = service.since(start);
        report(`during a rotation, waiting for the token, with ${name}`, seen);
        assert.deepEqual(sandbox.rotations, ["databases/app", "databases/app"]);
        assert.equal(seen.failed, 0);
      }));
  }

  it("delivers a token that can read the orders and do nothing else", () =>
    underLoad({}, async (sandbox, tokenFile) => {
      const client = createClient({ url: urlOf(sandbox), authToken: readFileSync(tokenFile, "utf8") });
      assert.equal((await client.execute("select id from orders")).rows[0]?.["id"], 1);
      for (const sql of ["insert into orders values (2)", "select * from customers", "drop table orders"])
        await assert.rejects(client.execute(sql), { code: "SQLITE_AUTH" }, sql);
      client.close();
    }));

  it("renews a token without a rotation and without a failed request", () =>
    underLoad({}, async (sandbox, tokenFile, service) => {
      const before = readFileSync(tokenFile, "utf8");
      const start = Date.now();
      await upWith(sandbox, "renewal", "2");
      const renewed = readFileSync(tokenFile, "utf8");
      assert.notEqual(renewed, before);
      await sleep(1500);
      const seen = service.since(start);
      report("during a renewal", seen);
      assert.deepEqual(sandbox.rotations, ["databases/app"]);
      assert.equal(seen.failed, 0);
      assert.ok(seen.all > 100, `${seen.all} requests`);
      sandbox.turso.clearLog();
      await sleep(300);
      const used = new Set(sandbox.turso.log.map(({ authorization }) => authorization));
      assert.equal(used.size, 1, "the server uses two tokens");

      // after a renewal both tokens are valid; a rotation invalidates both
      const isAccepted = async (authToken: string) => {
        const client = createClient({ url: urlOf(sandbox), authToken });
        return client.execute("select 1").then(
          () => true,
          () => false,
        );
      };
      assert.deepEqual([await isAccepted(before), await isAccepted(renewed)], [true, true]);
      await upWith(sandbox, "rotation", "2");
      assert.deepEqual([await isAccepted(before), await isAccepted(renewed)], [false, false]);
      assert.equal(await isAccepted(readFileSync(tokenFile, "utf8")), true);
    }));

  it("writes the token to a file that only its owner can read, keeps it out of the state, and deletes it on destroy", () =>
    inDelivery(async (sandbox, tokenFile) => {
      const token = readFileSync(tokenFile, "utf8");
      assert.equal(statSync(tokenFile).mode & 0o777, 0o600);
      assert.equal((await sandbox.stack.state()).includes(token), false);
      sandbox.turso.clearLog();
      assert.match((await sandbox.up()).stdout, /4 unchanged/);
      assert.deepEqual(sandbox.calls, []);
      await sandbox.stack.must("destroy", "--yes", "--skip-preview");
      assert.equal(existsSync(tokenFile), false);
    }));
});

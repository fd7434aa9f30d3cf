import assert from "node:assert/strict";
import { createClient, type Client } from "@libsql/client";
import { connect, type Connection } from "@tursodatabase/serverless";
import {
  createClient as createCompatClient,
  type Client as CompatClient,
} from "@tursodatabase/serverless/compat";
import type { Emulator } from "../../../emulator/src";
import { closeAll, hostOf, seeded } from "../support";

interface Failure {
  name: string;
  message: string;
  code: string | undefined;
  /** The HTTP status, where the driver keeps it as a number. */
  status: number | undefined;
}

async function failureOf(work: Promise<unknown>): Promise<Failure> {
  try {
    await work;
  } catch (error) {
    const { name, message, code, cause } = error as Error & { code?: string; cause?: { status?: number } };
    return { name, message, code, status: cause?.status };
  }
  throw new Error("the call succeeded");
}

describe("emulator: the official drivers after a rotation", () => {
  let emulator: Emulator;
  let url: string;
  let authToken: string;
  beforeEach(async () => {
    emulator = await seeded();
    url = hostOf(emulator, "app");
    authToken = await emulator.platform.mintDatabaseToken("app");
    await connect({ url, authToken }).exec("create table t (id integer primary key, value)");
  });
  afterEach(closeAll);

  const rotate = (): void => emulator.platform.rotateDatabase("app");

  const http = { name: "LibsqlError", code: "SERVER_ERROR", status: 401 };
  const calls: [string, (client: Client) => Promise<unknown>][] = [
    ["execute", (client) => client.execute("select 1")],
    ["batch", (client) => client.batch(["select 1"])],
    ["executeMultiple", (client) => client.executeMultiple("select 1")],
    [
      "the first statement of a transaction",
      async (client) => (await client.transaction()).execute("select 1"),
    ],
  ];
  for (const [name, work] of calls) {
    it(`@libsql/client reports SERVER_ERROR with the status 401 in its cause: ${name}`, async () => {
      const client = createClient({ url, authToken });
      await work(client);
      rotate();
      const message = "SERVER_ERROR: Server returned HTTP status 401";
      assert.deepEqual(await failureOf(work(client)), { ...http, message });
      client.close();
    });
  }

  const serverless: [string, (connection: Connection) => Promise<unknown>][] = [
    ["prepare", (connection) => connection.prepare("select 1")],
    ["exec", (connection) => connection.exec("select 1")],
    ["batch", (connection) => connection.batch(["select 1"])],
    [
      "transaction",
      (connection) =>
        (connection.transactionAsync((open) => open.prepare("select 1")) as () => Promise<void>)(),
    ],
  ];
  for (const [name, work] of serverless) {
    it(`@tursodatabase/serverless reports the status in its message only, without a code: ${name}`, async () => {
      const connection = connect({ url, authToken });
      await work(connection);
      rotate();
      assert.deepEqual(await failureOf(work(connection)), {
        name: "DatabaseError",
        message: "HTTP error! status: 401",
        code: undefined,
        status: undefined,
      });
    });
  }

  it("@tursodatabase/serverless reports the same for a statement that was prepared before", async () => {
    const statement = await connect({ url, authToken }).prepare("select 1");
    rotate();
    const { name, message, code } = await failureOf(statement.all());
    assert.deepEqual([name, message, code], ["DatabaseError", "HTTP error! status: 401", undefined]);
  });

  const compat: [string, string, (client: CompatClient) => Promise<unknown>][] = [
    ["execute", "EXECUTE_ERROR", (client) => client.execute("select 1")],
    ["batch", "BATCH_ERROR", (client) => client.batch(["select 1"])],
    ["executeMultiple", "EXECUTE_MULTIPLE_ERROR", (client) => client.executeMultiple("select 1")],
    ["transaction", "BEGIN_ERROR", async (client) => (await client.transaction()).rollback()],
  ];
  for (const [name, code, work] of compat) {
    it(`@tursodatabase/serverless/compat reports ${code}, with the status in its message only: ${name}`, async () => {
      const client = createCompatClient({ url, authToken });
      await work(client);
      rotate();
      const message = "HTTP error! status: 401";
      assert.deepEqual(await failureOf(work(client)), {
        name: "LibsqlError",
        message,
        code,
        status: undefined,
      });
    });
  }

  it("fails within an open transaction, whose writes are lost", async () => {
    const client = createClient({ url, authToken });
    const open = await client.transaction("write");
    await open.execute("insert into t values (1, 1)");
    rotate();
    assert.equal((await failureOf(open.execute("insert into t values (2, 2)"))).status, 401);
    assert.equal((await failureOf(open.commit())).code, "TRANSACTION_CLOSED");

    const connection = connect({ url, authToken: await emulator.platform.mintDatabaseToken("app") });
    assert.deepEqual(await (await connection.prepare("select count(*) as n from t")).get(), { n: 0 });
    client.close();
  });

  it("works again with a new client that has a new token", async () => {
    rotate();
    const renewed = await emulator.platform.mintDatabaseToken("app");
    const client = createClient({ url, authToken: renewed });
    assert.equal((await client.execute("select 1 as one")).rows[0]?.["one"], 1);
    client.close();
    assert.ok(await connect({ url, authToken: renewed }).prepare("select 1"));
    assert.equal((await createCompatClient({ url, authToken: renewed }).execute("select 1")).rows.length, 1);
  });
});

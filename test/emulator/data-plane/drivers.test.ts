import assert from "node:assert/strict";
import { createClient } from "@libsql/client";
import { connect } from "@tursodatabase/serverless";
import { createClient as createCompatClient } from "@tursodatabase/serverless/compat";
import type { Emulator } from "../../../emulator/src";
import { closeAll, hostOf, seeded } from "../support";

const INSERT = "insert into t (value) values (?)";
const COUNT = "select count(*) as n from t";

describe("emulator: the official drivers through the cursor", () => {
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

  it("lets @tursodatabase/serverless read, write, iterate and describe", async () => {
    const connection = connect({ url, authToken });
    const insert = await connection.prepare(INSERT);
    assert.equal(insert.reader, false);
    assert.deepEqual(await insert.run(["a"]), { changes: 1, lastInsertRowid: 1 });
    await insert.run(["b"]);
    const select = await connection.prepare("select id, value from t order by id");
    assert.equal(select.reader, true);
    const expected = [
      { id: 1, value: "a" },
      { id: 2, value: "b" },
    ];
    assert.deepEqual(await select.all(), expected);
    assert.deepEqual(await select.get(), expected[0]);
    const iterated: unknown[] = [];
    for await (const row of select.iterate()) iterated.push(row);
    assert.deepEqual(iterated, expected);
    await assert.rejects((await connection.prepare("select 1 where ? = 1")).all(), { code: "ARGS_INVALID" });
    await assert.rejects(connection.prepare("select * from absent"), { code: "SQL_INPUT_ERROR" });
    await connection.close();
  });

  it("lets @tursodatabase/serverless run batches and transactions, each as a whole or not at all", async () => {
    const connection = connect({ url, authToken });
    const count = async (): Promise<unknown> => (await connection.prepare(COUNT)).get();
    await connection.batch(["insert into t values (1, 1)", "insert into t values (2, 2)"], "immediate");
    assert.deepEqual(await count(), { n: 2 });
    const failing = connection.batch(
      ["insert into t values (3, 3)", "insert into t values (1, 1)"],
      "immediate",
    );
    await assert.rejects(failing, { name: "DatabaseError", code: "SQLITE_CONSTRAINT" });
    assert.deepEqual(await count(), { n: 2 });

    const transaction = connection.transactionAsync(async (open, fail: boolean) => {
      await (await open.prepare(INSERT)).run([3]);
      if (fail) throw new Error("on purpose");
    }) as (fail: boolean) => Promise<void>;
    await assert.rejects(transaction(true), /on purpose/);
    assert.deepEqual(await count(), { n: 2 });
    await transaction(false);
    assert.deepEqual(await count(), { n: 3 });
    assert.equal(connection.inTransaction, false);
    await connection.close();
  });

  it("lets @tursodatabase/serverless/compat read, write, run batches and transactions", async () => {
    const client = createCompatClient({ url, authToken });
    const count = async (): Promise<unknown> => (await client.execute(COUNT)).rows[0]?.["n"];
    const inserted = await client.execute({ sql: INSERT, args: ["a"] });
    assert.deepEqual([inserted.rowsAffected, inserted.lastInsertRowid], [1, 1n]);
    const named = await client.execute({ sql: "select :a + 1 as sum", args: { a: 1 } });
    assert.equal(named.rows[0]?.["sum"], 2);
    await assert.rejects(
      client.batch(["insert into t values (2, 2)", "insert into t values (1, 1)"], "write"),
      {
        name: "LibsqlError",
        code: "SQLITE_CONSTRAINT",
      },
    );
    assert.equal(await count(), 1);
    await client.batch(["insert into t values (2, 2)", "insert into t values (3, 3)"], "write");
    assert.equal(await count(), 3);
    const lost = await client.transaction("write");
    await lost.execute("delete from t");
    await lost.rollback();
    const kept = await client.transaction("write");
    await kept.execute("insert into t values (4, 4)");
    await kept.commit();
    assert.equal(await count(), 4);
    await client.executeMultiple("insert into t values (5, 5); insert into t values (6, 6);");
    assert.equal(await count(), 6);
    client.close();
  });

  it("cuts the connection of a read-only token that writes, which the drivers report without a reason", async () => {
    const readOnly = await emulator.platform.mintDatabaseToken("app", { authorization: "read-only" });
    const connection = connect({ url, authToken: readOnly });
    const insert = await connection.prepare(INSERT);
    await assert.rejects(insert.run([1]), { name: "TypeError", message: "terminated" });
    assert.deepEqual(await (await connection.prepare(COUNT)).get(), { n: 0 });
    const client = createCompatClient({ url, authToken: readOnly });
    await assert.rejects(client.execute({ sql: INSERT, args: [1] }), {
      name: "LibsqlError",
      code: "EXECUTE_ERROR",
      message: "terminated",
    });
    const http = createClient({ url, authToken: readOnly });
    await assert.rejects(http.execute({ sql: INSERT, args: [1] }), {
      code: "SERVER_ERROR",
      message: "SERVER_ERROR: Server returned HTTP status 403",
    });
    http.close();
  });
});

import assert from "node:assert/strict";
import { createClient } from "@libsql/client";
import { CLOSE, execute, hostOf, pipeline, seeded, useTable } from "../support";

describe("emulator: SQL over the data plane", () => {
  const app = useTable();

  it("carries every type of value in both directions", async () => {
    const bytes = new Uint8Array([0, 1, 254, 255]);
    const args = [null, 1n, 1.5, "naïve 🐢 'quoted'", bytes, 9007199254740993n, -1n, ""];
    const sql = `select ${args.map((_, index) => `? as c${index}, typeof(?${index + 1})`).join(", ")}`;
    const big = createClient({ url: hostOf(app.emulator, "app"), authToken: app.token, intMode: "bigint" });
    const { rows, columns } = await big.execute({
      sql: sql.replace(/\? as c(\d)/g, (_, n) => `?${Number(n) + 1} as c${n}`),
      args,
    });
    const values = columns.map((_, index) => rows[0]?.[index]);
    const types = ["null", "integer", "real", "text", "blob", "integer", "integer", "text"];
    args.forEach((arg, index) => {
      const value = values[index * 2];
      assert.deepEqual(value instanceof ArrayBuffer ? new Uint8Array(value) : value, arg);
      assert.equal(values[index * 2 + 1], types[index]);
    });
    big.close();
  });

  it("takes named arguments with and without their prefix", async () => {
    const { rows } = await app.client.execute({
      sql: "select :a + @b + $c as sum",
      args: { a: 1, "@b": 2, $c: 3 },
    });
    assert.equal(rows[0]?.["sum"], 6);
  });

  it("reports affected rows, the last row id and the types of columns", async () => {
    const inserted = await app.client.execute("insert into t (value) values (1), (2)");
    assert.deepEqual([inserted.rowsAffected, inserted.lastInsertRowid], [2, 2n]);
    const returned = await app.client.execute("update t set value = 3 returning id, value");
    assert.deepEqual([returned.rowsAffected, returned.rows.length], [2, 2]);
    const read = await app.client.execute("select id, value from t");
    assert.deepEqual([read.rowsAffected, read.columns, read.columnTypes[0]], [0, ["id", "value"], "INTEGER"]);
  });

  it("runs a batch as a whole or not at all", async () => {
    await app.client.batch(
      ["insert into t (value) values (1)", { sql: "insert into t (value) values (?)", args: [2] }],
      "write",
    );
    assert.equal(await app.count(), 2);
    const failing = app.client.batch(
      ["insert into t (value) values (3)", "insert into t (id) values (1)"],
      "write",
    );
    await assert.rejects(failing, /SQLITE_CONSTRAINT.*UNIQUE constraint failed: t\.id/);
    assert.equal(await app.count(), 2);
  });

  it("commits and rolls back interactive transactions", async () => {
    const kept = await app.client.transaction("write");
    await kept.execute("insert into t (value) values ('kept')");
    await kept.commit();
    const lost = await app.client.transaction("write");
    await lost.execute("insert into t (value) values ('lost')");
    assert.equal((await lost.execute("select * from t")).rows.length, 2);
    await lost.rollback();
    assert.equal(await app.count(), 1);
  });

  it("hides a transaction from other connections until it commits", async () => {
    const transaction = await app.client.transaction("write");
    await transaction.execute("insert into t (value) values (1)");
    assert.equal(await app.count(), 0);
    await transaction.commit();
    assert.equal(await app.count(), 1);
  });

  it("lets a second writer wait for the first", async () => {
    const first = await app.client.transaction("write");
    await first.execute("insert into t (value) values (1)");
    const second = app.client.execute("insert into t (value) values (2)");
    await first.commit();
    await second;
    assert.equal(await app.count(), 2);
    // Every connection that took part shows the same.
    assert.deepEqual(await Promise.all([app.count(), app.count(), app.count()]), [2, 2, 2]);
  });

  for (const sql of [
    "insert into t (value) values (2)",
    "insert into t (value) values (2) returning id",
    "begin immediate",
  ]) {
    it(`answers SQLITE_BUSY to ${sql} while the lock is held, and works again afterwards`, async () => {
      const impatient = await seeded({ busyTimeoutMs: 30 });
      const authToken = await impatient.platform.mintDatabaseToken("app");
      const busy = createClient({ url: hostOf(impatient, "app"), authToken });
      await busy.execute("create table t (id integer primary key, value)");
      const first = await busy.transaction("write");
      await first.execute("insert into t (value) values (1)");
      const refused = await pipeline(impatient, "app", authToken, [execute(sql), CLOSE]);
      assert.match(refused.text, /"message":"SQLite error: database is locked","code":"SQLITE_BUSY"/);
      await first.commit();
      for (let expected = 2; expected < 5; expected++) {
        await busy.execute("insert into t (value) values (3)");
        assert.equal((await busy.execute("select count(*) as n from t")).rows[0]?.["n"], expected);
      }
      busy.close();
    });
  }

  it("runs read-only transactions, migrations and scripts", async () => {
    const reading = await app.client.transaction("read");
    assert.equal((await reading.execute("select count(*) from t")).rows.length, 1);
    reading.close();
    await app.client.migrate(["create table u (a references t (id))", "insert into u values (99)"]);
    await app.client.executeMultiple(`
      create trigger added after insert on t begin
        insert into u values (new.id); -- a semicolon; in a comment
      end;
      insert into t (value) values ('a;b');`);
    const { rows } = await app.client.execute("select count(*) as n from u");
    assert.equal(rows[0]?.["n"], 2);
  });

  it("isolates databases from each other", async () => {
    const authToken = await app.emulator.platform.mintGroupToken("default");
    const other = createClient({ url: hostOf(app.emulator, "reports"), authToken });
    await assert.rejects(other.execute("select * from t"), /no such table: t/);
    other.close();
  });

  it("refuses statements that would open other files", async () => {
    for (const sql of ["attach 'x.db' as x", "vacuum into 'x.db'", "select 1; attach 'x.db' as x"]) {
      await assert.rejects(app.client.executeMultiple(sql), /SQLITE_AUTH/);
    }
  });

  it("does not let a read-only session unlock itself", async () => {
    const authToken = await app.emulator.platform.mintDatabaseToken("app", { authorization: "read-only" });
    const reader = createClient({ url: hostOf(app.emulator, "app"), authToken });
    await assert.rejects(reader.execute("pragma query_only = 0"), /SQLITE_AUTH/);
    await assert.rejects(reader.execute("pragma main.query_only(0)"), /SQLITE_AUTH/);
    await assert.rejects(reader.executeMultiple("select 1; insert into t values (1, 1)"), /403/);
    assert.equal((await reader.batch(["select 1"], "write")).length, 1);
    await assert.rejects(reader.batch(["insert into t values (1, 1)"], "write"), /403/);
    assert.equal(await app.count(), 0);
    reader.close();
  });

  it("rejects several statements and an empty text with an error among the results", async () => {
    await assert.rejects(app.client.execute("select 1; select 2"), /SQL_MANY_STATEMENTS/);
    await assert.rejects(app.client.execute("-- nothing"), /SQL_NO_STATEMENT/);
    await assert.rejects(app.client.execute("selec 1"), /SQL_PARSE_ERROR/);
    assert.equal((await app.client.execute("select ';' as s; -- the end")).rows[0]?.["s"], ";");
  });
});

import assert from "node:assert/strict";
import { createClient } from "@libsql/client";
import { connect } from "@tursodatabase/serverless";
import type { Emulator } from "../../../emulator/src";
import type { FineGrainedPermission } from "../../../emulator/src/permissions";
import { closeAll, hostOf, seeded } from "../support";
import { ALLOWED, REFUSED, USERS, on } from "./authorizer-cases";

const SCHEMA = `
  create table users (id integer primary key, name);
  create table posts (id integer primary key, text);
  create table secrets (id integer primary key, text unique on conflict replace);
  create table [odd "name] (id integer primary key);
  create table audited (id integer primary key);
  create table log (id integer);
  create table parents (id integer primary key);
  create table children (parent references parents (id) on delete cascade);
  create view names as select name from users;
  create view leak as select text from secrets;
  create index by_name on users (name);
  create trigger audit after insert on audited begin insert into log values (new.id); end;
  insert into users values (1, 'Ann'); insert into secrets values (1, 'secret');`;

describe("emulator: fine-grained permissions of database tokens", () => {
  let emulator: Emulator;
  let permissions: readonly FineGrainedPermission[] | undefined;
  beforeEach(async () => {
    emulator = await seeded();
    permissions = undefined;
    const inspection = { state: "valid" as const, readOnly: false };
    emulator.platform.inspect = () => Promise.resolve({ ...inspection, permissions });
    const owner = createClient({ url: hostOf(emulator, "app"), authToken: "any" });
    await owner.executeMultiple(SCHEMA);
    owner.close();
  });
  afterEach(closeAll);

  /** `ok`, or the code and message of the error. */
  async function outcome(sql: string): Promise<string> {
    const client = createClient({ url: hostOf(emulator, "app"), authToken: "any" });
    try {
      await client.execute(sql);
      return "ok";
    } catch (error) {
      return (error as Error).message;
    } finally {
      client.close();
    }
  }

  for (const [name, given, statements] of ALLOWED) {
    for (const sql of statements) {
      it(`${name}: allows ${sql}`, async () => {
        permissions = given;
        assert.equal(await outcome(sql), "ok");
      });
    }
  }

  for (const [name, given, statements] of REFUSED) {
    for (const sql of statements) {
      it(`${name}: refuses ${sql}`, async () => {
        permissions = given;
        assert.match(await outcome(sql), /^SQLITE_AUTH: SQLite error: not authorized: /);
      });
    }
  }

  it("names the action and the table in the error", async () => {
    permissions = [on(["users"], "data_read")];
    const message = "SQLITE_AUTH: SQLite error: not authorized: data_add on users is not permitted";
    assert.equal(await outcome("insert into users values (2, 'x')"), message);
  });

  it("applies to every statement of a script, to describe and to the cursor", async () => {
    permissions = [USERS];
    const client = createClient({ url: hostOf(emulator, "app"), authToken: "any" });
    const script = client.executeMultiple("delete from users; select * from secrets");
    await assert.rejects(script, { code: "SQLITE_AUTH" });
    assert.equal((await client.execute("select * from users")).rows.length, 1);
    const connection = connect({ url: hostOf(emulator, "app"), authToken: "any" });
    await assert.rejects(connection.prepare("select * from secrets"), { code: "SQLITE_AUTH" });
    await assert.rejects(connection.batch(["select * from secrets"]), { code: "SQLITE_AUTH" });
    assert.equal((await (await connection.prepare("select * from users")).all()).length, 1);
    client.close();
  });

  it("sees through a temporary view that another token left on the connection", async () => {
    assert.equal(await outcome("create temp view hidden as select * from secrets"), "ok");
    permissions = [USERS];
    assert.match(await outcome("select * from hidden"), /SQLITE_AUTH/);
  });

  it("does not restrict a token without permissions", async () => {
    for (const sql of [
      "select * from secrets",
      "pragma table_info(users)",
      "alter table users rename to people",
    ]) {
      assert.equal(await outcome(sql), "ok");
    }
  });
});

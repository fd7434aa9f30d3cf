import assert from "node:assert/strict";
import { SignJWT } from "jose";
import type { Emulator } from "../../../emulator/src";
import {
  call,
  closeAll,
  CLOSE,
  execute,
  hostOf,
  ORGANIZATION,
  pipeline,
  seeded,
  type Version,
} from "../support";

const unauthorized = (reason: string): string => JSON.stringify({ error: `Unauthorized: \`${reason}\`` });

describe("emulator: authorization of the data plane", () => {
  let emulator: Emulator;
  let time: number;
  beforeEach(async () => {
    time = Date.parse("2026-06-01T00:00:00Z");
    emulator = await seeded({ serverGeneration: "legacy-group", now: () => time });
  });
  afterEach(closeAll);

  const unsigned = `${Buffer.from('{"alg":"none","typ":"JWT"}').toString("base64url")}.${Buffer.from('{"a":"rw"}').toString("base64url")}.`;
  const symmetric = (): Promise<string> =>
    new SignJWT({ a: "rw" }).setProtectedHeader({ alg: "HS256" }).sign(Buffer.alloc(32, 1));
  const tampered = async (): Promise<string> => {
    const [header, , signature] = (await emulator.platform.mintDatabaseToken("app")).split(".");
    return `${header}.${Buffer.from('{"a":"rw","gid":"x"}').toString("base64url")}.${signature}`;
  };

  const invalid: [string, () => string | Promise<string>][] = [
    ["signed by a different key", () => emulator.platform.mintDatabaseToken("shop")],
    ["that is garbage", () => "garbage"],
    ["signed with HS256", symmetric],
    ["without a signature", () => unsigned],
    ["whose claims were changed", tampered],
  ];

  for (const version of ["v2", "v3"] as Version[]) {
    const ask = (token: string | null, sql = "select 1", database = "app") =>
      pipeline(emulator, database, token, [execute(sql), CLOSE], { version });

    for (const [what, make] of invalid) {
      it(`answers a token ${what} with 401 on ${version}`, async () => {
        const answer = await ask(await make());
        assert.deepEqual([answer.status, answer.text], [401, unauthorized("The JWT is invalid")]);
        assert.equal(answer.headers.get("content-type"), "application/json");
      });
    }

    it(`answers an expired token with 401 on ${version}, after a minute of leeway`, async () => {
      const token = await emulator.platform.mintDatabaseToken("app", { expiration: "1h" });
      time += 3_660_000;
      assert.equal((await ask(token)).status, 200);
      time += 1_000;
      const answer = await ask(token);
      assert.deepEqual([answer.status, answer.text], [401, unauthorized("The JWT has expired")]);
    });

    it(`answers a request without a header with 401 on ${version}`, async () => {
      const answer = await ask(null);
      const text = unauthorized("Expected authorization header but none given");
      assert.deepEqual([answer.status, answer.text], [401, text]);
    });

    for (const sql of [
      "insert into t values (2)",
      "/* select */ update t set a = 3",
      "with x as (select 1) delete from t",
      "insert into t values (2) returning a",
      "create temp table u (a)",
      "pragma user_version = 7",
      "drop table t",
    ]) {
      it(`answers a read-only token that writes with 403 on ${version}, and changes nothing: ${sql}`, async () => {
        const full = await emulator.platform.mintDatabaseToken("app");
        await ask(full, "create table t (a)");
        await ask(full, "insert into t values (1)");
        const answer = await ask(
          await emulator.platform.mintDatabaseToken("app", { authorization: "read-only" }),
          sql,
        );
        const error =
          "Authorization forbidden: Current session doesn't not have Write permission to namespace app";
        assert.deepEqual([answer.status, answer.text], [403, JSON.stringify({ error })]);
        const { text } = await ask(
          full,
          "select count(*), max(a), (select user_version from pragma_user_version) from t",
        );
        assert.match(
          text,
          /"rows":\[\[\{"type":"integer","value":"1"\},\{"type":"integer","value":"1"\},\{"type":"integer","value":"0"\}\]\]/,
        );
      });
    }

    it(`lets a read-only token read on ${version}`, async () => {
      const token = await emulator.platform.mintGroupToken("default", { authorization: "read-only" });
      assert.equal((await ask(token, "select 1")).status, 200);
      assert.equal((await ask(token, "explain insert into sqlite_master values (1)")).status, 200);
    });

    it(`answers a token of another database with 404 on ${version}`, async () => {
      const answer = await ask(await emulator.platform.mintDatabaseToken("reports"));
      assert.deepEqual(
        [answer.status, answer.text],
        [404, JSON.stringify({ error: "Namespace `app` doesn't exist" })],
      );
    });

    it(`answers for a deleted namespace with 404 on ${version}`, async () => {
      const token = await emulator.platform.mintGroupToken("default");
      const host = hostOf(emulator, "app");
      emulator.platform.deleteDatabase("app");
      const headers = { authorization: `Bearer ${token}` };
      const response = await fetch(`${host}/${version}/pipeline`, {
        method: "POST",
        headers,
        body: '{"requests":[]}',
      });
      assert.deepEqual(
        [response.status, await response.text()],
        [404, JSON.stringify({ error: "Namespace `app` doesn't exist" })],
      );
    });

    it(`answers a mistake in SQL with 200 and the error among the results on ${version}`, async () => {
      const { status, json } = await ask(
        await emulator.platform.mintDatabaseToken("app"),
        "select * from nope",
      );
      assert.equal(status, 200);
      const { results } = json as { results: unknown[] };
      assert.deepEqual(results, [
        {
          type: "error",
          error: { message: "SQL input error: no such table: nope (at offset 14)", code: "SQL_INPUT_ERROR" },
        },
        { type: "ok", response: { type: "close" } },
      ]);
    });

    it(`answers blocked reads and writes with 200 and the error among the results on ${version}`, async () => {
      const token = await emulator.platform.mintDatabaseToken("app");
      const codes = async (sql: string) => {
        const { status, json } = await ask(token, sql);
        return [status, (json as { results: { error?: { code: string } }[] }).results[0]?.error?.code];
      };
      const path = `${ORGANIZATION}/databases/app/configuration`;
      await call(emulator, "PATCH", path, { body: { block_writes: true } });
      assert.deepEqual(await codes("create table t (a)"), [200, "BLOCKED"]);
      assert.deepEqual(await codes("select 1"), [200, undefined]);
      await call(emulator, "PATCH", path, { body: { block_writes: false, block_reads: true } });
      assert.deepEqual(await codes("select 1"), [200, "BLOCKED"]);
      await call(emulator, "PATCH", path, { body: { block_reads: false } });
      assert.deepEqual(await codes("create table t (a)"), [200, undefined]);
    });

    it(`greets on GET /${version} without requiring a token`, async () => {
      assert.equal((await fetch(`${hostOf(emulator, "app")}/${version}`)).status, 200);
    });
  }
});

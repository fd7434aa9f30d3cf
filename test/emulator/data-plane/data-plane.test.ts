import assert from "node:assert/strict";
import type { Emulator } from "../../../emulator/src";
import { CLOSE, closeAll, execute, hostOf, pipeline, seeded, type Answer } from "../support";

interface Result {
  affected_row_count: number;
  last_insert_rowid: string | null;
  rows_read: number;
  rows_written: number;
  query_duration_ms: number;
}

describe("emulator: details of the data plane, as on a libSQL server", () => {
  let emulator: Emulator;
  let token: string;
  beforeEach(async () => {
    emulator = await seeded();
    token = await emulator.platform.mintDatabaseToken("app");
    await send(execute("create table t (id integer primary key, value)"));
  });
  afterEach(closeAll);

  const send = (...requests: object[]): Promise<Answer> =>
    pipeline(emulator, "app", token, [...requests, CLOSE], { version: "v3" });

  async function resultOf(sql: string): Promise<Result> {
    const { json } = await send(execute(sql));
    const [first] = (json as { results: { response: { result: Result } }[] }).results;
    assert.ok(first, sql);
    return first.response.result;
  }

  it("answers 404 for a deleted namespace before it checks the token", async () => {
    const url = `${hostOf(emulator, "app")}/v2/pipeline`;
    emulator.platform.deleteDatabase("app");
    for (const headers of [{}, { authorization: "Bearer nope" }, { authorization: `Bearer ${token}` }]) {
      const response = await fetch(url, { method: "POST", headers, body: "{}" });
      assert.equal(response.status, 404);
      assert.deepEqual(await response.json(), { error: "Namespace `app` doesn't exist" });
    }
  });

  const invalid: [string, object, RegExp][] = [
    ["execute without a statement", { type: "execute" }, /missing field `stmt`/],
    ["execute without SQL", { type: "execute", stmt: {} }, /Either `sql` or `sql_id` are required/],
    ["batch without a batch", { type: "batch" }, /missing field `batch`/],
    ["batch without steps", { type: "batch", batch: {} }, /missing field `steps`/],
    ["an unknown request", { type: "nothing" }, /StreamRequest type not recognized/],
    [
      "an argument of an unknown type",
      { type: "execute", stmt: { sql: "select ?", args: [{ type: "none" }] } },
      /Value type not recognized/,
    ],
    [
      "an integer that is not valid",
      { type: "execute", stmt: { sql: "select ?", args: [{ type: "integer", value: "1.5" }] } },
      /invalid integer/,
    ],
  ];
  for (const [name, request, text] of invalid) {
    it(`answers 400 to ${name}`, async () => {
      const answer = await send(request);
      assert.equal(answer.status, 400);
      assert.match(answer.text, text);
    });
  }

  const one = { type: "integer", value: "1" };
  const wrong: [string, object][] = [
    ["a surplus argument", { sql: "select ?", args: [one, one] }],
    ["an argument of a statement without parameters", { sql: "select 1", args: [one] }],
    ["a missing argument", { sql: "select ?, ?3", args: [one, one] }],
    [
      "a surplus named argument",
      { sql: "select :a", named_args: ["a", "b"].map((name) => ({ name, value: one })) },
    ],
    ["a missing named argument", { sql: "select :a, :b", named_args: [{ name: "a", value: one }] }],
    ["a named argument for a bare parameter", { sql: "select ?", named_args: [{ name: "a", value: one }] }],
  ];
  for (const [name, stmt] of wrong) {
    it(`answers ARGS_INVALID to ${name}`, async () => {
      const { status, text } = await send({ type: "execute", stmt });
      assert.equal(status, 200);
      assert.match(text, /"message":"Arguments do not match SQL parameters: [^"]+","code":"ARGS_INVALID"/);
    });
  }

  it("counts numbered, repeated and named parameters as the engine does", async () => {
    const stmt = { sql: "select ?2, :a, ?, :a", args: [one, one, one, one] };
    const { text } = await send({ type: "execute", stmt });
    assert.match(text, /"rows":\[\[/);
  });

  it("names the last row id after an insert only", async () => {
    const inserted = await resultOf("insert into t (value) values (1), (2)");
    assert.deepEqual([inserted.last_insert_rowid, inserted.affected_row_count], ["2", 2]);
    const others = ["select * from t", "update t set value = 3", "explain insert into t values (9, 9)"];
    for (const sql of others) assert.equal((await resultOf(sql)).last_insert_rowid, null, sql);
    assert.equal((await resultOf("with x as (select 1) insert into t select 7, 7")).last_insert_rowid, "7");
  });

  it("reports rows read, rows written and the duration", async () => {
    const { rows_written, rows_read, query_duration_ms } = await resultOf(
      "insert into t (value) values (1), (2)",
    );
    assert.deepEqual([rows_written, rows_read], [2, 0]);
    assert.ok(query_duration_ms > 0 && query_duration_ms < 5_000);
    const read = await resultOf("select * from t");
    assert.deepEqual([read.rows_written, read.rows_read], [0, 2]);
  });

  it("lets the condition `error` hold for a step that was skipped", async () => {
    const { text } = await send({
      type: "batch",
      batch: {
        steps: [
          { stmt: { sql: "select absent" } },
          { condition: { type: "ok", step: 0 }, stmt: { sql: "select 'skipped'" } },
          { condition: { type: "error", step: 1 }, stmt: { sql: "select 'ran'" } },
        ],
      },
    });
    assert.match(text, /"ran"/);
    assert.doesNotMatch(text, /"skipped"/);
  });

  it("accepts the condition `is_autocommit` on both versions, because @tursodatabase/sync sends it to version 2", async () => {
    const steps = [{ condition: { type: "is_autocommit" }, stmt: { sql: "select 'ran'" } }];
    const batch = [{ type: "batch", batch: { steps } }, CLOSE];
    for (const version of ["v2", "v3"] as const)
      assert.match((await pipeline(emulator, "app", token, batch, { version })).text, /"ran"/);
  });
});

import assert from "node:assert/strict";
import { CLOSE, execute, pipeline, useTable } from "../support";

describe("emulator: streams of the data plane", () => {
  const app = useTable();

  it("answers describe, stored texts, conditions and autocommit as the protocol says", async () => {
    const { status, json } = await pipeline(
      app.emulator,
      "app",
      app.token,
      [
        { type: "describe", sql: "select id, value from t where id = :id and value = ?" },
        { type: "describe", sql: "insert into t (value) values (?)" },
        { type: "store_sql", sql_id: 1, sql: "select 7 as seven" },
        { type: "execute", stmt: { sql_id: 1 } },
        { type: "close_sql", sql_id: 1 },
        { type: "execute", stmt: { sql: "begin" } },
        { type: "get_autocommit" },
        {
          type: "batch",
          batch: {
            steps: [
              { stmt: { sql: "select nothing" } },
              { condition: { type: "ok", step: 0 }, stmt: { sql: "select 1" } },
              { condition: { type: "not", cond: { type: "is_autocommit" } }, stmt: { sql: "rollback" } },
            ],
          },
        },
        { type: "get_autocommit" },
        CLOSE,
      ],
      { version: "v3" },
    );
    assert.equal(status, 200);
    const { baton, results } = json as { baton: null; results: { response: Record<string, unknown> }[] };
    assert.equal(baton, null);
    const responses = results.map(({ response }) => response);
    assert.deepEqual(responses[0]?.["result"], {
      params: [{ name: ":id" }, { name: null }],
      cols: [
        { name: "id", decltype: "INTEGER" },
        { name: "value", decltype: null },
      ],
      is_explain: false,
      is_readonly: true,
    });
    assert.equal((responses[1]?.["result"] as { is_readonly: boolean }).is_readonly, false);
    assert.deepEqual((responses[3]?.["result"] as { rows: unknown }).rows, [
      [{ type: "integer", value: "7" }],
    ]);
    assert.equal(responses[6]?.["is_autocommit"], false);
    const { step_results: steps, step_errors: errors } = responses[7]?.["result"] as Record<
      string,
      unknown[]
    >;
    assert.deepEqual(
      [steps?.map(Boolean), errors?.map(Boolean)],
      [
        [false, false, true],
        [true, false, false],
      ],
    );
    assert.equal(responses[8]?.["is_autocommit"], true);
  });

  it("accepts each baton once, and no baton that it did not issue", async () => {
    const open = await pipeline(app.emulator, "app", app.token, [execute("select 1")]);
    const { baton } = open.json as { baton: string };
    assert.equal((await pipeline(app.emulator, "app", app.token, [], { baton })).status, 200);
    const again = await pipeline(app.emulator, "app", app.token, [], { baton });
    assert.deepEqual([again.status, again.text], [400, "Received a baton that has already been used"]);
    const unknown = await pipeline(app.emulator, "app", app.token, [], { baton: "bm9wZQ==" });
    assert.deepEqual([unknown.status, unknown.text], [400, "Received an invalid baton"]);
  });

  it("rolls back an idle stream and releases its lock", async () => {
    const open = await pipeline(app.emulator, "app", app.token, [
      execute("begin immediate"),
      execute("insert into t values (1, 1)"),
    ]);
    const { baton } = open.json as { baton: string };
    await app.client.execute("insert into t values (2, 2)");
    assert.equal(await app.count(), 1);
    const late = await pipeline(app.emulator, "app", app.token, [execute("commit")], { baton });
    assert.equal(late.status, 400);
    assert.deepEqual(late.json, {
      message: "The stream has expired due to inactivity",
      code: "STREAM_EXPIRED",
    });
  });
});

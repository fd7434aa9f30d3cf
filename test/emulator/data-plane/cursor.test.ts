import assert from "node:assert/strict";
import type { Emulator } from "../../../emulator/src";
import { CLOSE, closeAll, execute, hostOf, pipeline, seeded } from "../support";

describe("emulator: the cursor", () => {
  let emulator: Emulator;
  let token: string;
  beforeEach(async () => {
    emulator = await seeded();
    token = await emulator.platform.mintDatabaseToken("app");
    const setup = "create table t (id integer primary key, value); insert into t (value) values ('a'), ('b')";
    await pipeline(emulator, "app", token, [{ type: "sequence", sql: setup }, CLOSE]);
  });
  afterEach(closeAll);

  function post(body: unknown, authToken = token): Promise<Response> {
    return fetch(`${hostOf(emulator, "app")}/v3/cursor`, {
      method: "POST",
      headers: { authorization: `Bearer ${authToken}` },
      body: JSON.stringify(body),
    });
  }

  const batchOf = (...steps: (string | object)[]): object => ({
    baton: null,
    batch: { steps: steps.map((step) => (typeof step === "string" ? { stmt: { sql: step } } : step)) },
  });

  async function linesOf(body: unknown): Promise<Record<string, unknown>[]> {
    const response = await post(body);
    const text = await response.text();
    assert.equal(response.status, 200, text);
    assert.equal(response.headers.get("content-type"), "text/plain");
    assert.ok(text.endsWith("\n"));
    const lines = text.trimEnd().split("\n");
    return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  async function count(): Promise<unknown> {
    const { text } = await pipeline(emulator, "app", token, [execute("select count(*) from t"), CLOSE]);
    return /"rows":\[\[\{"type":"integer","value":"(\d+)"/.exec(text)?.[1];
  }

  it("sends the baton, then the entries of each step, then the end", async () => {
    const [head, ...entries] = await linesOf(
      batchOf("select id, value from t", "select absent", "insert into t (value) values ('c')"),
    );
    assert.deepEqual(Object.keys(head ?? {}), ["baton", "base_url"]);
    assert.equal(typeof head?.["baton"], "string");
    const cols = [
      { name: "id", decltype: "INTEGER" },
      { name: "value", decltype: null },
    ];
    const row = (id: string, value: string): object => ({
      type: "row",
      row: [
        { type: "integer", value: id },
        { type: "text", value },
      ],
    });
    const message = "SQL input error: no such column: absent (at offset 7)";
    assert.deepEqual(entries, [
      { type: "step_begin", step: 0, cols },
      row("1", "a"),
      row("2", "b"),
      { type: "step_end", affected_row_count: 0, last_insert_rowid: null },
      { type: "step_error", step: 1, error: { message, code: "SQL_INPUT_ERROR" } },
      { type: "step_begin", step: 2, cols: [] },
      { type: "step_end", affected_row_count: 1, last_insert_rowid: 3 },
      { type: "replication_index", replication_index: null },
    ]);
  });

  it("sends nothing for a step that its condition skips, and runs one on its error", async () => {
    const entries = await linesOf(
      batchOf(
        "select absent",
        { condition: { type: "ok", step: 0 }, stmt: { sql: "insert into t (value) values ('skipped')" } },
        { condition: { type: "error", step: 1 }, stmt: { sql: "insert into t (value) values ('c')" } },
        { condition: { type: "not", cond: { type: "is_autocommit" } }, stmt: { sql: "select 1" } },
      ),
    );
    const steps = entries.filter(({ type }) => type === "step_begin").map(({ step }) => step);
    assert.deepEqual(steps, [2]);
    assert.equal(await count(), "3");
  });

  it("sends no rows if want_rows is false, and row ids with all their digits", async () => {
    const insert = { stmt: { sql: "insert into t values (9007199254740993, 'far')" } };
    const response = await post(batchOf({ stmt: { sql: "select * from t", want_rows: false } }, insert));
    const text = await response.text();
    assert.doesNotMatch(text, /"type":"row"/);
    assert.match(text, /"last_insert_rowid":9007199254740993\}/);
  });

  it("continues a stream of the pipeline, and the pipeline continues a stream of the cursor", async () => {
    const begun = await pipeline(emulator, "app", token, [execute("begin")], { version: "v3" });
    const { baton } = begun.json as { baton: string };
    const [head] = await linesOf({ ...batchOf("insert into t (value) values ('c')"), baton });
    assert.equal(await count(), "2");
    const next = head?.["baton"] as string;
    await pipeline(emulator, "app", token, [execute("commit"), CLOSE], { version: "v3", baton: next });
    assert.equal(await count(), "3");
    const reused = await post({ ...batchOf("select 1"), baton: next });
    assert.equal(reused.status, 400);
  });

  for (const sql of ["insert into t (value) values (1)", "delete from t"]) {
    it(`sends the first line to a read-only token and cuts the connection on ${sql}`, async () => {
      const reader = await emulator.platform.mintDatabaseToken("app", { authorization: "read-only" });
      const response = await post(batchOf("select 1", sql, "select 2"), reader);
      assert.equal(response.status, 200);
      let text = "";
      const cut = async (): Promise<void> => {
        assert.ok(response.body);
        for await (const chunk of response.body) text += Buffer.from(chunk as Uint8Array).toString();
      };
      await assert.rejects(cut(), { name: "TypeError", message: "terminated" });
      assert.match(text, /^\{"baton":"[^"]+","base_url":null\}\n$/);
      // The stream is gone with the connection.
      const { baton } = JSON.parse(text) as { baton: string };
      const late = await pipeline(emulator, "app", reader, [execute("select 1")], { version: "v3", baton });
      assert.deepEqual([late.status, late.text], [400, "Received an invalid baton"]);
      assert.equal(await count(), "2");
    });
  }

  it("lets a read-only token read, and reports a blocked write as a failed step", async () => {
    const reader = await emulator.platform.mintDatabaseToken("app", { authorization: "read-only" });
    assert.match(await (await post(batchOf("select * from t"), reader)).text(), /"step_end"/);
    emulator.platform.configureDatabase("app", { blockWrites: true });
    const [, blocked] = await linesOf(batchOf("delete from t"));
    const error = { message: "Operation was blocked", code: "BLOCKED" };
    assert.deepEqual(blocked, { type: "step_error", step: 0, error });
  });

  const malformed: [string, object][] = [
    ["no batch", { baton: null }],
    ["no steps", { batch: {} }],
    ["a step without a statement", { batch: { steps: [{}] } }],
    ["an unknown baton", { ...batchOf("select 1"), baton: "bm9wZQ==" }],
    [
      "an unknown condition",
      batchOf("select 1", { condition: { type: "maybe" }, stmt: { sql: "select 1" } }),
    ],
    [
      "a condition on a later step",
      batchOf("insert into t (value) values ('c')", {
        condition: { type: "ok", step: 1 },
        stmt: { sql: "select 1" },
      }),
    ],
  ];
  for (const [name, body] of malformed) {
    it(`answers ${name} with 400 and executes nothing`, async () => {
      const response = await post(body);
      assert.equal(response.status, 400, await response.text());
      assert.equal(await count(), "2");
    });
  }

  it("is served by version 3 only, and to valid tokens only", async () => {
    const v2 = await fetch(`${hostOf(emulator, "app")}/v2/cursor`, { method: "POST" });
    assert.equal(v2.status, 404);
    assert.equal((await post(batchOf("select 1"), "nope")).status, 401);
    emulator.platform.rotateDatabase("app");
    assert.equal((await post(batchOf("select 1"))).status, 401);
  });

  it("applies a fault only after the batch has taken effect", async () => {
    emulator.fault({ path: "/v3/cursor", when: "after", action: { type: "drop" } });
    await assert.rejects(post(batchOf("insert into t (value) values ('c')")));
    assert.equal(await count(), "3");
  });
});

import assert from "node:assert/strict";
import type { Emulator } from "../../../emulator/src";
import { CLOSE, closeAll, execute, pipeline, seeded } from "../support";

const INSERT = "insert into t (value) values ('kept')";

describe("emulator: statements that are compiled but not executed", () => {
  let emulator: Emulator;
  let token: string;
  beforeEach(async () => {
    emulator = await seeded();
    token = await emulator.platform.mintDatabaseToken("app");
    await send(execute("create table t (id integer primary key, value)"));
  });
  afterEach(closeAll);

  async function send(...requests: object[]): Promise<unknown[]> {
    const { status, json } = await pipeline(emulator, "app", token, [...requests, CLOSE]);
    assert.equal(status, 200);
    return (json as { results: { response?: { result?: unknown } }[] }).results.map(
      ({ response }) => response?.result,
    );
  }

  async function committedRows(): Promise<string | undefined> {
    // The open stream holds the first connection, so this request reads through a second one.
    const { json } = await pipeline(emulator, "app", token, [execute("select count(*) from t"), CLOSE]);
    const [first] = (json as { results: { response: { result: { rows: { value: string }[][] } } }[] })
      .results;
    return first?.response.result.rows[0]?.[0]?.value;
  }

  const compiled: [string, object][] = [
    ["describe of a write", { type: "describe", sql: INSERT }],
    ["EXPLAIN of a write", execute(`explain ${INSERT}`)],
    ["EXPLAIN QUERY PLAN of a write", execute("explain query plan delete from t where id = 1")],
    [
      "EXPLAIN of a write without its rows",
      { type: "execute", stmt: { sql: `explain ${INSERT}`, want_rows: false } },
    ],
    ["EXPLAIN of a write in a sequence", { type: "sequence", sql: `explain ${INSERT}; select 1` }],
    [
      "EXPLAIN of a write in a batch",
      { type: "batch", batch: { steps: [{ stmt: { sql: `explain ${INSERT}` } }] } },
    ],
  ];
  for (const [name, request] of compiled) {
    it(`commits the writes that follow ${name} on the same stream`, async () => {
      const { json } = await pipeline(emulator, "app", token, [request, execute(INSERT), execute(INSERT)]);
      const { baton } = json as { baton: string };
      assert.equal(await committedRows(), "2");
      await pipeline(emulator, "app", token, [execute(INSERT), CLOSE], { baton });
      assert.equal(await committedRows(), "3");
    });
  }

  it("returns the whole program of EXPLAIN, with the arguments that the statement takes", async () => {
    const stmt = { sql: "explain select * from t where id = ?", args: [{ type: "integer", value: "1" }] };
    const [result] = (await send({ type: "execute", stmt })) as { rows: unknown[] }[];
    assert.ok((result?.rows.length ?? 0) > 3);
  });
});

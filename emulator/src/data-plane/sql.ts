import Engine from "libsql";
import { setTimeout as sleep } from "node:timers/promises";
import { authorize, type Access, type SchemaObject } from "./authorizer";
import { engineCode, SqlError, translate, WriteForbidden } from "./errors";
import { lowered, splitStatements, verbOf, type StatementText } from "./sql-text";
import { bindings, encode, type Arguments, type Value } from "./values";

export interface StatementResult {
  cols: { name: string; decltype: string | null }[];
  rows: Value[][];
  affected_row_count: number;
  /** Null unless the statement is an INSERT. */
  last_insert_rowid: string | null;
  replication_index: null;
  /** The rows of the result: the engine does not count the rows that it scans. */
  rows_read: number;
  /** Rows changed by triggers and by the actions of foreign keys are included. */
  rows_written: number;
  query_duration_ms: number;
}

const BUSY_RETRY_MS = 10;

/** One connection to a database: the transaction of one stream. */
export class SqlConnection {
  readonly #engine: Engine.Database;
  #queryOnly = false;

  constructor(
    path: string,
    private readonly busyTimeoutMs: number,
  ) {
    this.#engine = new Engine(path);
    // The data ends with the process, so nothing has to be durable. This comes first because it speeds up the change to WAL.
    this.#engine.exec("PRAGMA synchronous = OFF; PRAGMA journal_mode = WAL");
  }

  get inTransaction(): boolean {
    return this.#engine.inTransaction;
  }

  async execute(sql: string, args: Arguments, access: Access, wantRows: boolean): Promise<StatementResult> {
    const statement = single(sql);
    this.#permit([statement], access);
    const values = bindings(args, statement);
    const prepared = this.#prepare(sql);
    try {
      return await this.#whenFree(sql, access, () => this.#run(prepared, values, statement, wantRows));
    } catch (error) {
      if (error instanceof SqlError && error.code === "SQLITE_BUSY") this.#settle(prepared, values);
      throw error;
    }
  }

  async sequence(sql: string, access: Access): Promise<void> {
    const statements = splitStatements(sql);
    if (statements.length === 0) return;
    this.#permit(statements, access);
    await this.#whenFree(sql, access, () => this.#engine.exec(sql));
  }

  describe(sql: string, access: Access): object {
    const statement = single(sql);
    const { words, parameters } = statement;
    this.#authorize([statement], access);
    const columns = this.#prepare(sql).columns();
    const cols = columns.map(({ name, type }) => ({ name, decltype: type }));
    const params = parameters.map((name) => ({ name }));
    return { params, cols, is_explain: words[0] === "EXPLAIN", is_readonly: this.#isReadOnly(sql, words) };
  }

  rollback(): void {
    if (this.#engine.inTransaction) this.#engine.exec("ROLLBACK");
  }

  close(): void {
    this.rollback();
    this.#engine.close();
  }

  #authorize(statements: StatementText[], { permissions }: Access): void {
    if (permissions === undefined) return;
    const schema = this.#schema();
    for (const statement of statements) authorize(statement, permissions, schema);
  }

  /** Makes the checks that need no engine, then sets whether the engine may write. */
  #permit(statements: StatementText[], access: Access): void {
    for (const { words } of statements) {
      const first = words[0] ?? "";
      // Attaching would open other files of this machine.
      if (first === "ATTACH" || first === "DETACH" || (first === "VACUUM" && words.includes("INTO"))) {
        throw new SqlError(`${first} is not supported here`, "SQLITE_AUTH");
      }
      const ends = ["COMMIT", "END", "ROLLBACK", "SAVEPOINT", "RELEASE"].includes(first);
      if (access.read === "blocked" && !ends) throw new SqlError("Operation was blocked", "BLOCKED");
      // This pragma is the lock that is used below.
      if (first === "PRAGMA" && words.includes("QUERY_ONLY")) {
        throw new SqlError("PRAGMA query_only is not supported here", "SQLITE_AUTH");
      }
    }
    this.#authorize(statements, access);
    // BEGIN writes nothing in any mode: a batch of reads in "write" mode is a read.
    const begins = statements.length === 1 && statements[0]?.words[0] === "BEGIN";
    this.#setQueryOnly(access.write !== "allowed" && !begins);
  }

  #setQueryOnly(on: boolean): void {
    if (on === this.#queryOnly) return;
    this.#engine.exec(`PRAGMA query_only = ${on ? 1 : 0}`);
    this.#queryOnly = on;
  }

  /** The engine blocks this thread, so the wait for a lock takes place between attempts and not within them. */
  async #whenFree<T>(sql: string, access: Access, attempt: () => T): Promise<T> {
    const deadline = performance.now() + this.busyTimeoutMs;
    const queryOnly = this.#queryOnly;
    for (;;) {
      try {
        this.#setQueryOnly(queryOnly);
        return attempt();
      } catch (error) {
        const code = engineCode(error);
        if (queryOnly && code === "SQLITE_READONLY") {
          if (access.write === "forbidden") throw new WriteForbidden();
          throw new SqlError("Operation was blocked", "BLOCKED");
        }
        if (code !== "SQLITE_BUSY" || performance.now() >= deadline) throw translate(error, sql);
        await sleep(BUSY_RETRY_MS);
      }
    }
  }

  #prepare(sql: string): Engine.Statement {
    try {
      return this.#engine.prepare(sql);
    } catch (error) {
      throw translate(error, sql);
    }
  }

  /**
   * The engine leaves a statement that met a lock in progress, where it would hold on to an old state of the database
   * and keep later commits from ending. Running it again ends it, and in this mode it fails before it changes anything.
   */
  #settle(statement: Engine.Statement, args: unknown[] | Record<string, unknown>): void {
    const queryOnly = this.#queryOnly;
    this.#setQueryOnly(true);
    try {
      statement.run(args);
    } catch {
      // As intended.
    }
    this.#setQueryOnly(queryOnly);
  }

  /** A retry runs the same statement again: see `settle`. */
  #run(
    prepared: Engine.Statement,
    args: unknown[] | Record<string, unknown>,
    { words, tokens }: StatementText,
    wantRows: boolean,
  ): StatementResult {
    const start = performance.now();
    const columns = prepared.columns();
    const cols = columns.map(({ name, type }) => ({ name, decltype: type }));
    const before = this.#counters().total;
    const rows = columns.length > 0 ? (prepared.raw(true).safeIntegers(true).all(args) as unknown[][]) : [];
    if (words[0] === "EXPLAIN") reset(prepared, args);
    if (columns.length === 0) prepared.run(args);
    const { total, changes, rowid } = this.#counters();
    const inserts = words[0] !== "EXPLAIN" && /^(?:INSERT|REPLACE)$/.test(verbOf(tokens).verb);
    return {
      cols,
      rows: wantRows ? rows.map((row) => row.map(encode)) : [],
      affected_row_count: total === before ? 0 : Number(changes),
      last_insert_rowid: inserts ? String(rowid) : null,
      replication_index: null,
      rows_read: rows.length,
      rows_written: Number(total - before),
      query_duration_ms: performance.now() - start,
    };
  }

  #counters(): { total: bigint; changes: bigint; rowid: bigint } {
    const statement = this.#engine.prepare("SELECT total_changes(), changes(), last_insert_rowid()");
    const [row] = statement.raw(true).safeIntegers(true).all() as [bigint, bigint, bigint][];
    const [total, changes, rowid] = row ?? [0n, 0n, 0n];
    return { total, changes, rowid };
  }

  /** Temporary objects are included, as a temporary view shows a table under a different name. */
  #schema(): SchemaObject[] {
    const columns = "SELECT type, name, tbl_name, coalesce(sql, '')";
    const sql = `${columns} FROM main.sqlite_schema UNION ALL ${columns} FROM temp.sqlite_schema`;
    const rows = this.#prepare(sql).raw(true).all() as [string, string, string, string][];
    return rows.map(([type, name, table, text]) => ({
      type,
      name: lowered(name),
      table: lowered(table),
      sql: text,
    }));
  }

  /** A statement is read-only if the program that the engine compiles takes no write lock. */
  #isReadOnly(sql: string, words: string[]): boolean {
    if (words[0] === "EXPLAIN") return true;
    const explanation = this.#engine.prepare(`EXPLAIN ${sql}`).raw(true);
    const program = explanation.all() as unknown[][];
    reset(explanation);
    return !program.some(([, opcode, , p2]) => opcode === "Transaction" && p2 !== 0);
  }
}

/**
 * The engine leaves an EXPLAIN in progress after its last row, as if it were the statement that it explains. While the
 * explanation of a write is in progress, no later write on the connection is committed. `get` runs the statement again
 * and resets it, which `all` does not do.
 */
function reset(explanation: Engine.Statement, args: unknown[] | Record<string, unknown> = []): void {
  explanation.get(args);
}

function single(sql: string): StatementText {
  const [first, second] = splitStatements(sql);
  if (first === undefined)
    throw new SqlError("SQL string does not contain any statement", "SQL_NO_STATEMENT");
  if (second === undefined) return first;
  throw new SqlError("SQL string contains more than one statement", "SQL_MANY_STATEMENTS");
}

import Engine from "libsql";
import { setTimeout as sleep } from "node:timers/promises";
import { decode, encode, type Value } from "./values";
import { splitStatements, type StatementText } from "./sql-text";

export interface StatementResult {
  cols: { name: string; decltype: string | null }[];
  rows: Value[][];
  affected_row_count: number;
  last_insert_rowid: string | null;
  replication_index: null;
}

export interface Arguments {
  positional: Value[];
  named: { name: string; value: Value }[];
}

/** What a session may do: `forbidden` answers a write with a 403, `blocked` with an error among the results. */
export interface Access {
  read: "allowed" | "blocked";
  write: "allowed" | "blocked" | "forbidden";
}

/** An error that is part of the results: the request as a whole is still a 200. */
export class SqlError extends Error {
  constructor(
    message: string,
    readonly code: string,
  ) {
    super(message);
  }
}

/** A session that may only read tried to write. */
export class WriteForbidden extends Error {}

const BUSY_RETRY_MS = 10;

/** One connection to a database: the transaction of one stream. */
export class Connection {
  readonly #engine: Engine.Database;
  #queryOnly = false;

  constructor(
    path: string,
    private readonly busyTimeoutMs: number,
  ) {
    this.#engine = new Engine(path);
    // Nothing has to be durable that ends with the process; said first, as it speeds up the change to WAL too.
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
      const explains = statement.words[0] === "EXPLAIN";
      return await this.#whenFree(sql, access, () => this.#run(prepared, values, { wantRows, explains }));
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

  describe(sql: string): object {
    const { words, parameters } = single(sql);
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

  /** The checks that need no engine; then the engine itself is told whether it may write. */
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
    // To begin is not to write, whatever the mode: a batch of reads in "write" mode is a read.
    const begins = statements.length === 1 && statements[0]?.words[0] === "BEGIN";
    this.#setQueryOnly(access.write !== "allowed" && !begins);
  }

  #setQueryOnly(on: boolean): void {
    if (on === this.#queryOnly) return;
    this.#engine.exec(`PRAGMA query_only = ${on ? 1 : 0}`);
    this.#queryOnly = on;
  }

  /** The engine runs in this thread, so a lock is waited for between attempts and not within them. */
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

  /** Tried again with the same statement: see `settle`. */
  #run(
    statement: Engine.Statement,
    args: unknown[] | Record<string, unknown>,
    { wantRows, explains }: { wantRows: boolean; explains: boolean },
  ): StatementResult {
    const columns = statement.columns();
    const cols = columns.map(({ name, type }) => ({ name, decltype: type }));
    const before = this.#counters().total;
    const rows = columns.length > 0 ? (statement.raw(true).safeIntegers(true).all(args) as unknown[][]) : [];
    if (explains) reset(statement, args);
    if (columns.length === 0) statement.run(args);
    const { total, changes, rowid } = this.#counters();
    return {
      cols,
      rows: wantRows ? rows.map((row) => row.map(encode)) : [],
      affected_row_count: total === before ? 0 : Number(changes),
      last_insert_rowid: String(rowid),
      replication_index: null,
    };
  }

  #counters(): { total: unknown; changes: unknown; rowid: unknown } {
    const statement = this.#engine.prepare("SELECT total_changes(), changes(), last_insert_rowid()");
    const [[total, changes, rowid] = []] = statement.raw(true).safeIntegers(true).all() as unknown[][];
    return { total, changes, rowid };
  }

  /** Asks the engine for its program: what opens no table for writing and takes no write lock only reads. */
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

function bindings(
  { positional, named }: Arguments,
  { parameters }: StatementText,
): unknown[] | Record<string, unknown> {
  if (named.length === 0) return positional.map(decode);
  if (positional.length > 0) {
    const message = "Specifying both positional and named arguments is not supported";
    throw new SqlError(message, "ARGS_BOTH_POSITIONAL_AND_NAMED");
  }
  // The prefix may be left out by a client; the engine wants it left out.
  const given = new Map(named.map(({ name, value }) => [name.replace(/^[:@$?]/, ""), decode(value)]));
  const names = parameters.map((parameter) => parameter?.slice(1) ?? "");
  return Object.fromEntries(names.filter((name) => given.has(name)).map((name) => [name, given.get(name)]));
}

function engineCode(error: unknown): string | undefined {
  return error instanceof Engine.SqliteError ? error.code : undefined;
}

/** The engine's words as a libSQL server passes them on. */
function translate(error: unknown, sql = ""): Error {
  const code = engineCode(error);
  if (code === undefined) return error instanceof Error ? error : new Error(String(error));
  const { message } = error as Error;
  if (message.endsWith("syntax error") || message === "incomplete input") {
    return new SqlError(`SQL string could not be parsed: ${message}`, "SQL_PARSE_ERROR");
  }
  const name = /^no such (?:table|column|function): (.+)$/.exec(message)?.[1];
  const offset = name === undefined ? -1 : sql.indexOf(name);
  if (offset >= 0)
    return new SqlError(`SQL input error: ${message} (at offset ${offset})`, "SQL_INPUT_ERROR");
  // Extended codes such as SQLITE_CONSTRAINT_UNIQUE are cut to what travels in the protocol.
  const primary = code.split("_").slice(0, 2).join("_");
  return new SqlError(`SQLite error: ${message}`, primary === "SQLITE_ERROR" ? "SQLITE_UNKNOWN" : primary);
}

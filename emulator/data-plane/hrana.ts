import { SqlError, type Access, type Arguments, type Connection, type StatementResult } from "./sql";
import type { Value } from "./values";

export interface Statement {
  sql?: string | null;
  sql_id?: number | null;
  args?: Value[];
  named_args?: { name: string; value: Value }[];
  want_rows?: boolean;
}

export type Condition =
  | { type: "ok" | "error"; step: number }
  | { type: "not"; cond: Condition }
  | { type: "and" | "or"; conds: Condition[] }
  | { type: "is_autocommit" };

export interface Batch {
  steps: { condition?: Condition | null; stmt: Statement }[];
}

export type StreamRequest =
  | { type: "execute"; stmt: Statement }
  | { type: "batch"; batch: Batch }
  | { type: "sequence" | "describe"; sql?: string | null; sql_id?: number | null }
  | { type: "store_sql"; sql_id: number; sql: string }
  | { type: "close_sql"; sql_id: number }
  | { type: "get_autocommit" }
  | { type: "close" };

interface ErrorBody {
  message: string;
  code: string;
}

export type StreamResult = { type: "ok"; response: object } | { type: "error"; error: ErrorBody };

/** What a correct client never causes: the whole request is answered with a 400 in plain text. */
export class ProtocolError extends Error {}

export interface Session {
  /** Opens the engine, at the first statement and not before. */
  connection: () => Connection;
  readonly storedSql: Map<number, string>;
  access: () => Access;
  readonly version: 2 | 3;
}

/** One request of a pipeline, except `close`, which belongs to the stream. */
export async function answer(
  request: Exclude<StreamRequest, { type: "close" }>,
  session: Session,
): Promise<StreamResult> {
  try {
    return { type: "ok", response: await respond(request, session) };
  } catch (error) {
    if (error instanceof SqlError)
      return { type: "error", error: { message: error.message, code: error.code } };
    throw error;
  }
}

async function respond(
  request: Exclude<StreamRequest, { type: "close" }>,
  session: Session,
): Promise<object> {
  const { type } = request;
  switch (type) {
    case "execute":
      return { type, result: await execute(request.stmt, session) };
    case "batch":
      return { type, result: await runBatch(request.batch, session) };
    case "sequence":
      await session.connection().sequence(sqlOf(request, session), session.access());
      return { type };
    case "describe":
      return { type, result: session.connection().describe(sqlOf(request, session)) };
    case "store_sql":
      if (session.storedSql.has(request.sql_id))
        throw new ProtocolError(`SQL text ${request.sql_id} already exists`);
      session.storedSql.set(request.sql_id, request.sql);
      return { type };
    case "close_sql":
      session.storedSql.delete(request.sql_id);
      return { type };
    case "get_autocommit":
      if (session.version < 3) {
        throw new ProtocolError(
          "The `get_autocommit` request is only supported in protocol version hrana3 and higher",
        );
      }
      return { type, is_autocommit: !session.connection().inTransaction };
    default:
      throw new ProtocolError("StreamRequest type not recognized");
  }
}

function execute(statement: Statement, session: Session): Promise<StatementResult> {
  const args: Arguments = { positional: statement.args ?? [], named: statement.named_args ?? [] };
  const sql = sqlOf(statement, session);
  return session.connection().execute(sql, args, session.access(), statement.want_rows ?? true);
}

async function runBatch(batch: Batch, session: Session): Promise<object> {
  const results: (StatementResult | null)[] = [];
  const failures: (ErrorBody | null)[] = [];
  for (const { condition, stmt } of batch.steps) {
    const step = results.length;
    results.push(null);
    failures.push(null);
    if (condition && !holds(condition, results.slice(0, step), failures, session)) continue;
    try {
      results[step] = await execute(stmt, session);
    } catch (error) {
      if (!(error instanceof SqlError)) throw error;
      failures[step] = { message: error.message, code: error.code };
    }
  }
  return { step_results: results, step_errors: failures, replication_index: null };
}

function holds(
  condition: Condition,
  results: (StatementResult | null)[],
  failures: (ErrorBody | null)[],
  session: Session,
): boolean {
  const test = (inner: Condition): boolean => holds(inner, results, failures, session);
  switch (condition.type) {
    case "ok":
    case "error":
      if (results[condition.step] === undefined) {
        throw new ProtocolError("Invalid reference to step in a batch condition");
      }
      return (condition.type === "ok" ? results : failures)[condition.step] !== null;
    case "not":
      return !test(condition.cond);
    case "and":
      return condition.conds.every(test);
    case "or":
      return condition.conds.some(test);
    case "is_autocommit":
      return !session.connection().inTransaction;
    default:
      throw new ProtocolError("BatchCond type not recognized");
  }
}

function sqlOf({ sql, sql_id }: Pick<Statement, "sql" | "sql_id">, session: Session): string {
  const given = typeof sql === "string";
  const stored = typeof sql_id === "number";
  if (given && stored) throw new ProtocolError("Either `sql` or `sql_id` are required, but not both");
  if (given) return sql;
  if (!stored) throw new ProtocolError("Either `sql` or `sql_id` are required");
  const text = session.storedSql.get(sql_id);
  if (text === undefined) throw new ProtocolError(`SQL text ${sql_id} not found`);
  return text;
}

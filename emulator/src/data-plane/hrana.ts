import { runBatch, type Batch } from "./batch";
import { ProtocolError, required, SqlError } from "./errors";
import type { Access } from "./authorizer";
import type { SqlConnection, StatementResult } from "./sql";
import type { Value } from "./values";

export interface Statement {
  sql?: string | null;
  sql_id?: number | null;
  args?: Value[];
  named_args?: { name: string; value: Value }[];
  want_rows?: boolean;
}

export type StreamRequest =
  | { type: "execute"; stmt: Statement }
  | { type: "batch"; batch: Batch }
  | { type: "sequence" | "describe"; sql?: string | null; sql_id?: number | null }
  | { type: "store_sql"; sql_id: number; sql: string }
  | { type: "close_sql"; sql_id: number }
  | { type: "get_autocommit" }
  | { type: "close" };

export interface ErrorBody {
  message: string;
  code: string;
}

export type StreamResult = { type: "ok"; response: object } | { type: "error"; error: ErrorBody };

export interface Session {
  /** Opens the engine at the first statement and not before. */
  connection: () => SqlConnection;
  readonly storedSql: Map<number, string>;
  access: () => Access;
  readonly version: 2 | 3;
}

/** Answers one request of a pipeline, except `close`, which belongs to the stream. */
export async function answer(
  request: Exclude<StreamRequest, { type: "close" }>,
  session: Session,
): Promise<StreamResult> {
  try {
    return { type: "ok", response: await respond(request, session) };
  } catch (error) {
    if (error instanceof SqlError) return { type: "error", error: errorBody(error) };
    throw error;
  }
}

export function errorBody({ message, code }: SqlError): ErrorBody {
  return { message, code };
}

async function respond(
  request: Exclude<StreamRequest, { type: "close" }>,
  session: Session,
): Promise<object> {
  const { type } = request;
  switch (type) {
    case "execute":
      return { type, result: await executeRequest(required(request.stmt, "stmt"), session) };
    case "batch":
      return { type, result: await runBatch(request.batch, session) };
    case "sequence":
      await session.connection().sequence(sqlOf(request, session), session.access());
      return { type };
    case "describe":
      return { type, result: session.connection().describe(sqlOf(request, session), session.access()) };
    case "store_sql":
      if (session.storedSql.has(request.sql_id))
        throw new ProtocolError(`SQL text ${request.sql_id} already exists`);
      session.storedSql.set(request.sql_id, request.sql);
      return { type };
    case "close_sql":
      session.storedSql.delete(request.sql_id);
      return { type };
    case "get_autocommit":
      requireVersion3("The `get_autocommit` request", session);
      return { type, is_autocommit: !session.connection().inTransaction };
    default:
      throw new ProtocolError("StreamRequest type not recognized");
  }
}

export function executeRequest(statement: Statement, session: Session): Promise<StatementResult> {
  const args = { positional: statement.args ?? [], named: statement.named_args ?? [] };
  const sql = sqlOf(statement, session);
  return session.connection().execute(sql, args, session.access(), statement.want_rows ?? true);
}

function requireVersion3(what: string, { version }: Session): void {
  if (version >= 3) return;
  throw new ProtocolError(`${what} is only supported in protocol version hrana3 and higher`);
}

export function sqlOf({ sql, sql_id }: Pick<Statement, "sql" | "sql_id">, session: Session): string {
  const given = typeof sql === "string";
  const stored = typeof sql_id === "number";
  if (given && stored) throw new ProtocolError("Either `sql` or `sql_id` are required, but not both");
  if (given) return sql;
  if (!stored) throw new ProtocolError("Either `sql` or `sql_id` are required");
  const text = session.storedSql.get(sql_id);
  if (text === undefined) throw new ProtocolError(`SQL text ${sql_id} not found`);
  return text;
}

import Engine from "libsql";

/** What a correct client never causes. The whole request is answered with a 400 in plain text. */
export class ProtocolError extends Error {}

/** A stream that received no request for too long. */
export class StreamExpired extends Error {
  constructor() {
    super("The stream has expired due to inactivity");
  }
}

/** An error that is part of the results: the status of the response is still 200. */
export class SqlError extends Error {
  constructor(
    message: string,
    readonly code: string,
  ) {
    super(message);
  }
}

/** A read-only session tried to write. */
export class WriteForbidden extends Error {}

/** A field that the protocol requires, as a server that parses typed JSON would demand it. */
export function required<T>(value: T | null | undefined, field: string): T {
  if (value !== null && value !== undefined) return value;
  throw new ProtocolError(`Cannot deserialize client message from JSON: missing field \`${field}\``);
}

export function engineCode(error: unknown): string | undefined {
  return error instanceof Engine.SqliteError ? error.code : undefined;
}

/** Turns an error of the engine into the message and code that a libSQL server sends. */
export function translate(error: unknown, sql = ""): Error {
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
  // The protocol carries primary codes only: SQLITE_CONSTRAINT_UNIQUE becomes SQLITE_CONSTRAINT.
  const primary = code.split("_").slice(0, 2).join("_");
  return new SqlError(`SQLite error: ${message}`, primary === "SQLITE_ERROR" ? "SQLITE_UNKNOWN" : primary);
}

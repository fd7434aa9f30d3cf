import type { Action, FineGrainedPermission } from "../permissions";
import { SqlError } from "./errors";
import { lowered, nameOf, splitStatements, verbOf, type StatementText } from "./sql-text";

const DATA = ["data_read", "data_add", "data_update", "data_delete"] as const;

/** What a session may do: `forbidden` answers a write with a 403, `blocked` with an error among the results. */
export interface Access {
  read: "allowed" | "blocked";
  write: "allowed" | "blocked" | "forbidden";
  /** Absent: the session is not restricted. */
  permissions?: readonly FineGrainedPermission[] | undefined;
}

/** A row of the schema: a table, a view, an index or a trigger. */
export interface SchemaObject {
  type: string;
  name: string;
  /** The table that an index or a trigger belongs to. */
  table: string;
  sql: string;
}

/** A table and what the statement does to it; `null` stands for all tables. */
type Need = readonly [Action, string | null];

/**
 * Refuses a statement that the permissions do not cover. The engine's own authorizer knows tables but not actions,
 * so the statement is classified by its text. The classification errs on the side of refusal: every word or quoted
 * text that equals the name of a table counts as a read of that table.
 */
export function authorize(
  { tokens }: StatementText,
  permissions: readonly FineGrainedPermission[],
  schema: readonly SchemaObject[],
): void {
  for (const [action, table] of new Classifier(schema).needs(tokens)) {
    if (permissions.some((permission) => covers(permission, action, table))) continue;
    throw refusal(`${action} on ${table ?? "all tables"} is not permitted`);
  }
}

function covers({ tables, actions }: FineGrainedPermission, action: Action, table: string | null): boolean {
  if (!actions.includes(action)) return false;
  return tables === null || (table !== null && tables.some((each) => lowered(each) === table));
}

function refusal(reason: string): SqlError {
  return new SqlError(`SQLite error: not authorized: ${reason}`, "SQLITE_AUTH");
}

const TRANSACTION = new Set(["BEGIN", "COMMIT", "END", "ROLLBACK", "SAVEPOINT", "RELEASE"]);

class Classifier {
  constructor(private readonly schema: readonly SchemaObject[]) {}

  needs(tokens: readonly string[]): Need[] {
    const { verb, at } = verbOf(tokens);
    if (TRANSACTION.has(verb)) return [];
    switch (verb) {
      case "SELECT":
      case "VALUES":
        return this.#reads(tokens);
      case "INSERT":
      case "REPLACE":
      case "UPDATE":
      case "DELETE":
        return this.#write(verb, tokens, at);
      case "CREATE":
        return this.#create(tokens, at);
      case "ALTER":
        return this.#alter(tokens, at);
      case "DROP":
        return this.#drop(tokens, at);
      default:
        throw refusal(`${verb} is refused to a token with table permissions`);
    }
  }

  #write(verb: string, tokens: readonly string[], at: number): Need[] {
    let next = at + 1;
    const conflict = is(tokens, next, "OR") ? tokens[next + 1]?.toUpperCase() : undefined;
    if (conflict !== undefined) next += 2;
    if (verb !== "UPDATE") next = expect(tokens, next, verb === "DELETE" ? "FROM" : "INTO");
    const target = nameAt(tokens, next);
    const definition = this.schema.find(({ type, name }) => type === "table" && name === target.name)?.sql;
    const needs: Need[] = [[actionOf(verb), target.name]];
    // A row that is in the way is deleted, also where only the table's definition says so.
    const replaces = verb === "REPLACE" || conflict === "REPLACE" || /\bREPLACE\b/i.test(definition ?? "");
    if (verb !== "DELETE" && replaces) needs.push(["data_delete", target.name]);
    const rest = tokens.slice(target.end);
    const upserts = rest.some((_, index) => is(rest, index, "DO") && is(rest, index + 1, "UPDATE"));
    if (upserts) needs.push(["data_update", target.name]);
    // Both reveal what the rows contain: the second by the number of affected rows.
    const reveals = rest.some((token) => /^RETURNING$/i.test(token) || /^WHERE$/i.test(token));
    return [
      ...needs,
      ...(reveals ? this.#reads([target.name]) : []),
      ...this.#reads(tokens.slice(0, at)),
      ...this.#reads(rest),
      ...this.#effects(target.name),
    ];
  }

  #create(tokens: readonly string[], at: number): Need[] {
    let next = at + 1;
    while (/^(?:TEMP|TEMPORARY|UNIQUE)$/i.test(tokens[next] ?? "")) next += 1;
    const kind = tokens[next]?.toUpperCase() ?? "";
    const created = nameAt(tokens, skipIf(tokens, next + 1, ["IF", "NOT", "EXISTS"]));
    const rest = tokens.slice(created.end);
    if (kind === "TABLE" || kind === "VIEW") return [["schema_add", created.name], ...this.#reads(rest)];
    const on = rest.findIndex((token) => /^ON$/i.test(token));
    const { name: table } = nameAt(rest, on < 0 ? rest.length : on + 1);
    const needs: Need[] = [
      ["schema_add", table],
      ["schema_update", table],
    ];
    if (kind === "INDEX") return needs;
    // A trigger can do anything to the tables it names, later and without its author.
    if (kind === "TRIGGER") return [...needs, ...this.#mentions(rest).flatMap((name) => everything(name))];
    throw refusal(`CREATE ${kind} is refused to a token with table permissions`);
  }

  #alter(tokens: readonly string[], at: number): Need[] {
    const { name, end } = nameAt(tokens, expect(tokens, at + 1, "TABLE"));
    // Under a new name, other permissions would apply to the rows.
    const renames = is(tokens, end, "RENAME") && is(tokens, end + 1, "TO");
    return [["schema_update", renames ? null : name], ...this.#reads(tokens.slice(end))];
  }

  #drop(tokens: readonly string[], at: number): Need[] {
    const kind = tokens[at + 1]?.toUpperCase() ?? "";
    const { name } = nameAt(tokens, skipIf(tokens, at + 2, ["IF", "EXISTS"]));
    if (kind === "TABLE" || kind === "VIEW") return [["schema_delete", name], ...this.#effects(name)];
    const table = this.schema.find((object) => object.name === name)?.table ?? null;
    return [
      ["schema_delete", table],
      ["schema_update", table],
    ];
  }

  /** The system tables of the schema may be read by everyone, as Turso documents. */
  #reads(tokens: readonly string[]): Need[] {
    // This virtual table shows the bytes of all tables.
    const pages = tokens.some((token) => nameOf(token) === "sqlite_dbpage");
    const names = this.#mentions(tokens).filter((name) => !name.startsWith("sqlite_"));
    return [
      ...(pages ? [["data_read", null] as const] : []),
      ...names.map((name) => ["data_read", name] as const),
    ];
  }

  /** The tables and views that a text names, and those that the views and virtual tables among them name. */
  #mentions(tokens: readonly string[], found = new Set<string>()): string[] {
    const words = new Set(tokens.map(nameOf));
    for (const { type, name, sql } of this.schema) {
      if ((type !== "table" && type !== "view") || !words.has(name) || found.has(name)) continue;
      found.add(name);
      if (type === "view" || /^\s*CREATE\s+VIRTUAL\b/i.test(sql)) this.#mentions(tokensOf(sql), found);
    }
    return [...found];
  }

  /** What a write on a table causes elsewhere: its triggers, and the actions of foreign keys that refer to it. */
  #effects(table: string, seen = new Set<string>()): Need[] {
    if (seen.has(table)) return [];
    seen.add(table);
    const touched = this.schema.flatMap(({ type, name, table: owner, sql }) => {
      if (type === "trigger" && owner === table) return this.#mentions(tokensOf(sql));
      const refers = type === "table" && name !== table && /\bON\s+(?:DELETE|UPDATE)\b/i.test(sql);
      return refers && tokensOf(sql).some((token) => nameOf(token) === table) ? [name] : [];
    });
    return touched.flatMap((name) => [...everything(name), ...this.#effects(name, seen)]);
  }
}

function everything(table: string): Need[] {
  return DATA.map((action) => [action, table] as const);
}

function actionOf(verb: string): Action {
  if (verb === "UPDATE") return "data_update";
  return verb === "DELETE" ? "data_delete" : "data_add";
}

function tokensOf(sql: string): string[] {
  return splitStatements(sql).flatMap(({ tokens }) => tokens);
}

function is(tokens: readonly string[], at: number, word: string): boolean {
  return tokens[at]?.toUpperCase() === word;
}

function expect(tokens: readonly string[], at: number, word: string): number {
  if (is(tokens, at, word)) return at + 1;
  throw refusal("the statement cannot be classified");
}

function skipIf(tokens: readonly string[], at: number, words: string[]): number {
  return words.every((word, index) => is(tokens, at + index, word)) ? at + words.length : at;
}

/** The name at a position, without the name of the schema before it. */
function nameAt(tokens: readonly string[], at: number): { name: string; end: number } {
  const start = tokens[at + 1] === "." ? at + 2 : at;
  const token = tokens[start] ?? "";
  if (!/^["'`[A-Za-z_\u0080-\uffff]/.test(token)) throw refusal("the statement cannot be classified");
  return { name: nameOf(token), end: start + 1 };
}

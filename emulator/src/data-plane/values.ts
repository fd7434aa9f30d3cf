import { ProtocolError, SqlError } from "./errors";
import type { StatementText } from "./sql-text";

/** A value of SQLite as it travels in the protocol. Integers travel as text, because JSON numbers lose digits. */
export type Value =
  | { type: "null" }
  | { type: "integer"; value: string }
  | { type: "float"; value: number }
  | { type: "text"; value: string }
  | { type: "blob"; base64: string };

export interface Arguments {
  positional: Value[];
  named: { name: string; value: Value }[];
}

export function decode(value: Value): unknown {
  switch (value.type) {
    case "null":
      return null;
    case "integer":
      if (/^-?\d+$/.test(value.value)) return BigInt(value.value);
      throw new ProtocolError("Cannot deserialize client message from JSON: invalid integer");
    case "blob":
      return Buffer.from(value.base64, "base64");
    case "float":
    case "text":
      return value.value;
    default:
      throw new ProtocolError("Value type not recognized");
  }
}

/** Encodes a value of the engine, which returns integers as bigint. */
export function encode(value: unknown): Value {
  if (value === null || value === undefined) return { type: "null" };
  if (typeof value === "bigint") return { type: "integer", value: String(value) };
  if (typeof value === "number") return { type: "float", value };
  if (typeof value === "string") return { type: "text", value };
  // Blobs travel without padding.
  const bytes = Buffer.from(value as Uint8Array);
  return { type: "blob", base64: bytes.toString("base64").replace(/=+$/, "") };
}

/** The arguments as the engine takes them. A statement without exactly the arguments it needs is an error. */
export function bindings(
  { positional, named }: Arguments,
  { parameters }: StatementText,
): unknown[] | Record<string, unknown> {
  if (positional.length > 0 && named.length > 0) {
    const message = "Specifying both positional and named arguments is not supported";
    throw new SqlError(message, "ARGS_BOTH_POSITIONAL_AND_NAMED");
  }
  const expected = countParameters(parameters);
  const given = positional.length + named.length;
  if (given > expected) throw invalid(`expected ${expected} arguments, found ${given}`);
  if (named.length === 0) {
    if (given < expected) throw invalid(`no value for parameter ${given + 1}`);
    return positional.map(decode);
  }
  // A client may leave the prefix out, and the engine takes names without it.
  const values = new Map(named.map(({ name, value }) => [name.replace(/^[:@$?]/, ""), decode(value)]));
  const names = parameters.map((parameter) => parameter?.slice(1) ?? "?");
  const missing = names.find((name) => !values.has(name));
  if (missing !== undefined) throw invalid(`no value for parameter ${missing}`);
  return Object.fromEntries(names.map((name) => [name, values.get(name)]));
}

/** Parameters are numbered: `?5` is the fifth, and the next `?` is the sixth. */
function countParameters(parameters: readonly (string | null)[]): number {
  let count = 0;
  for (const parameter of parameters) {
    const number = /^\?(\d+)$/.exec(parameter ?? "")?.[1];
    count = number === undefined ? count + 1 : Math.max(count, Number(number));
  }
  return count;
}

function invalid(reason: string): SqlError {
  return new SqlError(`Arguments do not match SQL parameters: ${reason}`, "ARGS_INVALID");
}

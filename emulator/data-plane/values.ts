/** A value of SQLite as it travels in the protocol: integers as text, as JSON numbers would lose digits. */
export type Value =
  | { type: "null" }
  | { type: "integer"; value: string }
  | { type: "float"; value: number }
  | { type: "text"; value: string }
  | { type: "blob"; base64: string };

export function decode(value: Value): unknown {
  switch (value.type) {
    case "null":
      return null;
    case "integer":
      return BigInt(value.value);
    case "blob":
      return Buffer.from(value.base64, "base64");
    case "float":
    case "text":
      return value.value;
  }
}

/** What the engine gives, with integers as bigint. */
export function encode(value: unknown): Value {
  if (value === null || value === undefined) return { type: "null" };
  if (typeof value === "bigint") return { type: "integer", value: String(value) };
  if (typeof value === "number") return { type: "float", value };
  if (typeof value === "string") return { type: "text", value };
  // Blobs travel without padding.
  const bytes = Buffer.from(value as Uint8Array);
  return { type: "blob", base64: bytes.toString("base64").replace(/=+$/, "") };
}

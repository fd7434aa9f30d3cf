import fc from "fast-check";

/** Statuses, with a preference for those that have a meaning. */
export const statuses = fc.oneof(
  fc.constantFrom(200, 204, 400, 401, 403, 404, 408, 409, 429, 499, 500, 502, 503),
  fc.integer({ min: 200, max: 999 }),
);

const key = fc.constantFrom(
  ...[
    "error",
    "database",
    "databases",
    "group",
    "name",
    "Name",
    "Hostname",
    "jwt",
    "pagination",
    "next",
    "results",
  ],
  ...["__proto__", "constructor", "prototype", "toString", "length", "0", ""],
);
const leaf = fc.oneof(
  fc.constantFrom(
    "null",
    "true",
    "0",
    "-1",
    "1e400",
    '""',
    '"app"',
    '"a.b.c"',
    '"127.0.0.1:1"',
    '"../x"',
    '"\\u0000\\ud800"',
  ),
  fc.string({ unit: "binary", maxLength: 40 }).map((text) => JSON.stringify(text)),
);

/** JSON text, with every field of the API in any place, of any type, and even twice. */
export const json = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: "medium", withCrossShrink: true },
    leaf,
    fc.array(tie("value"), { maxLength: 3 }).map((members) => `[${members.join()}]`),
    fc
      .array(fc.tuple(key, tie("value")), { maxLength: 5 })
      .map((entries) => `{${entries.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join()}}`),
  ),
})).value;

/** Almost valid responses, so that each field's type is checked. */
const shaped = fc
  .tuple(json, json, json)
  .map(
    ([a, b, c]) =>
      `{"database":{"Name":${a},"Hostname":${b},"group":${c}},"group":{"name":${a}},"jwt":${b},` +
      `"databases":[{"Name":${a},"Hostname":"h","group":${b}}],"pagination":{"next":${c}},"error":${a}}`,
  );

export const body: fc.Arbitrary<string | Uint8Array> = fc.oneof(
  json,
  shaped,
  fc.constantFrom(
    "",
    "{",
    "null",
    "[]",
    "\ufeff{}",
    "<html><title>Sign in</title>",
    "<!doctype html>",
    "NaN",
  ),
  fc.string({ unit: "binary" }),
  fc.uint8Array({ maxLength: 200 }),
  // broken UTF-8 within JSON
  json.map((text) =>
    Buffer.concat([Buffer.from(`{"error":"`), Buffer.from([0xc3, 0x28, 0xff]), Buffer.from(text)]),
  ),
);

/** Header lines, including invalid ones. */
export const headers = fc.subarray(
  [
    "Content-Type: application/json",
    "Content-Type: text/html; charset=utf-16",
    "Content-Length: 3",
    "Content-Length: -1",
    "Transfer-Encoding: chunked",
    "Content-Encoding: gzip",
    "Content-Encoding: br",
    "Content-Encoding: deflate",
    "Content-Encoding: what",
    "Location: http://127.0.0.1:1/",
    "Retry-After: 0",
    "Retry-After: soon",
    "Set-Cookie: a=b",
    "Upgrade: websocket",
    "Link: </next>; rel=next",
    "Trailer: X",
    "X-Bad header: 1",
    "__proto__: 1",
  ],
  { maxLength: 3 },
);

/** Bodies that echo the request's credentials anywhere. */
export const echo: fc.Arbitrary<(authorization: string, jwt: string) => string> = fc
  .tuple(
    fc.constantFrom<((text: string) => string)[]>(
      (text) => text,
      (text) => JSON.stringify({ error: text }),
      (text) => JSON.stringify({ error: { message: [text] } }),
      (text) => JSON.stringify({ message: text }),
      (text) => JSON.stringify({ database: { Name: text }, jwt: { jwt: text } }),
      (text) => `<html><head><title>${text}</title></head></html>`,
      (text) => `<!doctype html>${text}`,
      (text) => `{"error": "${text}`,
    ),
    fc.string({ unit: "grapheme-ascii", maxLength: 250 }),
    fc.string({ maxLength: 30 }),
    fc.boolean(),
  )
  .map(([wrap, before, between, isFirst]) => (authorization, jwt) => {
    const [first, second] = isFirst ? [authorization, jwt] : [jwt, authorization];
    return wrap(`${before}${first}${between}${second}`);
  });

import assert from "node:assert/strict";
import fc from "fast-check";
import { describeBlastRadius, lookUp } from "../../src/core/blast-radius";
import { TursoError } from "../../src/turso/errors";
import {
  API_TOKEN,
  BOMBS,
  CALLS,
  JWT,
  assertHidden,
  impatientClient,
  outcomeOf,
  raw,
  useHostileServers,
  type Misbehave,
} from "./hostile-server";
import { body, echo, headers, statuses } from "./hostile-answers";

const MB = 1024 * 1024;
const MOST_MEMORY = 160 * MB;

/** Fails if something takes too long or too much memory. */
async function within(ms: number, act: () => Promise<unknown>): Promise<void> {
  const start = performance.now();
  const base = process.memoryUsage().rss;
  let peak = base;
  const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage().rss)), 5);
  try {
    await act();
  } finally {
    clearInterval(watch);
  }
  const took = performance.now() - start;
  assert.ok(took < ms, `took ${took.toFixed(0)} ms, of ${ms} at most`);
  assert.ok(peak - base < MOST_MEMORY, `held ${((peak - base) / MB).toFixed(0)} MB more`);
}

/** Writes forever, as fast as the client reads, or with pauses. */
const endlessly =
  (first: string, chunk: string | Buffer, everyMs = 0): Misbehave =>
  (socket) => {
    socket.write(first);
    const more = (): void => {
      if (socket.destroyed) return;
      if (everyMs > 0) socket.write(chunk, () => setTimeout(more, everyMs));
      else if (socket.write(chunk)) setImmediate(more);
      else socket.once("drain", more);
    };
    more();
  };

const OK = "HTTP/1.1 200 OK\r\n";
const inChunks = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`;
const ENDLESS: Record<string, Misbehave> = {
  "says nothing": () => undefined,
  "never ends its body": endlessly(
    `${OK}Content-Type: application/json\r\n\r\n{"databases":[`,
    "x".repeat(65_536),
  ),
  "never ends its error": endlessly("HTTP/1.1 400 No\r\n\r\n", "x".repeat(65_536)),
  "sends its body byte by byte": endlessly(`${OK}Content-Length: 1000000\r\n\r\n`, "x", 20),
  "sends its chunks byte by byte": endlessly(`${OK}Transfer-Encoding: chunked\r\n\r\n`, inChunks(" "), 20),
  "sends its head byte by byte": endlessly(OK, "X", 20),
  "never ends its headers": endlessly(OK, `X-Much: ${"y".repeat(500)}\r\n`),
  "announces a response forever": endlessly("", "HTTP/1.1 100 Continue\r\n\r\n", 5),
  "announces more than it sends": (socket) => socket.end(`${OK}Content-Length: 99999999999999\r\n\r\n{}`),
  "sends a gzip bomb": (socket) => socket.end(raw(200, ["Content-Encoding: gzip"], BOMBS.gzip)),
  "sends a brotli bomb as its error": (socket) => socket.end(raw(400, ["Content-Encoding: br"], BOMBS.br)),
};

/** Bodies that make a careless reader take forever or overflow its stack. */
const TRAPS: Record<string, string> = {
  "5 MB of text": "x".repeat(5 * MB),
  "an error of 5 MB": JSON.stringify({ error: "x".repeat(5 * MB) }),
  "an error nested 100,000 deep": `{"error":${"[".repeat(100_000)}${"]".repeat(100_000)}}`,
  "objects nested 100,000 deep": `${'{"databases":'.repeat(100_000)}1${"}".repeat(100_000)}`,
  "what begins like a JWT 20,000 times": "eyJ".repeat(20_000),
  "what nearly is a JWT 7,000 times": "eyJaaaaa-".repeat(7_000),
  "a title that is opened 20,000 times": `<html>${"<title ".repeat(20_000)}`,
  "60,000 line breaks": `{"error":"${"\\n".repeat(60_000)}"}`,
};

describe("the API's client against a hostile server", function () {
  this.timeout(60_000);
  const serve = useHostileServers();

  it("any status, headers and body result in an error sentence or a clean value, and a rotation is sent once", async () => {
    const server = await serve((socket) => socket.destroy());
    const subject = impatientClient(server.url);
    const call = fc.constantFrom(...Object.keys(CALLS));
    await fc.assert(
      fc.asyncProperty(call, statuses, headers, body, async (name, status, lines, bytes) => {
        server.heads.length = 0;
        server.answer = (socket) => socket.end(raw(status, lines, bytes));
        const error = await outcomeOf(name, subject);
        if (name !== "rotate" || status === 429) return;
        assert.equal(server.heads.length, 1);
        if (error === undefined) assert.equal(Buffer.from(bytes).toString().trim(), "");
        if (error?.effect === "unchanged")
          assert.ok(
            status >= 300 && status < 500 && status !== 408 && status !== 499,
            `unchanged after ${status}`,
          );
      }),
      { numRuns: 400 },
    );
    assert.equal(Object.getOwnPropertyNames(Object.prototype).includes("Name"), false);
  });

  it("bytes that are not HTTP result in an error sentence, and the effect of a rotation is unknown", async () => {
    const server = await serve((socket) => socket.destroy());
    const subject = impatientClient(server.url, { retries: 0 });
    const garbage = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc
        .tuple(fc.constantFrom("HTTP/1.1 ", OK, `${OK}Content-Length: `), fc.string())
        .map((parts) => parts.join("")),
    );
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...Object.keys(CALLS)), garbage, async (name, bytes) => {
        server.answer = (socket) => socket.end(bytes);
        const error = await outcomeOf(name, subject);
        if (name === "rotate" && error) assert.equal(error.effect, "unknown", error.message);
      }),
      { numRuns: 200 },
    );
  });

  it("a server that echoes the credentials anywhere does not get them into a message", async () => {
    const server = await serve((socket) => socket.destroy());
    const subject = impatientClient(server.url);
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...Object.keys(CALLS)), statuses, echo, async (name, status, make) => {
        // minting returns what the server says
        const shown = name === "mint" && status === 200 ? API_TOKEN : JWT;
        server.answer = (socket, head) => {
          const authorization = /authorization: (.*)\r/i.exec(head)?.[1] ?? "";
          socket.end(
            raw(status, [`X-Echo: ${authorization}`, `Set-Cookie: a=${JWT}`], make(authorization, shown)),
          );
        };
        subject.messages.length = 0;
        await outcomeOf(name, subject);
      }),
      { numRuns: 300 },
    );
  });

  for (const [what, misbehave] of Object.entries(ENDLESS))
    it(`a server that ${what} costs at most the time limit and little memory`, async () => {
      const server = await serve(misbehave);
      for (const name of ["rotate", "listDatabases"])
        await within(2_000, async () => {
          const error = await outcomeOf(name, impatientClient(server.url, { retries: 0, timeoutMs: 300 }));
          assert.ok(error, "this is not a response");
        });
    });

  for (const [what, text] of Object.entries(TRAPS))
    it(`a response of ${what} is read quickly`, async () => {
      for (const status of [200, 400, 404])
        for (const name of ["rotate", "getDatabase", "listDatabases", "mint"]) {
          const server = await serve((socket) => socket.end(raw(status, [], text)));
          await within(1_500, () => outcomeOf(name, impatientClient(server.url)));
        }
    });

  it("no redirect is followed, whatever its location", async () => {
    const other = await serve((socket) => socket.end(raw(200, [], "{}")));
    const server = await serve(() => undefined);
    for (const status of [300, 301, 302, 303, 305, 307, 308])
      for (const location of [
        other.url,
        `//127.0.0.1:${other.port}/`,
        "/v1/elsewhere",
        `http://a:b@127.0.0.1:${other.port}`,
      ])
        for (const name of Object.keys(CALLS)) {
          server.heads.length = 0;
          const lines = [
            `Location: ${location}`,
            `Refresh: 0; url=${location}`,
            `Alt-Svc: h2="127.0.0.1:${other.port}"`,
          ];
          server.answer = (socket) => socket.end(raw(status, lines, ""));
          const error = await outcomeOf(name, impatientClient(server.url));
          assert.equal(error?.effect, "unchanged");
          assert.match(
            error.message,
            /Redirects are never followed, because they would forward the API token/,
          );
          assert.equal(server.heads.length, 1);
        }
    assert.equal(other.connections, 0);
  });

  it("no Retry-After delays it longer than the policy allows", async () => {
    const server = await serve(() => undefined);
    const dates = ["Tue, 01 Jan 2999 00:00:00 GMT", "\u00e9"];
    for (const after of ["-1", "0", "1e9", "9".repeat(21), "NaN", "", "Infinity", ...dates])
      await within(1_000, async () => {
        server.heads.length = 0;
        server.answer = (socket) => socket.end(raw(429, [`Retry-After: ${after}`], ""));
        const error = await outcomeOf("rotate", impatientClient(server.url, { retries: 2 }));
        assert.equal(error?.effect, "unchanged");
        assert.ok(server.heads.length <= 3);
      });
  });

  it("a listing with endless pages ends", async () => {
    let page = 0;
    const server = await serve((socket) => {
      const text = JSON.stringify({ databases: [], pagination: { next: `page-${(page += 1)}` } });
      socket.write(`${OK}Content-Length: ${text.length}\r\n\r\n${text}`);
    });
    await within(10_000, () => outcomeOf("listDatabases", impatientClient(server.url)));
    assert.ok(page <= 1_000, `${page} pages were asked for`);
  });

  it("names in a listing bring neither credentials nor escape sequences into messages", async () => {
    const server = await serve(() => undefined);
    for (const name of [
      API_TOKEN,
      JWT,
      "\u001b[2J\u001b]0;x\u0007",
      "a\r\nb",
      "\u202eppa",
      "x".repeat(100_000),
    ]) {
      const databases = [{ Name: name, Hostname: "db.turso.io", group: "default" }];
      const text = JSON.stringify({ group: { name: "default" }, databases });
      server.answer = (socket) => socket.end(raw(200, [], text));
      const { client } = impatientClient(server.url);
      const said = await lookUp(client, { kind: "group", name: "default" }).then(
        (impact) => describeBlastRadius([impact]),
        (error: unknown) => {
          assert(error instanceof TursoError);
          return error.message;
        },
      );
      assertHidden(said);
      assert.doesNotMatch(said, /[\p{Cc}\p{Cf}]/u);
      assert.ok(said.length < 2_000, `${said.length} characters`);
    }
  });
});

import assert from "node:assert/strict";
import fc from "fast-check";
import { dataPlaneUrl, probe } from "../../src/turso/probe";
import { useEnvironment } from "../support/environment";
import { body, echo, headers, statuses } from "./hostile-answers";
import { BOMBS, JWT, assertHidden, raw, useHostileServers, type Misbehave } from "./hostile-server";

const CLOUD = { apiUrl: "https://api.turso.tech" };
const LOOPBACK = { apiUrl: "http://127.0.0.1:8080" };
const LOOPBACK_TLS = { apiUrl: "https://localhost" };
const LONGEST_LABEL = "a".repeat(63);

const NAMES = ["app-acme.turso.io", "APP.Turso.IO", "a.bc", "1.2.3.io", "xn--ls8h.la", `${LONGEST_LABEL}.io`];

/** Never the name of a database. */
const NEVER = [
  ...[
    "",
    ".",
    "..",
    " ",
    "app",
    ".turso.io",
    "app..turso.io",
    "app.turso.io.",
    "-app.turso.io",
    "app-.turso.io",
  ],
  ...["app.turso.io/x", "app.turso.io?x", "app.turso.io#x", "app.turso.io/../..", "app.turso.io\\@127.0.0.1"],
  ...[
    "user:pass@app.turso.io",
    "user@127.0.0.1",
    "app.turso.io@127.0.0.1:1",
    "https://app.turso.io",
    "//app.turso.io",
  ],
  ...[
    "app.turso.io\n",
    " app.turso.io",
    "app.turso.io\u0000",
    "app.turso.io\r\nX: y",
    "app%2eturso.io",
    "app.turso.io:",
  ],
  ...["äpp.turso.io", "app。turso。io", "app.turso.ıo", "ⓐpp.turso.io", "app\u200b.turso.io", "a_b.turso.io"],
  ...[`${LONGEST_LABEL}a.io`, `${"a.".repeat(126)}io`, "a.".repeat(100_000), "-".repeat(100_000)],
  ...[
    "10.0.0.1",
    "169.254.169.254",
    "192.168.0.1:80",
    "0.0.0.0",
    "[::]",
    "[fe80::1]",
    "[::ffff:10.0.0.1]",
    "::1",
  ],
  ...[
    "167772161",
    "0xa000001",
    "012.0.0.1",
    "10.1",
    "1.2.3.4.5",
    "app.turso.io:443",
    "evil.com:1",
    "127.0.0.1:99999",
  ],
  ...[
    "localhost.",
    "app.localhost",
    "app.local",
    "metadata.google.internal",
    "app.lan",
    "app.home",
    "x.arpa",
  ],
  ...["127.0.0.1:80:80", "127.0.0.1/x", "127.0.0.1:80/x", "127.0.0.1@evil.com", "[::1]:x", "constructor"],
];

/** This machine, by any of its names: allowed only if the API is on it too. */
const HERE = [
  "127.0.0.1",
  "127.0.0.1:8081",
  "127.1.2.3:1",
  "localhost",
  "localhost:8081",
  "[::1]",
  "[::1]:8081",
];
/** The same as numbers, which URLs parse as 127.0.0.1. */
const HERE_AS_NUMBERS = ["2130706433", "0x7f000001", "0177.0.0.1", "127.1:80"];

describe("a Hostname from the API", () => {
  for (const [name, connection] of Object.entries({ CLOUD, LOOPBACK, LOOPBACK_TLS })) {
    it(`is used over TLS if it is a public DNS name (API: ${name})`, () => {
      for (const hostname of NAMES) assert.equal(dataPlaneUrl(connection, hostname), `https://${hostname}`);
    });

    it(`is not used if it is anything else (API: ${name})`, () => {
      const start = performance.now();
      for (const hostname of NEVER)
        assert.equal(dataPlaneUrl(connection, hostname), undefined, JSON.stringify(hostname));
      assert.ok(performance.now() - start < 500, "a long name takes long");
    });
  }

  it("may be this machine only if the API is too, and then with the API's scheme", () => {
    for (const hostname of [...HERE, ...HERE_AS_NUMBERS])
      assert.equal(dataPlaneUrl(CLOUD, hostname), undefined);
    for (const hostname of HERE) {
      assert.equal(dataPlaneUrl(LOOPBACK, hostname), `http://${hostname}`);
      assert.equal(dataPlaneUrl(LOOPBACK_TLS, hostname), `https://${hostname}`);
    }
  });

  it("never leads to a host other than the one that it names, whatever it contains", () => {
    const part = fc.constantFrom(
      ...["@", ":", "/", "?", "#", "\\", ".", "%", "-", "[", "]"],
      "127.0.0.1",
      "evil.com",
      "localhost",
      "8080",
      "user",
      "\t",
      "é",
    );
    const hostnames = fc.oneof(
      fc.string(),
      fc.domain(),
      fc.webAuthority(),
      fc.ipV4Extended(),
      fc.ipV6(),
      fc.array(part, { maxLength: 6 }).map((parts) => parts.join("")),
    );
    fc.assert(
      fc.property(hostnames, fc.constantFrom(CLOUD, LOOPBACK, LOOPBACK_TLS), (hostname, connection) => {
        const text = dataPlaneUrl(connection, hostname);
        if (text === undefined) return;
        const url = new URL(text);
        assert.deepEqual(
          [url.username, url.password, url.pathname, url.search, url.hash],
          ["", "", "/", "", ""],
        );
        const isHere = /^(localhost|127\.[\d.]+|\[::1\])$/.test(url.hostname);
        assert.equal(isHere || (url.protocol === "https:" && url.port === ""), true, text);
        assert.equal(isHere && connection === CLOUD, false, text);
        if (!isHere) assert.equal(url.hostname, hostname.toLowerCase());
      }),
      { numRuns: 3_000 },
    );
  });
});

const OK = "HTTP/1.1 200 OK\r\n";
const trickle =
  (first: string, chunk: string): Misbehave =>
  (socket) => {
    socket.write(first);
    const timer = setInterval(() => socket.write(chunk), 20);
    socket.on("close", () => clearInterval(timer));
  };
const ENDLESS: Record<string, Misbehave> = {
  "says nothing": () => undefined,
  "sends its body byte by byte": trickle(`${OK}Content-Length: 100000\r\n\r\n`, "x"),
  "sends its head byte by byte": trickle(OK, "X"),
  "announces a response forever": trickle("", "HTTP/1.1 100 Continue\r\n\r\n"),
  "sends 10 MB": (socket) => socket.end(raw(200, [], "x".repeat(10 * 1024 * 1024))),
  "sends a brotli bomb": (socket) => socket.end(raw(200, ["Content-Encoding: br"], BOMBS.br)),
};

describe("the probe of a token against a hostile database", function () {
  this.timeout(30_000);
  useEnvironment();
  const serve = useHostileServers();
  const ask = async (port: number, timeoutMs = 1_000) => {
    const verdict = await probe(LOOPBACK, `127.0.0.1:${port}`, JWT, { timeoutMs });
    assertHidden(JSON.stringify(verdict));
    assert.ok(JSON.stringify(verdict).length < 400, "an unreadably long verdict");
    return verdict;
  };

  it("only results in a 200 count as accepted, and only libSQL's own 401 counts as rejected", async () => {
    const server = await serve(() => undefined);
    await fc.assert(
      fc.asyncProperty(statuses, headers, body, async (status, lines, bytes) => {
        server.answer = (socket) => socket.end(raw(status, lines, bytes));
        const { verdict } = await ask(server.port);
        if (verdict === "rejected") {
          assert.equal(status, 401);
          assert.match(
            Buffer.from(bytes).toString(),
            /"error"[^]*(Unauthorized: `|any of the existing keys)/,
          );
        }
        if (verdict === "accepted") {
          assert.equal(status, 200);
          assert.match(Buffer.from(bytes).toString(), /"results"/);
        }
      }),
      { numRuns: 400 },
    );
  });

  it("a database that echoes the token does not get it into a verdict", async () => {
    const server = await serve(() => undefined);
    await fc.assert(
      fc.asyncProperty(statuses, echo, async (status, make) => {
        server.answer = (socket) => socket.end(raw(status, [`X-Echo: ${JWT}`], make(JWT, JWT)));
        await ask(server.port);
      }),
      { numRuns: 100 },
    );
    server.answer = (socket) => socket.end(`HTTP/1.1 ${JWT}\r\n${JWT}: ${JWT}\r\n\r\n`);
    await ask(server.port);
  });

  for (const [what, misbehave] of Object.entries(ENDLESS))
    it(`a database that ${what} gets the verdict unclear within the time limit`, async () => {
      const server = await serve(misbehave);
      const start = performance.now();
      const { verdict } = await ask(server.port, 400);
      assert.equal(verdict, "unclear");
      assert.ok(performance.now() - start < 1_500, `${(performance.now() - start).toFixed(0)} ms`);
    });

  it("a redirect is not followed, and the token goes through no proxy", async () => {
    const other = await serve((socket) => socket.end(raw(200, [], '{"results":[]}')));
    const server = await serve(() => undefined);
    process.env["http_proxy"] = other.url;
    for (const status of [300, 301, 302, 303, 307, 308]) {
      server.answer = (socket) => socket.end(raw(status, [`Location: ${other.url}/v2/pipeline`], ""));
      assert.deepEqual(await ask(server.port), {
        verdict: "unclear",
        why: `the database answered ${status}`,
      });
    }
    assert.equal(other.connections, 0);
    assert.equal(server.heads.length, 6);
  });
});

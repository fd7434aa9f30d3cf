import assert from "node:assert/strict";
import { createServer, type RequestListener } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { connect, type AddressInfo, type Server } from "node:net";
import type { Duplex } from "node:stream";
import { probe, type Probe } from "../../src/turso/probe";
import { useEnvironment } from "../support/environment";
import { useServers } from "../support/server";
import { SELF_SIGNED } from "./probe-certificate";

const TOKEN = "header.claims.signature";
const RESULTS = '{"baton":null,"base_url":null,"results":[]}';
const UNAUTHORIZED = JSON.stringify({ error: "Unauthorized: `The JWT is invalid`" });
const NOT_ITS_OWN =
  "a 401 came back that is not the database's own: a proxy, a gateway or a sign-in page may answer in its place";
const NO_TOKEN = "the database received no token: a proxy or a gateway may remove the Authorization header";
const REJECTED: Probe = { verdict: "rejected" };
const unclear = (why: string) => ({ verdict: "unclear", why }) as const;
const error = (text: unknown) => JSON.stringify({ error: text });

const ANSWERS: [what: string, status: number, body: string, expected: Probe][] = [
  ["results", 200, RESULTS, { verdict: "accepted" }],
  ["a page that answers 200", 200, "<html>Sign in</html>", unclear("the database answered 200")],
  ["an invalid JWT", 401, UNAUTHORIZED, REJECTED],
  ["an unknown key", 401, error("the JWT can't be decoded with any of the existing keys"), REJECTED],
  [
    "an unknown key, in a libSQL server's words",
    401,
    error("Unauthorized: `JWT can't be decoded with any of the existing keys`"),
    REJECTED,
  ],
  [
    "an expired JWT",
    401,
    error("Unauthorized: `The JWT has expired`"),
    { ...unclear("the token has expired by itself"), isExpired: true },
  ],
  [
    "a missing header",
    401,
    error("Unauthorized: `Expected authorization header but none given`"),
    unclear(NO_TOKEN),
  ],
  ["a missing token", 401, error("Unauthorized: `empty JWT token`"), unclear(NO_TOKEN)],
  ["nothing", 401, "", unclear(NOT_ITS_OWN)],
  ["a sign-in page", 401, "<!doctype html><title>Sign in</title>", unclear(NOT_ITS_OWN)],
  ["a page that quotes libSQL", 401, `<pre>${UNAUTHORIZED}</pre>`, unclear(NOT_ITS_OWN)],
  ["a plain text", 401, "Unauthorized: `The JWT is invalid`", unclear(NOT_ITS_OWN)],
  ["a gateway's JSON", 401, '{"message":"Unauthorized: `The JWT is invalid`"}', unclear(NOT_ITS_OWN)],
  ["a shorter error", 401, error("Unauthorized"), unclear(NOT_ITS_OWN)],
  [
    "an error of the Platform API",
    401,
    error("unauthorized: missing or unknown API token"),
    unclear(NOT_ITS_OWN),
  ],
  ["an error that is a list", 401, error(["Unauthorized: `x`"]), unclear(NOT_ITS_OWN)],
  ["a list of errors", 401, `[${UNAUTHORIZED}]`, unclear(NOT_ITS_OWN)],
  ["an inherited error", 401, `{"__proto__":${UNAUTHORIZED}}`, unclear(NOT_ITS_OWN)],
  [
    "libSQL's text with a 403",
    403,
    UNAUTHORIZED,
    unclear("the database answered 403: an allow rule (by IP address or VPC) may exclude this machine"),
  ],
  ["libSQL's text with a 407", 407, UNAUTHORIZED, unclear("the database answered 407")],
  ["a malformed JWT", 400, error("JWT error: InvalidToken"), unclear("the database answered 400")],
];

describe("the verdict about a token", () => {
  useEnvironment();
  const serve = useServers();
  const cleanups: (() => void)[] = [];
  afterEach(() => {
    for (const cleanup of cleanups.splice(0)) cleanup();
  });

  /** Listens on loopback until the test ends. */
  async function listen(server: Server): Promise<number> {
    const sockets = new Set<Duplex>();
    server.on("connection", (socket: Duplex) => sockets.add(socket));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    cleanups.push(() => {
      server.close();
      for (const socket of sockets) socket.destroy();
    });
    return (server.address() as AddressInfo).port;
  }

  /** A proxy, named by HTTPS_PROXY, that handles each CONNECT. */
  async function useProxy(onConnect: (socket: Duplex) => void): Promise<void> {
    const proxy = createServer();
    proxy.on("connect", (_, socket: Duplex) => {
      socket.on("error", () => socket.destroy());
      onConnect(socket);
    });
    process.env["HTTPS_PROXY"] = `http://127.0.0.1:${await listen(proxy)}`;
    for (const name of ["NO_PROXY", "no_proxy", "https_proxy"]) Reflect.deleteProperty(process.env, name);
  }

  const answer =
    (status: number, body: string): RequestListener =>
    (_, response) =>
      response.writeHead(status, { "Content-Type": "application/json" }).end(body);
  const ask = ({ url }: { url: string }, options?: Parameters<typeof probe>[3]) =>
    probe({ apiUrl: url }, new URL(url).host, TOKEN, options);
  const askCloud = () =>
    probe({ apiUrl: "https://api.turso.tech" }, "app-acme.turso.io", TOKEN, { timeoutMs: 5_000 });

  for (const [what, status, body, expected] of ANSWERS)
    it(`is ${expected.verdict} after a ${status} with ${what}`, async () => {
      assert.deepEqual(await ask(await serve(answer(status, body))), expected);
    });

  for (const status of [401, 407, 502])
    it(`is unclear if a proxy refuses the tunnel with ${status}, whatever the body says`, async () => {
      await useProxy((socket) => {
        const head = `HTTP/1.1 ${status} No\r\nContent-Length: ${UNAUTHORIZED.length}\r\nConnection: close`;
        socket.end(`${head}\r\n\r\n${UNAUTHORIZED}`);
      });
      assert.deepEqual(await askCloud(), unclear(`a proxy answered ${status} in the database's place`));
    });

  for (const [status, body, verdict] of [
    [401, UNAUTHORIZED, "rejected"],
    [200, RESULTS, "accepted"],
  ] as const)
    it(`is ${verdict} if the database itself says so over TLS, through a proxy`, async () => {
      process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = "0";
      const port = await listen(createTlsServer(SELF_SIGNED, answer(status, body)));
      await useProxy((socket) => {
        const upstream = connect(port, "127.0.0.1", () => {
          socket.write("HTTP/1.1 200 OK\r\n\r\n");
          upstream.pipe(socket).pipe(upstream);
        });
        upstream.on("error", () => socket.destroy());
      });
      assert.deepEqual(await askCloud(), { verdict });
    });

  it("is the database's own over TLS without a proxy", async () => {
    process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = "0";
    const port = await listen(createTlsServer(SELF_SIGNED, answer(401, UNAUTHORIZED)));
    assert.deepEqual(await ask({ url: `https://localhost:${port}` }), REJECTED);
  });

  it("comes over a new connection each time, without a TLS session of an earlier one", async () => {
    process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = "0";
    const server = createTlsServer(SELF_SIGNED, answer(200, RESULTS));
    const resumed: boolean[] = [];
    server.on("secureConnection", (socket) => resumed.push(socket.isSessionReused()));
    const url = `https://localhost:${await listen(server)}`;
    for (let n = 0; n < 3; n += 1) assert.deepEqual(await ask({ url }), { verdict: "accepted" });
    assert.deepEqual(resumed, [false, false, false]);
  });

  it("is unclear once the time limit of this call is over", async () => {
    const server = await serve(() => undefined);
    const start = performance.now();
    assert.deepEqual(
      await ask(server, { timeoutMs: 99.5 }),
      unclear("the database could not be reached (no answer within 0.1 s)"),
    );
    assert.ok(performance.now() - start < 1_000);
  });

  it("is unclear once the caller ends the exchange", async () => {
    const server = await serve(() => undefined);
    const ending = new AbortController();
    setTimeout(() => ending.abort(), 50);
    const start = performance.now();
    assert.deepEqual(
      await ask(server, { signal: ending.signal }),
      unclear("the run stopped waiting for the database's answer"),
    );
    assert.ok(performance.now() - start < 1_000);
  });
});

import assert from "node:assert/strict";
import type { RequestListener } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { RetryPolicy } from "../../src/turso/retry-policy";
import { transport, type FailedReply, type Reply, type Request } from "../../src/turso/transport";
import { useEnvironment } from "../support/environment";
import { PATIENCE, hooks } from "../support/fake-turso";
import { closedPort, useServers } from "../support/server";
import { TLS_IDENTITY } from "../support/tls";

const ROTATE: Request = { method: "POST", path: "/v1/rotate", isIdempotent: false };
const LOOKUP: Request = { method: "GET", path: "/v1/lookup", isIdempotent: true };
const NOT_PROCESSED = { effect: "unchanged", retry: "any" };
const UNKNOWN = { effect: "unknown", retry: "idempotent" };

/** A name that only the proxy resolves. */
const BEHIND_PROXY = "https://api.turso.example";

const ask = (apiUrl: string, request: Request, policy: Partial<RetryPolicy> = {}): Promise<Reply> =>
  transport(
    { apiUrl, apiToken: "t", apiTokenOrigin: "a test" },
    { ...PATIENCE, ...policy },
    hooks({ onRetry: () => undefined }),
  )(request);

async function failed(reply: Promise<Reply>): Promise<FailedReply> {
  const result = await reply;
  assert(!result.ok, "it must fail");
  return result;
}

/** Starts servers that see bytes, and closes them after each test of a describe. */
function useSockets(): (onSocket: (socket: Socket) => void) => Promise<{ port: number; sockets: Socket[] }> {
  const servers: { server: Server; sockets: Socket[] }[] = [];
  afterEach(async () => {
    for (const { server, sockets } of servers.splice(0)) {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    }
  });
  return async (onSocket) => {
    const sockets: Socket[] = [];
    const server = createServer((socket) => {
      sockets.push(socket.on("error", () => undefined));
      onSocket(socket);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    servers.push({ server, sockets });
    return { port: (server.address() as AddressInfo).port, sockets };
  };
}

/** Starts https servers, whose certificate `trusting` accepts. */
function useTlsServers(): (listener: RequestListener) => Promise<{ port: number; requests: string[] }> {
  const servers: ReturnType<typeof createTlsServer>[] = [];
  afterEach(async () => {
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  });
  return async (listener) => {
    const requests: string[] = [];
    const server = createTlsServer(TLS_IDENTITY, (request, response) => {
      requests.push(`${request.method} ${request.url}`);
      listener(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    servers.push(server);
    return { port: (server.address() as AddressInfo).port, requests };
  };
}

const trusting = (): void => void (process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = "0");

describe("the connection of a rotation", () => {
  const serve = useServers();

  it("is a fresh one, so that a server which is closing an idle one does no harm", async () => {
    const used = new Set<Socket>();
    const { url } = await serve((request, response) => {
      if (used.has(request.socket)) request.socket.destroy();
      used.add(request.socket);
      response.end(request.method === "GET" ? "{}" : "");
    });
    assert.equal((await ask(url, LOOKUP)).ok, true);
    for (let i = 0; i < 3; i += 1)
      assert.deepEqual(await ask(url, ROTATE), { ok: true, status: 200, text: "" });
    // the pool still holds the lookup's connection, which a request without a connection of its own would take
    assert.equal(used.size, 4);
    const reply = await failed(ask(url, LOOKUP, { retries: 0 }));
    assert.deepEqual(reply.outcome, UNKNOWN, "on a pooled connection it may have left");
  });

  it("proves that nothing was sent if it is refused", async () => {
    const reply = await failed(ask(`http://127.0.0.1:${await closedPort()}`, ROTATE));
    assert.deepEqual([reply.from, reply.outcome], ["network", NOT_PROCESSED]);
  });
});

describe("the TLS connection of a rotation", () => {
  const serve = useTlsServers();
  const listen = useSockets();
  useEnvironment();

  it("carries it once", async () => {
    trusting();
    const { port, requests } = await serve((_, response) => response.end());
    assert.equal((await ask(`https://localhost:${port}`, ROTATE)).ok, true);
    assert.deepEqual(requests, ["POST /v1/rotate"]);
  });

  it("is not the pooled one of the lookups, whose answers are the API's too", async () => {
    trusting();
    const used: Socket[] = [];
    const { port, requests } = await serve((request, response) => {
      used.push(request.socket);
      response.end(request.method === "GET" ? "{}" : "");
    });
    for (const request of [LOOKUP, LOOKUP, ROTATE])
      assert.equal((await ask(`https://localhost:${port}`, request)).ok, true);
    assert.deepEqual([requests.length, new Set(used).size, used[0] === used[1]], [3, 2, true]);
  });

  it("leaves its outcome unknown if it is cut after the handshake", async () => {
    trusting();
    const { port, requests } = await serve((request) => request.socket.destroy());
    const reply = await failed(ask(`https://localhost:${port}`, ROTATE));
    assert.deepEqual(reply.outcome, UNKNOWN);
    assert.deepEqual(requests, ["POST /v1/rotate"]);
  });

  it("proves that nothing was sent if the handshake is cut, or never ends", async () => {
    trusting();
    for (const onSocket of [
      (socket: Socket) => socket.destroy(),
      (socket: Socket) => socket.once("data", () => socket.destroy()),
      () => undefined,
    ]) {
      const { port, sockets } = await listen(onSocket);
      const reply = await failed(ask(`https://127.0.0.1:${port}`, ROTATE, { timeoutMs: 150 }));
      assert.deepEqual([reply.from, reply.outcome], ["network", NOT_PROCESSED]);
      assert.equal(sockets.length, 3);
    }
  });

  it("proves that nothing was sent if the certificate is not trusted, and is not made again", async () => {
    const { port, requests } = await serve((_, response) => response.end());
    let connections = 0;
    const front = await listen((socket) => {
      connections += 1;
      socket.pipe(connect(port, "127.0.0.1").on("error", () => undefined)).pipe(socket);
    });
    const reply = await failed(ask(`https://localhost:${front.port}`, ROTATE));
    assert.deepEqual([reply.from, reply.outcome], ["network", { effect: "unchanged", retry: "none" }]);
    assert.deepEqual([connections, requests], [1, []]);
  });
});

describe("a proxy between here and the API", () => {
  const serve = useTlsServers();
  const listen = useSockets();
  useEnvironment();
  beforeEach(() => {
    trusting();
    for (const name of ["NO_PROXY", "no_proxy", "https_proxy", "ALL_PROXY", "all_proxy"])
      Reflect.deleteProperty(process.env, name);
  });

  /** Starts a proxy. @param onConnect receives the connection after the head of its CONNECT request */
  async function proxy(onConnect: (socket: Socket) => void): Promise<{ asked: string[]; port: number }> {
    const asked: string[] = [];
    const { port } = await listen((socket) =>
      socket.once("data", (head: Buffer) => {
        asked.push(head.toString().split("\r\n")[0] ?? "");
        onConnect(socket);
      }),
    );
    process.env["HTTPS_PROXY"] = `http://127.0.0.1:${port}`;
    return { asked, port };
  }
  const CONNECT = "CONNECT api.turso.example:443 HTTP/1.1";
  const refusing = (status: number) => (socket: Socket) =>
    socket.end(`HTTP/1.1 ${status} No\r\nProxy-Authenticate: Basic\r\nContent-Length: 2\r\n\r\n{}`);
  const tunnelTo = (port: number) => (socket: Socket) => {
    const onward = connect(port, "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
      socket.pipe(onward).pipe(socket);
    });
    onward.on("error", () => socket.destroy());
  };

  it("carries a rotation once", async () => {
    const { port, requests } = await serve((_, response) => response.end());
    const { asked } = await proxy(tunnelTo(port));
    assert.equal((await ask(BEHIND_PROXY, ROTATE)).ok, true);
    assert.deepEqual([asked, requests], [[CONNECT], ["POST /v1/rotate"]]);
  });

  for (const status of [401, 403, 407, 429, 502, 503, 504])
    for (const request of [ROTATE, LOOKUP])
      it(`that answers ${status} to CONNECT has not sent the ${request.method} and is named`, async () => {
        const { asked } = await proxy(refusing(status));
        const reply = await failed(ask(BEHIND_PROXY, request));
        assert.equal(reply.answer, `the proxy answered ${status} to CONNECT`);
        assert.deepEqual([reply.from, reply.status, reply.text], ["proxy", undefined, ""]);
        assert.deepEqual(reply.outcome, NOT_PROCESSED);
        assert.deepEqual(asked, [CONNECT, CONNECT, CONNECT]);
      });

  it("that answers 204 to CONNECT has not rotated", async () => {
    await proxy((socket) => socket.end("HTTP/1.1 204 No Content\r\n\r\n"));
    const reply = await failed(ask(BEHIND_PROXY, ROTATE));
    assert.deepEqual([reply.from, reply.outcome], ["proxy", NOT_PROCESSED]);
    assert.equal(reply.answer, "the proxy answered 204 to CONNECT");
  });

  it("that consents and then cuts the connection has not sent a rotation", async () => {
    const { asked } = await proxy((socket) => {
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
      socket.once("data", () => socket.destroy());
    });
    const reply = await failed(ask(BEHIND_PROXY, ROTATE));
    assert.deepEqual([reply.from, reply.outcome], ["network", NOT_PROCESSED]);
    assert.equal(asked.length, 3);
  });

  it("that never answers CONNECT, or hangs up, has not sent a rotation", async () => {
    for (const act of [
      () => undefined,
      (socket: Socket) => socket.end(),
      (socket: Socket) => socket.destroy(),
    ]) {
      await proxy(act);
      const reply = await failed(ask(BEHIND_PROXY, ROTATE, { timeoutMs: 150 }));
      assert.deepEqual([reply.from, reply.outcome], ["network", NOT_PROCESSED]);
    }
  });

  it("that consents after the time limit does not send the rotation late", async () => {
    const { port, requests } = await serve((_, response) => response.end());
    await proxy((socket) => void setTimeout(() => tunnelTo(port)(socket), 300));
    const reply = await failed(ask(BEHIND_PROXY, ROTATE, { timeoutMs: 150, retries: 0 }));
    assert.deepEqual(reply.outcome, NOT_PROCESSED);
    await sleep(500);
    assert.deepEqual(requests, []);
    assert.equal((await ask(BEHIND_PROXY, ROTATE)).ok, true, "the proxy works");
  });

  it("leaves the outcome of a rotation unknown if the connection is cut after the handshake with the API", async () => {
    const { port, requests } = await serve((request) => request.socket.destroy());
    const { asked } = await proxy(tunnelTo(port));
    const reply = await failed(ask(BEHIND_PROXY, ROTATE));
    assert.deepEqual(reply.outcome, UNKNOWN);
    assert.deepEqual([asked, requests], [[CONNECT], ["POST /v1/rotate"]]);
  });

  it("that cannot be reached has not sent a rotation", async () => {
    process.env["HTTPS_PROXY"] = `http://127.0.0.1:${await closedPort()}`;
    const reply = await failed(ask(BEHIND_PROXY, ROTATE));
    assert.deepEqual([reply.from, reply.outcome], ["network", NOT_PROCESSED]);
  });
});

import assert from "node:assert/strict";
import { connect, type Socket } from "node:net";
import { useEnvironment } from "../support/environment";
import { closedPort, useServers } from "../support/server";
import {
  LOOKUP,
  NOT_PROCESSED,
  ROTATE,
  UNKNOWN,
  ask,
  failed,
  trusting,
  useSockets,
  useTlsServers,
} from "./exchange-servers";

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

import assert from "node:assert/strict";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { useEnvironment } from "../support/environment";
import { closedPort } from "../support/server";
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

/** A name that only the proxy resolves. */
const BEHIND_PROXY = "https://api.turso.example";

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

import assert from "node:assert/strict";
import type { RequestListener } from "node:http";
import type { RetryPolicy } from "../../src/turso/retry-policy";
import { transport, type Reply, type Request } from "../../src/turso/transport";
import { useEnvironment } from "../support/environment";
import { PATIENCE, hooks } from "../support/fake-turso";
import { useServers } from "../support/server";

const TOKEN = "s3cret-api-token";
const ROTATE: Request = { method: "POST", path: "/v1/rotate", isIdempotent: false };
const LOOKUP: Request = { method: "GET", path: "/v1/lookup", isIdempotent: true };

describe("the transport", () => {
  useEnvironment();
  const serve = useServers();
  const ask = (url: string, request: Request, patience: Partial<RetryPolicy> = {}): Promise<Reply> =>
    transport(
      { apiUrl: url, apiToken: TOKEN, apiTokenOrigin: "a test" },
      { ...PATIENCE, ...patience },
      hooks({ onRetry: () => undefined }),
    )(request);
  const failed = async (reply: Promise<Reply>): Promise<Reply & { ok: false }> => {
    const result = await reply;
    assert(!result.ok, "it must fail");
    return result;
  };

  it("sends the method, the path, the query, the body and the API token", async () => {
    const bodies: string[] = [];
    const { url, requests } = await serve((request, response) => {
      request.setEncoding("utf8").on("data", (chunk: string) => bodies.push(chunk));
      request.on("end", () => response.end('{"done": true}'));
    });
    const query = { group: "a b&c=d" };
    const reply = await ask(url, {
      method: "POST",
      path: "/v1/x%2Fy",
      query,
      body: { a: [1] },
      isIdempotent: true,
    });
    assert.deepEqual(reply, { ok: true, status: 200, text: '{"done": true}' });
    const [request] = requests;
    assert.equal(request?.method, "POST");
    const sent = new URL(request.url ?? "", url);
    assert.equal(sent.pathname, "/v1/x%2Fy");
    assert.deepEqual([...sent.searchParams], [["group", "a b&c=d"]]);
    assert.equal(request.headers.authorization, `Bearer ${TOKEN}`);
    assert.equal(request.headers["content-type"], "application/json");
    assert.deepEqual(bodies, ['{"a":[1]}']);
  });

  it("sends an empty body by default, and accepts an empty response", async () => {
    const { url, requests } = await serve((_, response) => response.end());
    assert.deepEqual(await ask(url, ROTATE), { ok: true, status: 200, text: "" });
    const { headers } = requests[0] ?? assert.fail();
    assert.deepEqual([headers["content-length"] ?? "0", headers["transfer-encoding"]], ["0", undefined]);
  });

  it("accepts 200 and 204, and no other status, because Turso sends no other", async () => {
    for (const [status, ok] of [
      [200, true],
      [201, false],
      [202, false],
      [204, true],
      [206, false],
    ] as const) {
      const { url, requests } = await serve((_, response) => response.writeHead(status).end());
      const reply = await ask(url, ROTATE);
      assert.equal(reply.ok, ok, String(status));
      if (!reply.ok) assert.deepEqual(reply.outcome, { effect: "unknown", retry: "none" });
      assert.equal(requests.length, 1);
    }
  });

  it("follows no redirect, wherever it points", async () => {
    const target = await serve((_, response) => response.end("{}"));
    for (const status of [301, 302, 303, 307, 308]) {
      const { url, requests } = await serve((_, response) =>
        response.writeHead(status, { location: `${target.url}/elsewhere` }).end(),
      );
      for (const request of [LOOKUP, ROTATE]) {
        const reply = await failed(ask(url, request));
        assert.deepEqual(reply.outcome, { effect: "unchanged", retry: "none" });
        assert.equal(reply.answer, `the API answered ${status}`);
      }
      assert.equal(requests.length, 2);
    }
    assert.equal(target.requests.length, 0);
  });

  it("gives up on a server that sends nothing, that stops half way, or that trickles forever", async () => {
    const slow: RequestListener[] = [
      () => undefined,
      (_, response) => void response.writeHead(200, { "content-length": "1000" }).write("half"),
      (_, response) => {
        const timer = setInterval(() => response.write("x"), 10);
        response.on("close", () => clearInterval(timer));
      },
    ];
    for (const listener of slow) {
      const { url, requests } = await serve(listener);
      const reply = await failed(ask(url, ROTATE, { timeoutMs: 150 }));
      assert.equal(reply.outcome.effect, "unknown");
      assert.equal(reply.answer, "the API did not answer within 0.15 s");
      assert.equal(requests.length, 1);
    }
  });

  it("gives each try the whole time limit", async () => {
    let seen = 0;
    const { url } = await serve((_, response) => {
      seen += 1;
      setTimeout(() => response.writeHead(seen < 3 ? 429 : 200).end(), 200);
    });
    assert.equal((await ask(url, ROTATE, { timeoutMs: 450 })).ok, true);
    assert.equal(seen, 3);
  });

  it("reads no more than its size limit", async () => {
    const megabyte = "x".repeat(1024 * 1024);
    const { url } = await serve((_, response) => {
      for (let i = 0; i < 17; i += 1) response.write(megabyte);
      response.end();
    });
    const reply = await failed(ask(url, ROTATE));
    assert.equal(reply.outcome.effect, "unknown");
    assert.doesNotMatch(reply.answer, /could not be reached/);
  });

  it("uses no proxy for loopback", async () => {
    const proxy = await serve((_, response) => response.end("{}"));
    const { url, requests } = await serve((_, response) => response.end("{}"));
    Object.assign(process.env, {
      HTTP_PROXY: proxy.url,
      http_proxy: proxy.url,
      ALL_PROXY: proxy.url,
      NO_PROXY: "",
    });
    delete process.env["no_proxy"];
    assert.equal((await ask(url, LOOKUP)).ok, true);
    assert.deepEqual([proxy.requests.length, requests.length], [0, 1]);
  });

  it("accepts a rotation's answer only if it is empty, because the API sends no body", async () => {
    for (const [body, isEmpty] of [
      ["", true],
      [" \r\n\t", true],
      ["OK", false],
      ["{}", false],
      ["null", false],
      ['{"error":"rate limited"}', false],
      ["<!-- gateway --><html></html>", false],
      ['<?xml version="1.0"?><ok/>', false],
    ] as const)
      for (const status of [200, 204] as const) {
        if (status === 204 && !isEmpty) continue; // Node.js sends no such body
        const { url, requests } = await serve((_, response) => response.writeHead(status).end(body));
        const reply = await ask(url, ROTATE);
        assert.equal(reply.ok, isEmpty, body);
        if (!reply.ok) {
          assert.deepEqual(reply.outcome, { effect: "unknown", retry: "none" });
          assert.match(
            reply.answer,
            /^answered 200 with a body \(.+\), which the API does not send here, so something else may have answered$/,
          );
        }
        assert.equal(requests.length, 1);
      }
  });

  it("reports a web page as a response of something in between", async () => {
    for (const page of ["<!DOCTYPE html><title>Sign in</title>", "\n <html><body>Hello</body></html>"]) {
      const { url, requests } = await serve((_, response) => response.end(page));
      const reply = await failed(ask(url, ROTATE));
      assert.equal(reply.answer, "answered 200 with a web page, so something other than the API answered");
      assert.deepEqual(reply.outcome, { effect: "unknown", retry: "none" });
      assert.equal(requests.length, 1);
    }
  });
});

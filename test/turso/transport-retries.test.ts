import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import type { RetryPolicy } from "../../src/turso/retry-policy";
import { transport, type Reply, type Request } from "../../src/turso/transport";
import { PATIENCE, hooks } from "../support/fake-turso";
import { closedPort, useServers } from "../support/server";

const TOKEN = "s3cret-api-token";
const ROTATE: Request = { method: "POST", path: "/v1/rotate", isIdempotent: false };
const LOOKUP: Request = { method: "GET", path: "/v1/lookup", isIdempotent: true };

describe("the transport repeats", () => {
  const serve = useServers();
  let retries: string[];
  beforeEach(() => {
    retries = [];
  });
  const ask = (url: string, request: Request, patience: Partial<RetryPolicy> = {}): Promise<Reply> =>
    transport(
      { apiUrl: url, apiToken: TOKEN, apiTokenOrigin: "a test" },
      { ...PATIENCE, ...patience },
      hooks({ onRetry: (line) => retries.push(line) }),
    )(request);
  const failed = async (reply: Promise<Reply>): Promise<Reply & { ok: false }> => {
    const result = await reply;
    assert(!result.ok, "it must fail");
    return result;
  };
  const answer =
    (status: number, headers: Record<string, string> = {}) =>
    (response: ServerResponse): void =>
      void response.writeHead(status, headers).end('{"error":"no"}');
  const drop = (response: ServerResponse): void => void response.socket?.destroy();
  const truncate = (response: ServerResponse): void => {
    response.writeHead(200, { "content-length": "100" });
    response.write("half", () => response.socket?.destroy());
  };
  const idempotent = { rotate: 1, lookup: 3 };
  const never = { rotate: 1, lookup: 1 };

  for (const { what, act, tries, effect } of [
    {
      what: "503 with Retry-After",
      act: answer(503, { "retry-after": "0" }),
      tries: idempotent,
      effect: "unknown",
    },
    {
      what: "503 with a strange Retry-After",
      act: answer(503, { "retry-after": "soon" }),
      tries: idempotent,
      effect: "unknown",
    },
    { what: "503 without Retry-After", act: answer(503), tries: idempotent, effect: "unknown" },
    { what: "500", act: answer(500), tries: idempotent, effect: "unknown" },
    { what: "502", act: answer(502), tries: idempotent, effect: "unknown" },
    { what: "504", act: answer(504), tries: idempotent, effect: "unknown" },
    { what: "408", act: answer(408), tries: idempotent, effect: "unknown" },
    { what: "a dropped connection", act: drop, tries: idempotent, effect: "unknown" },
    { what: "half a response", act: truncate, tries: idempotent, effect: "unknown" },
    { what: "400", act: answer(400), tries: never, effect: "unchanged" },
    { what: "401", act: answer(401), tries: never, effect: "unchanged" },
    { what: "402", act: answer(402), tries: never, effect: "unchanged" },
    { what: "403", act: answer(403), tries: never, effect: "unchanged" },
    { what: "404", act: answer(404), tries: never, effect: "unchanged" },
    { what: "409", act: answer(409), tries: never, effect: "unchanged" },
  ])
    for (const [name, request] of [
      ["rotate", ROTATE],
      ["lookup", LOOKUP],
    ] as const)
      it(`${name === "rotate" ? "a rotation" : "a lookup"} after ${what}: ${tries[name]} in all`, async () => {
        const { url, requests } = await serve((_, response) => act(response));
        const reply = await failed(ask(url, request));
        assert.equal(requests.length, tries[name]);
        assert.equal(retries.length, tries[name] - 1);
        assert.equal(reply.outcome.effect, effect);
      });

  it("a rotation whose connection is refused, until a server listens", async () => {
    const port = await closedPort();
    const messages: string[] = [];
    let server: ReturnType<typeof serve> | undefined;
    const send = transport(
      { apiUrl: `http://127.0.0.1:${port}`, apiToken: TOKEN, apiTokenOrigin: "a test" },
      { ...PATIENCE, pauseMs: 100 },
      hooks({
        onRetry: (line) => {
          messages.push(line);
          server ??= serve((_, response) => response.end(), port);
        },
      }),
    );
    assert.equal((await send(ROTATE)).ok, true);
    assert.equal((await server)?.requests.length, 1);
    assert.deepEqual(messages, [
      `POST /v1/rotate: the API could not be reached (connect ECONNREFUSED 127.0.0.1:${port}); try 2 of at most 3`,
    ]);
  });

  it("nothing if the server asks for a longer pause than the policy allows", async () => {
    const { url, requests } = await serve((_, response) => answer(503, { "retry-after": "120" })(response));
    const reply = await failed(ask(url, LOOKUP));
    assert.deepEqual([requests.length, reply.retryAfterMs], [1, 120_000]);
  });

  it("after the whole pause, even if it is longer than a try may take", async () => {
    let isReady = false;
    const { url, requests } = await serve((_, response) => {
      if (requests.length === 1) setTimeout(() => (isReady = true), 500);
      response.writeHead(isReady ? 200 : 500).end();
    });
    assert.equal((await ask(url, LOOKUP, { timeoutMs: 250, pauseMs: 800, retries: 1 })).ok, true);
    assert.equal(requests.length, 2);
  });

  it("after pauses that grow, or that are as long as the server asks for", async () => {
    for (const [headers, expected] of [
      [{}, [300, 600]],
      [{ "retry-after": "1" }, [1_000, 1_000]],
    ] as const) {
      const { url } = await serve((_, response) => answer(503, headers)(response));
      const pauses = await pausesDuring(() => ask(url, LOOKUP, { pauseMs: 300 }));
      assert.equal(pauses.length, 2);
      for (const [i, pause] of pauses.entries())
        assert(pause >= (expected[i] ?? NaN) && pause <= (expected[i] ?? NaN) * 1.2, `${pauses.join()} ms`);
    }
  });

  it("a rotation only while its caller is there, and asks before each try", async () => {
    for (const [what, url, tries] of [
      ["a refused connection", `http://127.0.0.1:${await closedPort()}`, 2],
      ["429", (await serve((_, response) => answer(429)(response))).url, 2],
      ["nothing", (await serve((_, response) => response.end())).url, 0],
    ] as const) {
      let asked = 0;
      const isCallerAlive = () => Promise.resolve((asked += 1) <= tries);
      const send = transport(
        { apiUrl: url, apiToken: TOKEN, apiTokenOrigin: "a test" },
        { ...PATIENCE, retries: 5 },
        hooks({ onRetry: () => undefined, isCallerAlive }),
      );
      const reply = await failed(send(ROTATE));
      assert.equal(asked, tries + 1, what);
      assert.equal(reply.answer, "the Pulumi CLI that started this run has exited");
      assert.deepEqual([reply.from, reply.outcome], ["caller", { effect: "unchanged", retry: "none" }]);
    }
  });

  it("what is idempotent without asking for a caller", async () => {
    const { url } = await serve((_, response) => response.end("{}"));
    const isCallerAlive = () => assert.fail("asked");
    const send = transport(
      { apiUrl: url, apiToken: TOKEN, apiTokenOrigin: "a test" },
      PATIENCE,
      hooks({ isCallerAlive }),
    );
    assert.equal((await send(LOOKUP)).ok, true);
  });
});

/** Records the pauses of at least 300 ms, and cuts them short. */
async function pausesDuring(act: () => Promise<unknown>): Promise<number[]> {
  const real = globalThis.setTimeout;
  const pauses: number[] = [];
  const fake = (callback: () => void, ms = 0): NodeJS.Timeout => {
    if (ms < 300 || ms > 1_500) return real(callback, ms);
    pauses.push(ms);
    return real(callback, 1);
  };
  globalThis.setTimeout = Object.assign(fake, { __promisify__: real.__promisify__ });
  try {
    await act();
  } finally {
    globalThis.setTimeout = real;
  }
  return pauses;
}

import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import type { RetryPolicy } from "../../src/turso/retry-policy";
import { transport, type Reply, type Request } from "../../src/turso/transport";
import { closedPort, useServers } from "../support/server";

const TOKEN = "s3cret-api-token";
const PATIENCE: RetryPolicy = { timeoutMs: 2_000, retries: 2, pauseMs: 1, longestPauseMs: 1_500 };
const ROTATE: Request = { method: "POST", path: "/v1/rotate", isIdempotent: false };
const LOOK: Request = { method: "GET", path: "/v1/look", isIdempotent: true };

describe("the transport repeats", () => {
  const serve = useServers();
  let told: string[];
  beforeEach(() => {
    told = [];
  });
  const ask = (url: string, request: Request, patience: Partial<RetryPolicy> = {}): Promise<Reply> =>
    transport(
      { apiUrl: url, apiToken: TOKEN, apiTokenOrigin: "a test" },
      { ...PATIENCE, ...patience },
      (message) => told.push(message),
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
  const always = { rotate: 3, look: 3 };
  const harmless = { rotate: 1, look: 3 };
  const never = { rotate: 1, look: 1 };

  for (const { what, act, tries, effect } of [
    { what: "429", act: answer(429), tries: always, effect: "unchanged" },
    {
      what: "429 with Retry-After",
      act: answer(429, { "retry-after": "0" }),
      tries: always,
      effect: "unchanged",
    },
    {
      what: "503 with Retry-After",
      act: answer(503, { "retry-after": "0" }),
      tries: always,
      effect: "unchanged",
    },
    {
      what: "503 with a strange Retry-After",
      act: answer(503, { "retry-after": "soon" }),
      tries: always,
      effect: "unchanged",
    },
    { what: "503 without Retry-After", act: answer(503), tries: harmless, effect: "unknown" },
    { what: "500", act: answer(500), tries: harmless, effect: "unknown" },
    { what: "502", act: answer(502), tries: harmless, effect: "unknown" },
    { what: "504", act: answer(504), tries: harmless, effect: "unknown" },
    { what: "408", act: answer(408), tries: harmless, effect: "unknown" },
    { what: "a dropped connection", act: drop, tries: harmless, effect: "unknown" },
    { what: "half an answer", act: truncate, tries: harmless, effect: "unknown" },
    { what: "400", act: answer(400), tries: never, effect: "unchanged" },
    { what: "401", act: answer(401), tries: never, effect: "unchanged" },
    { what: "402", act: answer(402), tries: never, effect: "unchanged" },
    { what: "403", act: answer(403), tries: never, effect: "unchanged" },
    { what: "404", act: answer(404), tries: never, effect: "unchanged" },
    { what: "409", act: answer(409), tries: never, effect: "unchanged" },
  ])
    for (const [name, request] of [
      ["rotate", ROTATE],
      ["look", LOOK],
    ] as const)
      it(`${name === "rotate" ? "a rotation" : "a look-up"} after ${what}: ${tries[name]} in all`, async () => {
        const { url, requests } = await serve((_, response) => act(response));
        const reply = await failed(ask(url, request));
        assert.equal(requests.length, tries[name]);
        assert.equal(told.length, tries[name] - 1);
        assert.equal(reply.outcome.effect, effect);
      });

  it("a rotation whose connection is refused, until somebody listens", async () => {
    const port = await closedPort();
    const said: string[] = [];
    let server: ReturnType<typeof serve> | undefined;
    const send = transport(
      { apiUrl: `http://127.0.0.1:${port}`, apiToken: TOKEN, apiTokenOrigin: "a test" },
      { ...PATIENCE, pauseMs: 100 },
      (message) => {
        said.push(message);
        server ??= serve((_, response) => response.end(), port);
      },
    );
    assert.equal((await send(ROTATE)).ok, true);
    assert.equal((await server)?.requests.length, 1);
    assert.deepEqual(said, [
      `POST /v1/rotate: the API could not be reached (connect ECONNREFUSED 127.0.0.1:${port}); try 2 of at most 3`,
    ]);
  });

  it("nothing where the server asks for more time than there is patience", async () => {
    const { url, requests } = await serve((_, response) => answer(429, { "retry-after": "120" })(response));
    const reply = await failed(ask(url, ROTATE));
    assert.deepEqual([requests.length, reply.retryAfterMs, reply.outcome.effect], [1, 120_000, "unchanged"]);
  });

  it("after the whole pause, though it is longer than a try may take", async () => {
    let isReady = false;
    const { url, requests } = await serve((_, response) => {
      if (requests.length === 1) setTimeout(() => (isReady = true), 500);
      response.writeHead(isReady ? 200 : 429).end();
    });
    assert.equal((await ask(url, ROTATE, { timeoutMs: 250, pauseMs: 800, retries: 1 })).ok, true);
    assert.equal(requests.length, 2);
  });

  it("after pauses that grow, or that last as long as the server asks for", async () => {
    for (const [headers, expected] of [
      [{}, [300, 600]],
      [{ "retry-after": "1" }, [1_000, 1_000]],
    ] as const) {
      const { url } = await serve((_, response) => answer(429, headers)(response));
      const pauses = await pausesDuring(() => ask(url, ROTATE, { pauseMs: 300 }));
      assert.equal(pauses.length, 2);
      for (const [i, pause] of pauses.entries())
        assert(pause >= (expected[i] ?? NaN) && pause <= (expected[i] ?? NaN) * 1.2, `${pauses.join()} ms`);
    }
  });
});

/** The pauses of at least 300 ms that something asks for, none of which is waited for. */
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

import assert from "node:assert/strict";
import { startEmulator } from "../../emulator/src";
import { TursoClient } from "../../src/turso/client";
import { RateLimit, type Visit } from "../../src/turso/rate-limit";
import { transport, type Reply, type Request } from "../../src/turso/transport";
import { PATIENCE, hooks, tursoFailure } from "../support/fake-turso";
import { useServers } from "../support/server";

const ROTATE: Request = { method: "POST", path: "/v1/rotate", isIdempotent: false };
const LOOKUP: Request = { method: "GET", path: "/v1/lookup", isIdempotent: true };
const app = { kind: "database", name: "app" } as const;
const httpDate = (inMs: number): string => new Date(Date.now() + inMs).toUTCString();

describe("a rate limit", () => {
  const serve = useServers();
  const run = () => {
    const lines: string[] = [];
    const shared = hooks({ onRetry: (line) => lines.push(line) });
    const ask = (apiUrl: string, request: Request, patienceMs = 3_000): Promise<Reply> =>
      transport(
        { apiUrl, apiToken: "s3cret-api-token", apiTokenOrigin: "a test" },
        { ...PATIENCE, retries: 1, patienceMs },
        shared,
      )(request);
    return { ask, lines, shared };
  };

  it("is waited for as often as it takes, which is no retry", async () => {
    const { url, requests } = await serve((_, response) =>
      response.writeHead(requests.length <= 5 ? 429 : 200).end(),
    );
    const { ask, lines } = run();
    assert.equal((await ask(url, ROTATE)).ok, true);
    assert.equal(requests.length, 6);
    assert.deepEqual(lines, [
      "the API limits the rate of requests (429): all requests wait, at first for 0.0 s",
    ]);
  });

  it("stops every request, also of other clients, and says so once", async () => {
    let [start, isLimited] = [0, true];
    const early: number[] = [];
    const { url, requests } = await serve((_, response) => {
      if (requests.length > 1 && performance.now() - start < 950) early.push(performance.now() - start);
      response.writeHead(isLimited ? 429 : 200, { "retry-after": "1" }).end();
      isLimited = false;
    });
    const { ask, lines } = run();
    const first = ask(url, ROTATE);
    while (requests.length === 0) await new Promise(setImmediate);
    start = performance.now();
    await new Promise((resolve) => setTimeout(resolve, 50));
    const others = Array.from({ length: 10 }, (_, i) => ask(url, i % 2 ? ROTATE : LOOKUP));
    for (const reply of await Promise.all([first, ...others])) assert.equal(reply.ok, true);
    assert.deepEqual([early, requests.length], [[], 12]);
    assert.deepEqual(lines, [
      "the API limits the rate of requests (429): all requests wait, at first for 1.0 s",
    ]);
  });

  for (const [what, retryAfter, expectedMs] of [
    ["in seconds", () => "3600", 3_600_000],
    ["as a date", () => httpDate(3_600_000), 3_600_000],
    ["without end", () => "1e999", Infinity],
  ] as const)
    it(`beyond patience, given ${what}, fails now, and so does every later request without being sent`, async () => {
      const { url, requests } = await serve((_, response) =>
        response.writeHead(429, { "retry-after": retryAfter() }).end('{"error":"quota"}'),
      );
      const { ask, lines } = run();
      const start = performance.now();
      for (const answer of [
        /^the API answered 429 \(quota\)$/,
        /^the API answered 429 to an earlier request, so this one was not sent$/,
      ]) {
        const reply = await ask(url, ROTATE);
        assert(!reply.ok);
        assert.match(reply.answer, answer);
        assert.deepEqual([reply.from, reply.status, reply.outcome.effect], ["api", 429, "unchanged"]);
        assert(reply.retryAfterMs >= expectedMs * 0.99 && reply.retryAfterMs <= expectedMs);
      }
      assert.deepEqual([requests.length, lines], [1, []]);
      assert(performance.now() - start < 1_000);
    });

  it("that never ends is given up after the time that a request may wait in all", async () => {
    for (const headers of [{}, { "retry-after": "0" }] as Record<string, string>[]) {
      const { url, requests } = await serve((_, response) => response.writeHead(429, headers).end());
      const start = performance.now();
      const reply = await run().ask(url, ROTATE, 400);
      const took = performance.now() - start;
      assert(!reply.ok && reply.status === 429);
      assert.equal(reply.outcome.effect, "unchanged");
      assert(took < 1_500, `${took.toFixed(0)} ms`);
      // the pauses double
      assert(requests.length >= 5 && requests.length <= 10, `${requests.length} requests`);
    }
  });

  it("is an error that a caller can tell from others", async () => {
    const { url } = await serve((request, response) => {
      const isLimited = request.url?.includes("/databases/") === true;
      response.writeHead(isLimited ? 429 : 404, isLimited ? { "retry-after": "90" } : {}).end();
    });
    const connection = { apiUrl: url, apiToken: "s3cret-api-token", apiTokenOrigin: "a test" };
    const client = (rateLimit: RateLimit) =>
      new TursoClient(connection, "acme", hooks({ rateLimit }), PATIENCE);
    const limited = await tursoFailure(client(new RateLimit()).rotate(app));
    assert.deepEqual([limited.isRateLimited, limited.retryAfterMs], [true, 90_000]);
    assert.equal(
      limited.message,
      "Rotating acme/databases/app: the API answered 429. Nothing was changed. The API limits the rate of requests. Wait 90 s and try again.",
    );
    const other = await tursoFailure(client(new RateLimit()).rotate({ kind: "group", name: "team" }));
    assert.deepEqual([other.isRateLimited, other.retryAfterMs], [false, 0]);
  });

  /** Rotates 12 databases and mints a token for each, in 8 workers. */
  async function roll(
    requestsPerSecond: number,
  ): Promise<{ tookMs: number; refused: number; lines: string[] }> {
    const emulator = await startEmulator({ requestsPerSecond });
    try {
      emulator.platform.createGroup("default");
      const names = Array.from({ length: 12 }, (_, i) => `tenant-${i}`);
      for (const name of names) await emulator.platform.createDatabase(name, "default");
      const connection = { apiUrl: emulator.url, apiToken: emulator.apiToken, apiTokenOrigin: "a test" };
      const lines: string[] = [];
      const shared = hooks({ onRetry: (line) => lines.push(line) });
      const start = performance.now();
      const left = [...names];
      const work = async (): Promise<void> => {
        for (let name = left.shift(); name !== undefined; name = left.shift()) {
          const client = new TursoClient(connection, "acme", shared);
          await client.rotate({ kind: "database", name });
          await client.mint({ kind: "database", name }, { expiration: "1d", authorization: "read-only" });
        }
      };
      await Promise.all(Array.from({ length: 8 }, work));
      const tookMs = performance.now() - start;
      assert.deepEqual(emulator.platform.rotations.map(({ name }) => name).sort(), names.sort());
      const statuses = emulator.log.map(({ status }) => status);
      assert.equal(statuses.filter((status) => status === 200).length, 24);
      return { tookMs, refused: statuses.filter((status) => status === 429).length, lines };
    } finally {
      await emulator.close();
    }
  }

  it("costs hardly more time than it asks for: 12 rotations and 12 mints at 10 per second, in 8 workers", async function () {
    this.timeout(20_000);
    const free = await roll(1_000);
    const { tookMs, refused, lines } = await roll(10);
    assert.equal(free.refused, 0);
    assert(refused >= 1 && refused <= 24, `${refused} were refused`);
    assert(
      tookMs < 1.3 * 2_400 + free.tookMs,
      `${tookMs.toFixed(0)} ms, and ${free.tookMs.toFixed(0)} without a limit`,
    );
    assert.equal(lines.length, 1, lines.join("\n"));
  });
});

describe("the gate of a rate limit", () => {
  it("lets requests resume one after another, the oldest first", async () => {
    const gate = new RateLimit();
    const visits = Array.from({ length: 4 }, () => gate.visit(5_000));
    gate.close(performance.now(), 100, 1);
    const start = performance.now();
    const resumed: number[] = [];
    const enter = async (visit: Visit): Promise<void> => {
      assert.equal(await gate.enter(visit), undefined);
      assert(performance.now() - start >= 98 + (visit.ticket - 1) * 4);
      resumed.push(visit.ticket);
    };
    await Promise.all(visits.reverse().map(enter));
    assert.deepEqual(resumed, [1, 2, 3, 4]);
  });

  it("closes again for those that have not resumed yet", async () => {
    const gate = new RateLimit();
    const [first, second] = [gate.visit(5_000), gate.visit(5_000)];
    gate.close(performance.now(), 50, 1);
    const start = performance.now();
    const order = [
      gate.enter(first).then(() => gate.close(performance.now(), 200, 1)),
      gate.enter(second).then(() => assert(performance.now() - start >= 245)),
    ];
    await Promise.all(order);
  });

  it("doubles its pause once for all requests that were refused together, until one is let in", () => {
    const gate = new RateLimit();
    const sentAt = performance.now();
    const close = (at: number) => Math.round(gate.close(at, 0, 1_000) / 100) / 10;
    assert.deepEqual([close(sentAt), close(sentAt - 1), close(sentAt - 2)], [1, 1, 1]);
    assert.deepEqual([close(performance.now()), close(performance.now())], [2, 4]);
    gate.admit(sentAt); // sent before the gate was closed
    assert.equal(close(performance.now()), 8);
    gate.admit(performance.now());
    assert.equal(close(performance.now()), 8, "an earlier pause is not cut short");
  });

  it("counts all the time that a request waits against its patience", async () => {
    const gate = new RateLimit();
    const visit = gate.visit(150);
    gate.close(performance.now(), 100, 1);
    assert.equal(await gate.enter(visit), undefined);
    gate.close(performance.now(), 100, 1);
    const tooLongMs = await gate.enter(visit);
    assert(tooLongMs !== undefined && tooLongMs > 50, String(tooLongMs));
    assert.equal(await gate.enter(gate.visit(150)), undefined);
  });
});

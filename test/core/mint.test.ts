import assert from "node:assert/strict";
import { mock } from "node:test";
import timers from "node:timers/promises";
import { expiryOf, isMintRefused, mintAccepted } from "../../src/core/mint";
import { TursoError } from "../../src/turso/errors";
import type { Probe, ProbeOptions } from "../../src/turso/probe";

const UNCLEAR: Probe = { verdict: "unclear", why: "no answer" };
const REJECTED: Probe = { verdict: "rejected" };
const OPTIONS = { expiration: "1d", authorization: "read-only" } as const;
const app = { kind: "database", name: "app" } as const;
const jwt = (claims: string): string => `e30.${Buffer.from(claims).toString("base64url")}.x`;

describe("a refusal to mint", () => {
  for (const [status, expected] of [
    [400, true],
    [401, true],
    [402, true],
    [403, true],
    [404, false],
    [409, false],
    [429, false],
    [500, false],
    [undefined, false],
  ] as const)
    it(`is ${expected ? "certain" : "not certain"} after ${status ?? "no answer"}`, () => {
      const data = { attempted: "minting", answer: "no", effect: "unchanged", next: "" } as const;
      const error = new TursoError({ ...data, ...(status !== undefined && { status }) });
      assert.equal(isMintRefused(error), expected);
    });
});

describe("while a database gives no usable answer, a new token", () => {
  let now = 0;
  beforeEach(() => {
    now = 70_000;
    mock.method(performance, "now", () => now);
    mock.method(timers, "setTimeout", (ms: number) => Promise.resolve((now += ms)));
  });
  afterEach(() => mock.restoreAll());

  /** Mints where a database answers by the time since the start, and returns the probes and how long it took. */
  async function minting(answer: (elapsedMs: number) => Probe, silenceMs?: number) {
    const limits: (number | undefined)[] = [];
    const start = now;
    const client = {
      mint: () => Promise.resolve("token"),
      probe: (_host: string, _token: string, { timeoutMs }: ProbeOptions = {}) => {
        limits.push(timeoutMs);
        return Promise.resolve(answer(now - start));
      },
    };
    const host = () => Promise.resolve("host");
    const { seen } = await mintAccepted(client, app, OPTIONS, host, 60_000, { silenceMs });
    assert.deepEqual(seen, UNCLEAR);
    return { limits: [...new Set(limits)], tookMs: now - start };
  }

  it("is returned after three seconds, and after ten in all if earlier ones were rejected and replaced", async () => {
    assert.equal((await minting(() => UNCLEAR)).tookMs, 3_000);
    assert.equal((await minting((elapsedMs) => (elapsedMs <= 6_000 ? REJECTED : UNCLEAR))).tookMs, 10_000);
  });

  it("is tried for five seconds each time, and for two where nothing answered before", async () => {
    const limits = async (silenceMs?: number) => (await minting(() => UNCLEAR, silenceMs)).limits;
    assert.deepEqual([await limits(), await limits(1_000), await limits(0)], [[5_000], [5_000], [2_000]]);
  });
});

describe("an expiry that is no date", () => {
  for (const [what, claims] of [
    ["beyond all numbers", '{"exp":1e999}'],
    ["a number in quotes", '{"exp":"1000"}'],
    ["null", '{"exp":null}'],
    ["a list", '{"exp":[1000]}'],
  ] as const)
    it(`counts as none: ${what}`, () => assert.equal(expiryOf(jwt(claims)), undefined));
});

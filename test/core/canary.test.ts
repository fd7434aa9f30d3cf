import assert from "node:assert/strict";
import { mock } from "node:test";
import timers from "node:timers/promises";
import { SILENT_AFTER, Silence } from "../../src/core/breaker";
import { isSpent, plantCanary as plant } from "../../src/core/canary";
import { expiryOf, mintAccepted, pollUntil } from "../../src/core/mint";
import type { TursoClient } from "../../src/turso/client";
import { TursoError } from "../../src/turso/errors";
import type { Probe } from "../../src/turso/probe";
import type { Target } from "../../src/values/scope";

const app: Target = { kind: "database", name: "app" };
const team: Target = { kind: "group", name: "team" };
const OPTIONS = { expiration: "1d", authorization: "read-only" } as const;
const ACCEPTED: Probe = { verdict: "accepted" };
const REJECTED: Probe = { verdict: "rejected" };
const UNCLEAR: Probe = { verdict: "unclear", why: "it answered 500" };

const plantCanary = (client: TursoClient, target: Target, hostname: string | undefined, limitMs: number) =>
  plant(client, { label: target.kind, target, hostnames: hostname === undefined ? [] : [hostname] }, limitMs);

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
const jwt = (claims: unknown): string => `${encode({ alg: "none" })}.${encode(claims)}.x`;

describe("with time that passes only while it waits, a canary token", () => {
  let now = 0;
  let pauses: number[] = [];
  beforeEach(() => {
    now = 50_000;
    pauses = [];
    mock.method(performance, "now", () => now);
    mock.method(timers, "setTimeout", (ms: number) => {
      if (pauses.push(ms) > 1_000) throw new Error("it polls for ever");
      now += ms;
      return Promise.resolve();
    });
  });
  afterEach(() => mock.restoreAll());

  /** A client whose data plane answers by host, token and elapsed time. */
  function clientOf(verdict: (host: string, token: string, elapsed: number) => Probe, failure?: Error) {
    const calls: string[] = [];
    let mints = 0;
    const client = {
      mint: () => {
        if (failure) return Promise.reject(failure);
        mints += 1;
        calls.push(`mint ${mints}`);
        return Promise.resolve(`token${mints}`);
      },
      probe: (host: string, token: string) => {
        calls.push(`${host} ${token}`);
        return Promise.resolve(verdict(host, token, now - 50_000));
      },
    } as unknown as TursoClient;
    return { client, calls };
  }
  const host = () => Promise.resolve("host");

  it("is polled with growing pauses of at most 0.5 s, and never beyond the timeout", async () => {
    assert.deepEqual(await pollUntil("rejected", () => Promise.resolve(UNCLEAR), 20_000), UNCLEAR);
    assert.deepEqual(pauses.slice(0, 3), [50, 75, 112.5]);
    assert.equal(Math.max(...pauses), 500);
    assert.equal(now, 70_000);
  });

  it("is polled for a shorter time while the answers are unclear", async () => {
    assert.deepEqual(await pollUntil("accepted", () => Promise.resolve(UNCLEAR), 20_000, 2_000), UNCLEAR);
    assert.equal(now, 52_000);
    assert.deepEqual(await pollUntil("accepted", () => Promise.resolve(REJECTED), 3_000, 0), REJECTED);
    assert.equal(now, 55_000);
  });

  it("is polled once if there is no time, and no longer than needed", async () => {
    assert.deepEqual(await pollUntil("accepted", () => Promise.resolve(REJECTED), 0), REJECTED);
    assert.deepEqual(await pollUntil("accepted", () => Promise.resolve(ACCEPTED), 9_000), ACCEPTED);
    assert.deepEqual(pauses, []);
  });

  it("is accepted, and saved with its hostname", async () => {
    const { client, calls } = clientOf((_host, _token, elapsed) => (elapsed < 500 ? UNCLEAR : ACCEPTED));
    assert.deepEqual(await plantCanary(client, app, "host", 60_000), [
      { label: "database", target: app, token: "token1", hostname: "host" },
    ]);
    assert.equal(calls.filter((each) => each.startsWith("mint")).length, 1);
  });

  it("counts at each database that accepts it, and only there", async () => {
    const { client } = clientOf((at) => (at === "b" ? ACCEPTED : UNCLEAR));
    const plan = { label: "group", target: team, hostnames: ["a", "b"] } as const;
    assert.deepEqual(await plant(client, plan, 9_000), [
      { label: "group", target: team, token: "token1", hostname: "b" },
    ]);
    assert.deepEqual(pauses, []);
  });

  for (const [what, target, hostname, verdict, why] of [
    [
      "a group without databases",
      team,
      undefined,
      ACCEPTED,
      "the group has no database on which a token can be tried",
    ],
    ["an unknown hostname", app, undefined, ACCEPTED, "the database's Hostname is unknown"],
    [
      "a token that stays rejected",
      app,
      "host",
      REJECTED,
      "the database rejected a token that had just been minted",
    ],
    ["unclear answers", app, "host", UNCLEAR, "it answered 500"],
  ] as const)
    it(`is not planted after ${what}, for at most ${verdict === UNCLEAR ? 3 : 10} s`, async () => {
      const { client } = clientOf(() => verdict);
      assert.deepEqual(await plantCanary(client, target, hostname, 60_000), { why });
      assert.ok(now <= (verdict === UNCLEAR ? 53_000 : 60_000));
    });

  it("is waited for longer if it is rejected than if the answers are unclear", async () => {
    const late = (elapsed: number): Probe => (elapsed < 7_000 ? REJECTED : ACCEPTED);
    const { client } = clientOf((_host, _token, elapsed) => late(elapsed));
    const how = { silenceMs: 2_000 };
    const { seen } = await mintAccepted(client, app, OPTIONS, host, 10_000, how);
    assert.deepEqual(seen, ACCEPTED);
    now = 50_000;
    await mintAccepted(clientOf(() => UNCLEAR).client, app, OPTIONS, host, 10_000, how);
    assert.equal(now, 52_000);
  });

  it("is tried once where no database answers at all", async () => {
    const silence = new Silence();
    for (let i = 0; i < SILENT_AFTER; i += 1) await silence.ask(() => Promise.resolve(UNCLEAR));
    const plan = { label: "database", target: app, hostnames: ["host"] } as const;
    const { client, calls } = clientOf(() => UNCLEAR);
    assert.deepEqual(await plant(client, plan, 60_000, silence), { why: "it answered 500" });
    assert.deepEqual(calls, ["mint 1", "host token1"]);
  });

  it("is not planted for longer than verifyTimeout", async () => {
    await plantCanary(clientOf(() => UNCLEAR).client, app, "host", 1_000);
    assert.equal(now, 51_000);
  });

  it("is not planted if none can be minted, and a bug is no such failure", async () => {
    const refused = new TursoError({
      attempted: "minting",
      answer: "the API answered 403",
      effect: "unchanged",
      status: 403,
      next: "",
    });
    assert.deepEqual(await plantCanary(clientOf(() => ACCEPTED, refused).client, app, "host", 1_000), {
      why: "no canary token could be minted: the API answered 403",
      failure: refused,
    });
    await assert.rejects(
      plantCanary(clientOf(() => ACCEPTED, new RangeError()).client, app, "host", 9),
      RangeError,
    );
  });

  it("is replaced after 3 s of rejections, because a concurrent rotation may have invalidated it", async () => {
    const { client } = clientOf((_host, token) => (token === "token2" ? ACCEPTED : REJECTED));
    assert.deepEqual(await mintAccepted(client, app, OPTIONS, host, 10_000), {
      token: "token2",
      seen: ACCEPTED,
    });
    assert.equal(now, 53_000);
  });

  it("is replaced twice at most, within the time limit", async () => {
    const { client, calls } = clientOf(() => REJECTED);
    const { token, seen } = await mintAccepted(client, app, OPTIONS, host, 10_000);
    assert.deepEqual([token, seen, now], ["token3", REJECTED, 60_000]);
    assert.equal(calls.filter((each) => each.startsWith("mint")).length, 3);
  });

  for (const [what, limit, verdict] of [
    ["in 3 s or less", 3_000, REJECTED],
    ["if the answers are unclear", 10_000, UNCLEAR],
  ] as const)
    it(`is not replaced ${what}`, async () => {
      const { token } = await mintAccepted(clientOf(() => verdict).client, app, OPTIONS, host, limit);
      assert.equal(token, "token1");
    });

  it("is tried only once if the data plane said nothing about the one before", async () => {
    const { client, calls } = clientOf(() => UNCLEAR);
    const how = { silenceMs: 0 };
    const { seen } = await mintAccepted(client, app, OPTIONS, host, 60_000, how);
    assert.deepEqual([seen, calls, now], [UNCLEAR, ["mint 1", "host token1"], 50_000]);
  });

  it("is tried until it is accepted if the data plane has started to answer", async () => {
    const { client } = clientOf((_host, _token, elapsed) => (elapsed < 1_000 ? REJECTED : ACCEPTED));
    const { seen } = await mintAccepted(client, app, OPTIONS, host, 60_000, { silenceMs: 0 });
    assert.equal(seen, ACCEPTED);
  });

  it("is tried first where an earlier one was accepted, and there only once", async () => {
    const asked = clientOf((at) => (at === "hint" ? ACCEPTED : REJECTED));
    const noLookup = () => Promise.reject(new Error("a lookup"));
    assert.deepEqual(
      (await mintAccepted(asked.client, app, OPTIONS, noLookup, 9_000, { hint: "hint" })).seen,
      ACCEPTED,
    );
    const moved = clientOf((at, token) => (at === "host" && token === "token2" ? ACCEPTED : REJECTED));
    assert.equal(
      (await mintAccepted(moved.client, app, OPTIONS, host, 9_000, { hint: "hint" })).token,
      "token2",
    );
    assert.equal(moved.calls.filter((call) => call.startsWith("hint")).length, 1);
  });

  it("is published untried if the group has no database", async () => {
    const { client, calls } = clientOf(() => ACCEPTED);
    assert.deepEqual(await mintAccepted(client, team, OPTIONS, () => Promise.resolve(undefined), 9_000), {
      token: "token1",
      seen: { verdict: "unclear", why: "no database is known at which it can be tried" },
    });
    assert.deepEqual(calls, ["mint 1"]);
  });
});

describe("the expiry of a token", () => {
  for (const [what, token, ms] of [
    ["its claim, in seconds", jwt({ exp: 1_000 }), 1_000_000],
    ["absent without a claim", jwt({}), undefined],
    ["absent if the claim is a text", jwt({ exp: "1000" }), undefined],
    ["absent if the token is not a JWT", "opaque", undefined],
  ] as const)
    it(`is ${what}`, () => assert.equal(expiryOf(token)?.getTime(), ms));

  it("counts five minutes early, because clocks differ", () => {
    assert.equal(isSpent(jwt({ exp: 1_000 }), new Date(700_000)), true);
    assert.equal(isSpent(jwt({ exp: 1_000 }), new Date(699_999)), false);
    assert.equal(isSpent(jwt({}), new Date(700_000)), false);
  });
});

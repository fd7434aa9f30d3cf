import assert from "node:assert/strict";
import { SILENT_AFTER, Silence } from "../../src/core/breaker";
import { plantCanary, type CanaryPlan } from "../../src/core/canary";
import type { MintOptions, TursoClient } from "../../src/turso/client";
import { TursoError } from "../../src/turso/errors";
import type { Probe, ProbeOptions } from "../../src/turso/probe";

const ACCEPTED: Probe = { verdict: "accepted" };
const UNCLEAR: Probe = { verdict: "unclear", why: "no answer" };

const answered = (status?: number): TursoError =>
  new TursoError({
    attempted: "minting",
    answer: "no",
    effect: "unchanged",
    next: "",
    ...(status !== undefined && { status }),
  });

/** A client that records what it is asked for, whose API mints or fails, and whose databases all answer alike. */
function clientOf(answer: Probe, failure?: TursoError) {
  const minted: MintOptions[] = [];
  const probes: { hostname: string; options: ProbeOptions }[] = [];
  const client = {
    mint: (_: unknown, options: MintOptions) => {
      minted.push(options);
      return failure ? Promise.reject(failure) : Promise.resolve("token");
    },
    probe: (hostname: string, _: string, options: ProbeOptions) => {
      probes.push({ hostname, options });
      return Promise.resolve(answer);
    },
  } as unknown as TursoClient;
  return { client, minted, probes };
}

const planAt = (...hostnames: string[]): CanaryPlan => ({
  label: "group",
  target: { kind: "group", name: "team" },
  hostnames,
});
const NOWHERE = planAt();
const NOT_LOOKED_UP: CanaryPlan = { ...NOWHERE, hostnames: undefined };
const UNTRIED = "the group has no database on which a token can be tried";

describe("where no canary token can be tried", () => {
  for (const [what, status] of [
    ["may not mint", 403],
    ["meets a broken API", 500],
    ["gets no answer", undefined],
  ] as const)
    it(`a caller that ${what} learns it before the rotation`, async () => {
      const failure = answered(status);
      const { client } = clientOf(ACCEPTED, failure);
      assert.deepEqual(await plantCanary(client, NOWHERE, 1_000), { why: UNTRIED, failure });
    });

  it("the API is asked for a token that may only read, and that expires in a minute", async () => {
    const { client, minted, probes } = clientOf(ACCEPTED);
    assert.deepEqual(await plantCanary(client, NOWHERE, 1_000), { why: UNTRIED });
    assert.deepEqual([minted, probes], [[{ authorization: "read-only", expiration: "1m" }], []]);
  });

  it("the reason tells a failed lookup from a target without a hostname", async () => {
    const target = { kind: "database", name: "app" } as const;
    const reason = async (plan: CanaryPlan) => plantCanary(clientOf(ACCEPTED).client, plan, 1_000);
    assert.deepEqual(await reason(NOT_LOOKED_UP), {
      why: "the databases on which a token can be tried could not be looked up",
    });
    assert.deepEqual(await reason({ ...NOWHERE, target }), { why: "the database's Hostname is unknown" });
  });
});

describe("a canary token that is minted", () => {
  for (const status of [403, 500, undefined])
    it(`is missing after ${status ?? "no answer"}, for which the API's error is the reason`, async () => {
      const failure = answered(status);
      const planted = await plantCanary(clientOf(ACCEPTED, failure).client, planAt("a"), 1_000);
      assert.deepEqual(planted, { why: "no canary token could be minted: no", failure });
    });

  it("lasts for a week, and each database has two seconds to accept it", async () => {
    const { client, minted, probes } = clientOf(ACCEPTED);
    await plantCanary(client, planAt("a"), 1_000);
    assert.deepEqual(minted, [{ authorization: "read-only", expiration: "7d" }]);
    assert.deepEqual(probes, [{ hostname: "a", options: { timeoutMs: 2_000 } }]);
  });

  for (const [what, silence, isEach] of [
    ["unless its caller counts silent databases", undefined, true],
    ["not while its caller found that none answers", new Silence(false), false],
  ] as const)
    it(`is tried at each database in each round, ${what}`, async () => {
      const { client, probes } = clientOf(UNCLEAR);
      const hostnames = Array.from({ length: SILENT_AFTER }, (_, i) => `host${i}`);
      await plantCanary(client, planAt(...hostnames), 60, silence);
      const tries = (hostname: string) => probes.filter((each) => each.hostname === hostname).length;
      assert.ok(tries("host0") > 1, "there is a second round");
      assert.equal(tries("host1") === tries("host0"), isEach);
    });
});

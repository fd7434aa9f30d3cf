import assert from "node:assert/strict";
import { mock } from "node:test";
import timers from "node:timers/promises";
import type { Context } from "../../../src/core/context";
import type { ManagedToken } from "../../../src/core/run-ledger";
import { tasksFor } from "../../../src/rotation/job";
import type { Job } from "../../../src/rotation/run/run";
import type { Pending } from "../../../src/rotation/state";
import type { Target } from "../../../src/values/scope";
import { AT, errorOf } from "../results";
import { Organization, REJECTED, database, group, refusedWith } from "./organization";
import { contextIn, runIn, subjectOf } from "./runner";

const TEAM = { team: ["a", "b"], solo: ["lone"], bare: [] };
const [A, B] = [database("a"), database("b")];

const adopting = (scope: { databases: string[] }, pending?: Pending): Partial<Job> => ({
  plans: tasksFor(subjectOf(scope), true).map((plan) => ({ ...plan, pending })),
  isFull: false,
});

/** The targets of which the run's ledger finds a token dead after a rotation in their group. */
async function deadAfter(context: Context, organization: Organization, target: Target, inGroup: string) {
  organization.rotated(target);
  const rotation = { organization: "acme", target, group: inGroup };
  const dead = await context.ledger.takeRejected([rotation], organization.client);
  return dead.map(({ id, hostname, group: inIt }) => [id, hostname, inIt]);
}

describe("a run looks up its targets", () => {
  for (const [groupImpact, expected] of [
    ["warn", []],
    ["refuse", ["database lone", "databases of solo"]],
  ] as const)
    it(`${expected.length > 0 ? "once more" : "only once"} after a preview, with groupImpact ${groupImpact}`, async () => {
      const organization = new Organization(TEAM);
      const context = contextIn(organization);
      await context.lookups("acme").getDatabase("lone");
      await context.lookups("acme").listDatabases("solo");
      organization.lookedUp.length = 0;
      await runIn(context, { database: "lone" }, { groupImpact });
      assert.deepEqual(organization.lookedUp, expected);
      assert.deepEqual(organization.order, ["rotate lone"]);
    });
});

describe("a run records", () => {
  const held = (organization: Organization): ManagedToken => ({
    id: "acme/databases/b",
    organization: "acme",
    target: B,
    group: "team",
    hostname: "b",
    token: organization.token(B),
  });
  const later: ManagedToken = {
    ...held(new Organization(TEAM)),
    id: "acme/databases/a",
    target: A,
    token: "",
  };

  for (const [what, answers, job, isRotation, isCertain] of [
    ["a rotation as one that happened", {}, {}, true, true],
    ["a refused rotation as one that did not", { rotate: () => refusedWith(402) }, {}, true, false],
    ["no rotation of a member that joins", {}, adopting({ databases: ["a"] }), false, false],
    [
      "a rotation of an earlier run as none of its own",
      {},
      {
        plans: [
          {
            target: A,
            isAdopted: false,
            isKnown: true,
            pending: { status: "unproven", at: AT, canaries: [] },
          },
        ],
        isFull: false,
      },
      true,
      false,
    ],
  ] as [string, ConstructorParameters<typeof Organization>[2], Partial<Job>, boolean, boolean][])
    it(what, async () => {
      const organization = new Organization(TEAM, "database", answers);
      const context = contextIn(organization);
      await runIn(context, { databases: ["a"] }, {}, job).catch(() => undefined);
      assert.equal(context.ledger.hasRotated("acme/databases/a"), isRotation);
      assert.equal(context.ledger.hasInvalidated(later), isCertain);
    });

  it("no rotation whose outcome is unknown as one that certainly happened", async () => {
    const lost = errorOf({ status: 500, effect: "unknown" });
    const organization = new Organization(TEAM, "database", { rotate: () => lost });
    const context = contextIn(organization);
    const { pending = {} } = await runIn(context, { database: "a" }, { verify: "off" });
    assert.equal(pending["a"]?.status, "unknown");
    assert.equal(context.ledger.hasInvalidated(later), false);
  });

  for (const [verify, ids] of [
    ["auto", ["acme/databases/b"]],
    ["off", []],
  ] as const)
    it(`${ids.length > 0 ? "a token" : "no token"} of the program that it invalidated, with verify ${verify}`, async () => {
      const organization = new Organization(TEAM, "group");
      const context = contextIn(organization);
      context.ledger.holds(held(organization));
      const { casualties = {}, failures } = await runIn(context, { database: "a" }, { verify });
      assert.deepEqual(Object.values(casualties), ids);
      assert.equal(Object.keys(failures).length, ids.length);
    });

  it("no token of the program that was replaced while it was tried", async () => {
    const replaceIt = (_: string, token: string) => {
      if (organization.order.length > 0 && token === old.token) context.ledger.replace([token]);
      return undefined;
    };
    const organization = new Organization(TEAM, "group", { probe: replaceIt });
    const context = contextIn(organization);
    const old = held(organization);
    context.ledger.holds(old);
    const { casualties, failures } = await runIn(context, { database: "a" }, { verify: "auto" });
    assert.deepEqual([casualties, failures], [undefined, {}]);
  });

  it("each token that it mints, with the database that accepts it", async () => {
    const organization = new Organization(TEAM);
    const context = contextIn(organization);
    await runIn(context, { database: "a" }, { mint: {} });
    assert.deepEqual(await deadAfter(context, organization, A, "team"), [["acme/databases/a", "a", "team"]]);
  });

  it("no token without a database that could reject it", async () => {
    const organization = new Organization(TEAM);
    const context = contextIn(organization);
    const { tokens = {} } = await runIn(context, { group: "bare" }, { mint: {} });
    assert.deepEqual(Object.keys(tokens), ["bare"]);
    assert.deepEqual(await deadAfter(context, organization, group("bare"), "bare"), []);
  });
});

describe("a run reports", () => {
  afterEach(() => mock.restoreAll());

  it("a new token that its database rejects as a failure, and publishes it all the same", async () => {
    let now = 0;
    mock.method(performance, "now", () => now);
    mock.method(timers, "setTimeout", (ms: number) => Promise.resolve((now += ms)));
    const messages: string[] = [];
    const context = contextIn(new Organization(TEAM, "database", { probe: () => REJECTED }), messages);
    const { failures, pending, tokens } = await runIn(
      context,
      { databases: ["a"] },
      { mint: {} },
      adopting({ databases: ["a"] }, { status: "not-minted" }),
    );
    assert.match(failures["a"] ?? "", /the database rejects the new token/);
    assert.deepEqual([pending, Object.keys(tokens ?? {})], [{ a: { status: "not-minted" } }, ["a"]]);
  });

  for (const [scope, expected] of [
    [{ databases: ["a"] }, ["progress acme/databases: 0 of 1 rotated, 0 failed, 1 remaining."]],
    [{ database: "a" }, []],
  ] as const)
    it(`${expected.length > 0 ? "its" : "no"} progress every five seconds for ${JSON.stringify(scope)}`, async () => {
      const intervals: { act: () => void; ms: number }[] = [];
      mock.method(globalThis, "setInterval", (act: () => void, ms: number) => intervals.push({ act, ms }));
      const messages: string[] = [];
      const rotate = () => {
        for (const { act } of intervals) act();
        return undefined;
      };
      await runIn(contextIn(new Organization(TEAM, "database", { rotate }), messages), scope);
      assert.deepEqual(
        intervals.map(({ ms }) => ms),
        [5_000],
      );
      assert.deepEqual(
        messages.filter((each) => each.startsWith("progress")),
        expected,
      );
    });

  it("how long a list took", async () => {
    const start = performance.now();
    const messages: string[] = [];
    await runIn(contextIn(new Organization(TEAM), messages), { databases: ["a", "b"] });
    const [, seconds = NaN] =
      /^info acme\/databases: 2 of 2 rotated in ([\d.]+) s; /.exec(messages.join("\n")) ?? [];
    assert.ok(Number(seconds) > 0, messages.join());
    assert.ok(Number(seconds) * 1_000 <= performance.now() - start + 100, messages.join());
  });
});

import assert from "node:assert/strict";
import type { CanaryLabel } from "../../../src/core/canary";
import type { Attempt } from "../../../src/rotation/run/attempt";
import type { Minter } from "../../../src/rotation/run/mint";
import type { RunSettings, Task } from "../../../src/rotation/run/preflight";
import { prove } from "../../../src/rotation/run/prove";
import type { Target } from "../../../src/values/scope";
import { AT, failedLookup } from "../results";
import { Organization, REJECTED, UNCLEAR, database, group, refusedWith } from "./organization";
import { settingsWith } from "./settings";

const GROUPS = { team: ["a", "b", "c"] };

/** A rotation of a target, with canary tokens from before it. */
function attemptOf(
  organization: Organization,
  target: Target,
  canaries: readonly [label: CanaryLabel, of: Target, at?: string][] = [[target.kind, target]],
  changes: Partial<Attempt> & { lookup?: Task["lookup"] } = {},
): Attempt {
  const { lookup = organization.radius(target), ...rest } = changes;
  return {
    task: organization.task(target, { lookup }),
    at: AT,
    isNew: true,
    tries: 1,
    doneAt: performance.now(),
    canaries: canaries.map(([label, of, hostname = "a"]) => ({
      label,
      target: of,
      token: organization.token(of),
      hostname,
    })),
    ...rest,
  };
}

/** A run that waits only for a moment. */
const runOf = ({ client }: Organization, changes: Partial<RunSettings> = {}): RunSettings =>
  settingsWith(client, [], { verifyTimeoutMs: 20, ...changes });

const A = database("a");
const TEAM = group("team");

describe("the proof of a rotation", () => {
  it("sees an old token rejected beside a new one, and when", async () => {
    const organization = new Organization(GROUPS);
    const sent = attemptOf(organization, A);
    organization.rotated(A);
    const before = performance.now();
    const seen = (await prove(runOf(organization), [sent]))(sent);
    assert.deepEqual(
      [seen.verdict, seen.why, seen.reach],
      ["rejected", "", { team: { database: "rejected" } }],
    );
    assert.ok(seen.rejectedAt !== undefined && seen.rejectedAt >= before);
    assert.ok(seen.rejectedAt <= performance.now());
    assert.equal(seen.isFullWait, false);
    assert.deepEqual(organization.minted, [
      { target: A, options: { expiration: "1h", authorization: "read-only" } },
    ]);
  });

  it("sees an old token accepted for the whole time", async () => {
    const organization = new Organization(GROUPS);
    const sent = attemptOf(organization, A);
    const { waitedMs, ...seen } = (await prove(runOf(organization), [sent]))(sent);
    assert.deepEqual(seen, { verdict: "accepted", why: "", isFullWait: true });
    assert.ok(waitedMs >= 20 && waitedMs < 2_000, `${waitedMs} ms`);
  });

  it("is not clear without a canary token, and sends no request", async () => {
    const organization = new Organization(GROUPS);
    const sent = attemptOf(organization, A, []);
    const seen = (await prove(runOf(organization), [sent]))(sent);
    assert.deepEqual([seen.verdict, seen.why, seen.reach], ["unclear", "", undefined]);
    assert.deepEqual([organization.log, organization.probed], [[], []]);
  });

  it("is not clear if the database gives no answer, and says so", async () => {
    const organization = new Organization(GROUPS, "database", { probe: () => UNCLEAR });
    const sent = attemptOf(organization, A);
    const seen = (await prove(runOf(organization), [sent]))(sent);
    assert.deepEqual([seen.verdict, seen.why, seen.rejectedAt], ["unclear", "no answer", undefined]);
  });

  it("is not clear if no newer token can be minted", async () => {
    const organization = new Organization(GROUPS, "database", { mint: () => refusedWith(409) });
    const sent = attemptOf(organization, A);
    organization.rotated(A);
    const seen = (await prove(runOf(organization), [sent]))(sent);
    assert.equal(seen.verdict, "unclear");
    assert.match(seen.why, /there is no token from after the rotation/);
  });

  for (const [what, dead, verdict] of [
    ["both kinds of token are rejected", ["group", "database"], "rejected"],
    ["the group's own token is accepted", ["database"], "accepted"],
    ["a database's token is accepted", ["group"], "accepted"],
  ] as const)
    it(`of a group is ${verdict} if ${what}`, async () => {
      const organization = new Organization(GROUPS, "database", {
        probe: (_, token) => {
          const [kind = "", , generation] = token.split(" ");
          return generation === "0" && (dead as readonly string[]).includes(kind)
            ? REJECTED
            : { verdict: "accepted" };
        },
      });
      const sent = attemptOf(organization, TEAM, [
        ["group", TEAM],
        ["database", A],
      ]);
      organization.rotated(TEAM);
      const seen = (await prove(runOf(organization), [sent]))(sent);
      assert.equal(seen.verdict, verdict);
      const reach =
        verdict === "rejected" ? { team: { group: "rejected", database: "rejected" } } : undefined;
      assert.deepEqual(seen.reach, reach);
    });

  it("takes the time of the last of its tokens to be rejected", async () => {
    const organization = new Organization(GROUPS);
    const start = performance.now();
    organization.answers.probe = (_, token) =>
      token.startsWith("database b 0") && performance.now() - start < 60
        ? { verdict: "accepted" }
        : undefined;
    const sent = attemptOf(organization, TEAM, [
      ["group", TEAM],
      ["database", database("b"), "b"],
    ]);
    organization.rotated(TEAM);
    const seen = (await prove(runOf(organization, { verifyTimeoutMs: 1_000 }), [sent]))(sent);
    assert.ok(seen.rejectedAt !== undefined && seen.rejectedAt - start >= 60);
  });

  it("tells several rotations apart, and mints one newer token for each of their targets", async () => {
    const organization = new Organization(GROUPS);
    const [a, b] = [attemptOf(organization, A), attemptOf(organization, database("b"), undefined)];
    const twice = { ...a, canaries: [...a.canaries, ...a.canaries] };
    organization.rotated(A);
    const seenOf = await prove(runOf(organization), [twice, b]);
    assert.deepEqual([seenOf(twice).verdict, seenOf(b).verdict], ["rejected", "accepted"]);
    assert.deepEqual(organization.log, ["canary a", "canary b"]);
  });

  for (const [what, target, afterMs, isUsed] of [
    ["the token that the run minted for the target", A, 0, true],
    ["no token of a group of the same name", group("a"), 0, false],
    ["no token that the run minted before the rotation, which may be dead too", A, -1, false],
  ] as const)
    it(`compares with ${what}`, async () => {
      const organization = new Organization(GROUPS);
      const sent = attemptOf(organization, A);
      organization.rotated(A);
      const unit = { name: "a", target, endpoint: { group: "team" } };
      const minted = new Map([["a", { unit, token: "database a 1", askedAt: sent.doneAt + afterMs }]]);
      const minter = { minted } as unknown as Minter;
      const seen = (await prove(runOf(organization, { minter }), [sent]))(sent);
      assert.equal(seen.verdict, "rejected");
      assert.deepEqual(organization.log, isUsed ? [] : ["canary a"]);
    });

  for (const [what, changes, settings, isShort] of [
    ["a rotation of this run", {}, {}, true],
    ["a lost response of an earlier run", { isNew: false, lost: "no answer" }, {}, true],
    ["an earlier run's rotation that must be proven", { isNew: false }, { verify: "required" }, true],
    ["an earlier run's rotation, which has a limit of its own", { isNew: false }, {}, false],
  ] as [string, Partial<Attempt>, Partial<RunSettings>, boolean][])
    it(`${isShort ? "ends" : "does not end"} at the run's limit for ${what}`, async () => {
      const organization = new Organization(GROUPS);
      const sent = attemptOf(organization, A, undefined, changes);
      const run = runOf(organization, { verifyTimeoutMs: 100, ...settings });
      const seen = (await prove(run, [sent], 0))(sent);
      assert.equal(seen.isFullWait, !isShort);
    });

  it("shows that the data plane answers again", async () => {
    const organization = new Organization(GROUPS);
    const run = runOf(organization);
    for (let n = 0; n < 8; n += 1) await run.silence.ask(() => Promise.resolve(UNCLEAR));
    assert.ok(run.silence.isLikely);
    await prove(run, [attemptOf(organization, A)]);
    assert.ok(!run.silence.isLikely);
  });
});

describe("the reach of a rotation", () => {
  const B = database("b");
  const canaries: [CanaryLabel, Target, string?][] = [
    ["database", A],
    ["group", TEAM],
    ["siblings", B, "b"],
  ];
  const reachOf = async (
    organization: Organization,
    changes: Parameters<typeof attemptOf>[3] = {},
    also: Target[] = [],
  ) => {
    const sent = attemptOf(organization, A, canaries, changes);
    const others = also.map((target) => attemptOf(organization, target));
    for (const target of [A, ...also]) organization.rotated(target);
    return (await prove(runOf(organization), [sent, ...others]))(sent).reach;
  };

  it("is the database alone where other tokens stay valid", async () =>
    assert.deepEqual(await reachOf(new Organization(GROUPS)), {
      team: { database: "rejected", group: "accepted", siblings: "accepted" },
    }));

  it("is the whole group where all its tokens are rejected", async () =>
    assert.deepEqual(await reachOf(new Organization(GROUPS, "group")), {
      team: { database: "rejected", group: "rejected", siblings: "rejected" },
    }));

  it("leaves out what could not be seen", async () => {
    const probe = (hostname: string) => (hostname === "b" ? UNCLEAR : undefined);
    assert.deepEqual(await reachOf(new Organization(GROUPS, "database", { probe })), {
      team: { database: "rejected", group: "accepted" },
    });
  });

  it("leaves out a neighbour that the run has rotated too", async () =>
    assert.deepEqual(await reachOf(new Organization(GROUPS), {}, [B]), {
      team: { database: "rejected", group: "accepted" },
    }));

  it("keeps what was seen before that neighbour was rotated", async () =>
    assert.deepEqual(await reachOf(new Organization(GROUPS), { siblings: "accepted" }, [B]), {
      team: { database: "rejected", group: "accepted", siblings: "accepted" },
    }));

  it("is not known where the target could not be looked up", async () =>
    assert.equal(await reachOf(new Organization(GROUPS), { lookup: failedLookup(403) }), undefined));
});

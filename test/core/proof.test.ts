import assert from "node:assert/strict";
import type { Probe } from "../../src/turso/probe";
import { ACCEPTED, NOW, REJECTED, database, item, many, prove, type Death } from "./proof-harness";

const NO_CONTROL = "it is rejected, but there is no token from after the rotation to compare it with";
const UNTRIED = "it was not tried within the time limit";
const UNCONFIRMED = "it was rejected, but the time limit passed before a further try could confirm that";

/** A JWT that expires this long after the tests' clock. */
const jwt = (seconds: number): string =>
  `e30.${Buffer.from(JSON.stringify({ exp: NOW.getTime() / 1000 + seconds })).toString("base64url")}.x`;

describe("the proof of many rotations", () => {
  const verdicts = ({ proofs }: Awaited<ReturnType<typeof prove>>): string[] => [
    ...new Set([...proofs.values()].flat().map(({ verdict }) => verdict)),
  ];

  it("ends as soon as each old token is rejected for good", async () => {
    const { proofs, tookMs, asked } = await prove({ a: 0, b: 0 });
    assert.deepEqual(
      [...proofs],
      ["a", "b"].map((hostname) => [hostname, [{ ...REJECTED, label: "database", hostname, afterMs: 10 }]]),
    );
    assert.deepEqual([tookMs, asked.length], [50, 10]);
  });

  it("measures the time until the first rejection", async () => {
    const { first } = await prove({ a: 3_000 });
    assert.equal(first?.verdict, "rejected");
    assert.ok(first.afterMs && first.afterMs >= 3_000 && first.afterMs <= 3_520, `${first.afterMs} ms`);
  });

  it("of 64 whose old tokens live for 2 s ends within the grace period, with 32 probes in parallel", async () => {
    const proof = await prove(many(64, 2_000));
    assert.deepEqual(verdicts(proof), ["rejected"]);
    assert.equal(proof.mostParallel, 32);
    assert.ok(proof.tookMs <= 4_000, `${proof.tookMs} ms`);
  });

  it("ends 2 s after the first rejection, whatever the other old tokens do", async () => {
    const { proofs, tookMs } = await prove({ dies: 1_000, lives: "never", down: "down", hangs: "hangs" });
    assert.deepEqual(
      [...proofs].map(([key, [proof]]) => [key, proof?.verdict]),
      [
        ["dies", "rejected"],
        ["lives", "accepted"],
        ["down", "unclear"],
        ["hangs", "unclear"],
      ],
    );
    assert.ok(tookMs >= 3_000 && tookMs <= 3_520, `${tookMs} ms`);
  });

  it("counts the grace period from a rejection that is not confirmed", async () => {
    const once: Death = (_, tries) => (tries === 0 ? REJECTED : ACCEPTED);
    const { first, tookMs } = await prove({ once });
    assert.deepEqual(first, { ...ACCEPTED, label: "database", hostname: "once" });
    assert.equal(tookMs, 2_010);
  });

  it("does not extend a deadline by the grace period", async () => {
    const { tookMs } = await prove({ dies: 500, lives: "never" }, { deadlineMs: 1_000 });
    assert.equal(tookMs, 1_000);
  });

  it("pauses between two tries of a token, at first for 50 ms, later for 500 ms", async () => {
    const { asked, tookMs } = await prove({ a: "never" }, { deadlineMs: 10_000 });
    const gaps = asked.slice(1).map(({ at }, n) => at - (asked[n]?.at ?? 0) - 10);
    assert.deepEqual([gaps[0], Math.max(...gaps), gaps.at(-1)], [50, 500, 500]);
    assert.equal(tookMs, 10_000);
  });

  for (const death of ["hangs", "down"] as const)
    it(`of 24 databases without a usable answer (${death}) ends after 5 s`, async () => {
      const proof = await prove(many(24, death));
      assert.deepEqual(verdicts(proof), ["unclear"]);
      assert.equal(proof.tookMs, 5_000);
    });

  it("gives a probe no more time than is left", async () => {
    const { asked, tookMs } = await prove(many(24, "hangs"), { deadlineMs: 2_500 });
    assert.equal(tookMs, 2_500);
    assert.deepEqual([...new Set(asked.map(({ timeoutMs }) => timeoutMs))], [2_000, 450]);
  });

  it("goes on while any database gives a usable answer", async () => {
    const { proofs } = await prove({ down: "down", late: 20_000 });
    assert.equal(proofs.get("late")?.[0]?.verdict, "rejected");
  });

  it("of most tokens is not held up by databases that never answer", async () => {
    const { proofs } = await prove({ ...many(24, "hangs", "hung"), ...many(24, 3_000) });
    const proven = [...proofs.values()].flat().filter(({ verdict }) => verdict === "rejected");
    assert.equal(proven.length, 24);
    assert.ok(proven.every(({ afterMs = Infinity }) => afterMs <= 3_520));
  });

  it("does not succeed while two edges answer in turn", async () => {
    const forever = await prove({ a: (_, tries) => (tries % 2 === 0 ? REJECTED : ACCEPTED) });
    assert.equal(forever.first?.verdict, "accepted");
    assert.equal(forever.tookMs, 2_010);
    const forOneSecond = await prove({
      a: (ms, tries) => (ms >= 1_000 || tries % 2 === 0 ? REJECTED : ACCEPTED),
    });
    assert.equal(forOneSecond.first?.verdict, "rejected");
    assert.ok(
      (forOneSecond.first.afterMs ?? 0) >= 900,
      "the rejections before the last acceptance do not count",
    );
  });

  it("does not succeed where every token is rejected", async () => {
    const { first, tookMs } = await prove({ a: "rejects everything" });
    assert.equal(first?.verdict, "unclear");
    assert.match(first.why, /^a token minted after the rotation is rejected too$/);
    assert.equal(tookMs, 2_010);
  });

  it("does not succeed without a newer token, and then ends immediately", async () => {
    const { canaries } = item("a");
    const { first, tookMs } = await prove({ a: 0 }, { items: [{ key: "a", canaries }] });
    assert.deepEqual(first, {
      verdict: "unclear",
      why: NO_CONTROL,
      label: "database",
      hostname: "a",
      afterMs: 10,
    });
    assert.equal(tookMs, 30);
  });

  it("says so if the time was over during the confirmation", async () => {
    const { first } = await prove({ a: 0 }, { deadlineMs: 15 });
    assert.deepEqual(first, {
      verdict: "unclear",
      why: UNCONFIRMED,
      label: "database",
      hostname: "a",
      afterMs: 10,
    });
  });

  it("says so if a token was not tried in time", async () => {
    const { proofs } = await prove({ a: "never", b: "never" }, { deadlineMs: 5, parallelism: 1 });
    assert.deepEqual(proofs.get("b"), [
      { verdict: "unclear", why: UNTRIED, label: "database", hostname: "b" },
    ]);
  });

  for (const earlyMs of [0, 1])
    it(`keeps what was seen last if the time ends during a probe, ${earlyMs} ms after the probe's own`, async () => {
      const { first } = await prove({ a: "never" }, { deadlineMs: 65, earlyMs });
      assert.equal(first?.verdict, "accepted");
    });

  for (const [what, seconds, isTried] of [
    ["has expired", -1, false],
    ["expires within 5 minutes", 299, false],
    ["expires later", 301, true],
  ] as const)
    it(`${isTried ? "tries" : "does not try"} a canary token that ${what}`, async () => {
      const { first, asked } = await prove({ a: 0 }, { items: [item("a", jwt(seconds))] });
      assert.equal(first?.verdict, isTried ? "rejected" : "unclear");
      assert.equal(asked.length > 0, isTried);
      if (first.verdict === "unclear") assert.equal(first.why, "the canary token has expired by itself");
    });

  it("ends for a token of which the database says that it has expired", async () => {
    const expired: Probe = { verdict: "unclear", why: "the token has expired by itself", isExpired: true };
    const { first, asked } = await prove({ a: () => expired });
    assert.deepEqual(first, { ...expired, label: "database", hostname: "a" });
    assert.equal(asked.length, 1);
  });

  it("tries several canary tokens of an item, each beside the newer token that is valid at its database", async () => {
    const { proofs, asked } = await prove(
      { a: 0, sibling: 0, other: "never" },
      {
        items: [
          {
            key: "a",
            control: { token: "new-a" },
            canaries: [
              { label: "database", target: database("a"), token: "old-a", hostname: "a" },
              {
                label: "siblings",
                target: database("sibling"),
                token: "old-s",
                hostname: "sibling",
                control: { token: "new-s" },
              },
              { label: "group", target: { kind: "group", name: "g" }, token: "old-g", hostname: "other" },
            ],
          },
        ],
      },
    );
    assert.deepEqual(
      proofs.get("a")?.map(({ label, hostname, verdict }) => [label, hostname, verdict]),
      [
        ["database", "a", "rejected"],
        ["siblings", "sibling", "rejected"],
        ["group", "other", "accepted"],
      ],
    );
    assert.deepEqual(
      asked.filter(({ token }) => token.startsWith("new")).map(({ hostname, token }) => [hostname, token]),
      [
        ["a", "new-a"],
        ["sibling", "new-s"],
      ],
    );
  });

  it("of nothing ends immediately", async () => {
    const { proofs, tookMs } = await prove({}, { items: [{ key: "a", canaries: [] }] });
    assert.deepEqual([[...proofs], tookMs], [[["a", []]], 0]);
  });

  it("throws what is not about the network, and ends the other probes", async () => {
    const bug: Death = () => {
      throw new Error("a bug");
    };
    await assert.rejects(prove({ bug, hung: "hangs" }), /a bug/);
  });
});

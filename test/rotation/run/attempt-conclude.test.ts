import assert from "node:assert/strict";
import type { SavedCanary } from "../../../src/core/canary";
import { conclude, type Attempt } from "../../../src/rotation/run/attempt";
import type { RunSettings } from "../../../src/rotation/run/preflight";
import type { Seen } from "../../../src/rotation/run/prove";
import { FakeTurso, NOW } from "../../support/fake-turso";
import { AT, errorOf } from "../results";
import { radius, settingsOf, taskOf } from "./settings";

const task = taskOf(radius(["app"]));
const DONE_AT = 5_000;

const canaryAt = (hostname = "h", token = "t"): SavedCanary => ({
  label: "database",
  target: task.target,
  hostname,
  token,
});

const sent = (changes: Partial<Attempt> = {}): Attempt => ({
  task,
  at: AT,
  isNew: true,
  tries: 1,
  canaries: [canaryAt()],
  doneAt: DONE_AT,
  ...changes,
});

const seenAs = (verdict: Seen["verdict"], changes: Partial<Seen> = {}): Seen => ({
  verdict,
  why: "no answer",
  waitedMs: 3_000,
  isFullWait: true,
  ...changes,
});

describe("the conclusion", () => {
  const turso = FakeTurso.use();
  const messages: string[] = [];
  beforeEach(() => void messages.splice(0));
  const run = (changes?: Partial<RunSettings>) => settingsOf(turso, messages, changes);
  const reach = { default: { database: "rejected" } } as const;

  describe("of a rotation that is certain", () => {
    const rotated = { kind: "rotated", at: AT, isNew: true } as const;
    const pending = { status: "unproven", at: AT, canaries: [canaryAt()] } as const;

    it("is verified, and how long it took, once old tokens are rejected", async () => {
      const seen = seenAs("rejected", { rejectedAt: DONE_AT + 700, reach });
      assert.deepEqual(await conclude(run(), sent(), seen), {
        ...rotated,
        reach,
        verification: "verified",
        rejectedAfterMs: 700,
      });
      assert.deepEqual(messages, []);
    });

    for (const [verify, verification] of [
      ["off", "skipped"],
      ["auto", "unverified"],
      ["required", "unverified"],
    ] as const)
      it(`without a canary token is ${verification} if verify is "${verify}"`, async () => {
        const result = await conclude(run({ verify }), sent({ canaries: [] }), seenAs("unclear"));
        assert.deepEqual(result, { ...rotated, reach: undefined, verification });
        assert.deepEqual(messages, []);
      });

    it("and of an earlier run warns that its canary token has expired", async () => {
      const old = sent({ canaries: [], isNew: false });
      assert.deepEqual(await conclude(run({ verify: "off" }), old, seenAs("unclear")), {
        ...rotated,
        isNew: false,
        reach: undefined,
        verification: "unverified",
      });
      assert.deepEqual(messages, [
        `warning app: the rotation of ${AT} can no longer be verified: the canary token has expired by itself.`,
      ]);
    });

    for (const [verdict, answer] of [
      ["accepted", "old tokens are still accepted after 3 s"],
      ["unclear", "within 3 s the run could not determine whether old tokens are rejected (no answer)"],
    ] as const) {
      const left = { ...rotated, reach: undefined, verification: "unverified", pending };

      it(`warns and leaves the proof to the next run: ${verdict}`, async () => {
        assert.deepEqual(await conclude(run(), sent(), seenAs(verdict)), left);
        assert.deepEqual(messages, [
          `warning app: rotated, but ${answer}. Turso says that it can take up to an hour. The next \`pulumi up\` checks again.`,
        ]);
      });

      it(`is an error if verify is "required": ${verdict}`, async () => {
        const result = await conclude(run({ verify: "required" }), sent(), seenAs(verdict));
        assert.ok("kind" in result && result.kind === "rotated");
        const { error, ...rest } = result;
        assert.deepEqual(rest, left);
        assert.equal(
          error?.message,
          `Verifying the rotation of acme/databases/app: ${answer}. The rotation itself is done and recorded. Run \`pulumi up\` again: it repeats only the check. If this keeps happening, raise verifyTimeout.`,
        );
        assert.equal(error.effect, "unchanged");
        assert.deepEqual(messages, []);
      });
    }
  });

  describe("of a rotation of a different member, which seemed to reach this one", () => {
    const reached = { isReached: true, tries: 0, lost: "no request was sent for it" } as const;

    it("is verified, without a word, once its old token is rejected", async () => {
      const result = await conclude(run(), sent(reached), seenAs("rejected", { reach }));
      assert.ok("kind" in result && result.kind === "rotated");
      assert.deepEqual([result.verification, result.pending, messages], ["verified", undefined, []]);
    });

    it("waits for its proof if its old token could not be tried, and keeps that nothing was sent", async () => {
      const result = await conclude(run(), sent(reached), seenAs("unclear"));
      assert.ok("kind" in result && result.kind === "rotated");
      assert.deepEqual(result.pending, {
        status: "unproven",
        at: AT,
        canaries: [canaryAt()],
        isReached: true,
      });
    });

    it("is unknown while its old token is still accepted", async () => {
      const result = await conclude(run(), sent(reached), seenAs("accepted", { isFullWait: false }));
      assert.ok("kind" in result && result.kind === "unknown");
      assert.deepEqual(result.pending.status, "unknown");
    });
  });

  describe("of a rotation whose response was lost", () => {
    const lost = "the API answered 500";
    const STILL = "An old token is still accepted after 3 s";
    const UNSEEN = "It is saved as pending and not sent again blindly";

    for (const [isNew, at] of [
      [true, AT],
      [false, NOW],
    ] as const)
      it(`is a verified rotation of ${at} if old tokens are rejected`, async () => {
        const result = await conclude(run(), sent({ lost, isNew }), seenAs("rejected", { reach }));
        assert.deepEqual(result, { kind: "rotated", at, isNew: true, verification: "verified", reach });
        assert.deepEqual(messages, [
          `warning app: ${lost}, but the rotation happened: an old token is rejected.`,
        ]);
      });

    for (const [what, changes, seen, why] of [
      [
        "there is no canary token",
        { canaries: [] },
        seenAs("rejected"),
        "There is no old token that could be tried.",
      ],
      ["it could not be tried", {}, seenAs("unclear"), "An old token could not be tried (no answer)."],
      [
        "the run did not wait for the whole time",
        {},
        seenAs("accepted", { isFullWait: false }),
        `${STILL}; the run did not wait any longer.`,
      ],
      ["it was sent twice", { tries: 2, isNew: false }, seenAs("accepted"), `${STILL}, for the second time.`],
    ] as [string, Partial<Attempt>, Seen, string][])
      it(`stays unknown if ${what}`, async () => {
        const attempt = sent({ lost, ...changes });
        const result = await conclude(run(), attempt, seen);
        assert.ok("kind" in result && result.kind === "unknown");
        const { error, ...rest } = result;
        assert.deepEqual(rest, {
          kind: "unknown",
          isNew: attempt.isNew,
          pending: { status: "unknown", at: AT, answer: lost, canaries: attempt.canaries },
        });
        assert.equal(error.effect, "unknown");
        assert.ok(error.message.startsWith(`Rotating acme/databases/app at ${AT}: ${lost}. `), error.message);
        assert.ok(error.message.includes(` ${why} ${UNSEEN}`), error.message);
        const advice = attempt.canaries.length > 0 ? "Run `pulumi up` again" : "Try an old token";
        assert.ok(error.message.includes(advice), error.message);
        assert.deepEqual([turso.requests(), messages], [[], []]);
      });

    const accepted = seenAs("accepted");
    /** A canary token that the database accepts. */
    const here = async () => {
      const { platform } = turso.emulator;
      return {
        ...canaryAt(platform.database("app").hostname),
        token: await platform.mintDatabaseToken("app"),
      };
    };

    it("is to be sent once more if a new token is accepted beside the old ones", async () => {
      const old = await here();
      const attempt = sent({ lost, canaries: [old, old] });
      const result = await conclude(run(), attempt, accepted);
      assert.ok("again" in result);
      const { canaries, ...again } = result.again;
      assert.deepEqual(again, { task, lost: attempt });
      assert.deepEqual(
        canaries?.map(({ label, target, hostname }) => ({ label, target, hostname })),
        [{ label: "database", target: task.target, hostname: old.hostname }],
      );
      assert.deepEqual(messages, [
        `warning app: ${lost}, and the rotation did not happen: old tokens are still accepted after 1 s. Sending it once more.`,
      ]);
      assert.deepEqual(turso.rotateRequests(), []);
    });

    it("stays unknown if no new token can be minted", async () => {
      turso.emulator.fault({
        path: /\/auth\/tokens/,
        when: "before",
        action: { type: "status", status: 403 },
      });
      const result = await conclude(run(), sent({ lost, canaries: [await here()] }), accepted);
      assert.ok("kind" in result && result.kind === "unknown");
      assert.match(result.error.message, new RegExp(`${STILL}, but no canary token could be minted`));
    });

    it("is a failure while suspend is true", async () => {
      const result = await conclude(
        run({ isSuspended: true }),
        sent({ lost, canaries: [await here()] }),
        accepted,
      );
      assert.ok("kind" in result && result.kind === "failed");
      assert.equal(
        result.error.message,
        `Rotating acme/databases/app at ${AT}: ${lost}. It was not carried out: old tokens are still accepted. It is not sent again while suspend is true.`,
      );
      assert.deepEqual(messages, []);
    });

    it("is a failure if there is an obstacle by now", async () => {
      const error = errorOf({ status: 401 });
      const blocked = sent({ lost, canaries: [await here()], task: taskOf(error) });
      assert.deepEqual(await conclude(run(), blocked, accepted), { kind: "failed", error });
      assert.deepEqual(messages, []);
    });
  });
});

import assert from "node:assert/strict";
import type { RotationState } from "../../../src/rotation/state";
import { ROTATE, Stage, inputs } from "../../support/stage";
import { unfinishedRun } from "../../support/fake-turso";

describe("a lost response, with a canary token", () => {
  const lose = (stage: Stage, when: "before" | "after", times = 1) =>
    stage.emulator.fault({ path: ROTATE, when, action: { type: "drop" }, times });

  /** Creates a rotation whose response is lost, and expects the one rotation that this leads to, with a message. */
  const resolved = (when: "before" | "after", deathDelayMs: number, ending: string): Promise<void> =>
    Stage.with(deathDelayMs, async (stage) => {
      lose(stage, when);
      const { state } = await stage.logic().create(inputs());
      assert.equal(state.verification, "verified");
      assert.equal(stage.rotations, 1);
      assert.ok(stage.messages.some((each) => each.endsWith(ending)));
    });

  it("to a rotation that happened is resolved in the same up", () =>
    resolved("after", 300, "but the rotation happened: an old token is rejected."));

  it("to a rotation that did not happen leads to exactly one rotation, after verifyTimeout, with a warning", () =>
    resolved("before", 0, "old tokens are still accepted after 1 s. Sending it once more."));

  it("leads to a second rotation if old tokens outlive verifyTimeout, and is not called verified while tokens of the first rotation are accepted", () =>
    Stage.with(1_500, async (stage) => {
      lose(stage, "after");
      const { state } = await stage.logic().create(inputs());
      assert.equal(stage.rotations, 2, "the documented second rotation");
      assert.equal(state.verification, "unverified");
    }));

  it("is never sent a third time in one up; the next up resolves it first", () =>
    Stage.with(0, async (stage) => {
      lose(stage, "before", 2);
      const { state, message } = await unfinishedRun(stage.logic().create(inputs()));
      assert.match(message, /still accepted after 1(\.\d)? s, for the second time\./);
      assert.equal(stage.emulator.log.filter(({ path }) => ROTATE.test(path)).length, 2);
      const after: RotationState = await stage.logic().update(state, inputs());
      assert.equal(after.rotationCount, 1);
      assert.equal(stage.rotations, 1);
    }));

  for (const when of ["before", "after"] as const)
    it(`is saved as pending while the data plane does not answer, and resolved by the next up: ${when} the change`, () =>
      Stage.with(0, async (stage) => {
        lose(stage, when);
        stage.emulator.fault({
          plane: "data",
          path: /./,
          when: "before",
          action: { type: "drop" },
          times: 1_000,
          skip: 1,
        });
        const { state, message } = await unfinishedRun(stage.logic().create(inputs()));
        assert.match(message, /An old token could not be tried \(the database could not be reached/);
        assert.equal(state.pending?.["app"]?.status, "unknown");
        assert.equal(stage.rotations, when === "after" ? 1 : 0);
        stage.emulator.clearFaults();
        const after = await stage.logic().update(state, inputs());
        assert.equal(after.verification, "verified");
        assert.equal(after.pending, undefined);
        assert.equal(stage.rotations, 1);
      }));

  it("stays unresolved when the second request certainly fails, because the first only seemed not to have happened", () =>
    Stage.with(1_500, async (stage) => {
      lose(stage, "after");
      stage.emulator.fault({
        path: ROTATE,
        when: "before",
        action: { type: "status", status: 402 },
        skip: 1,
      });
      const { state, message } = await unfinishedRun(stage.logic().create(inputs()));
      assert.match(
        message,
        /It seemed not to have been, but sending it once more failed: the API answered 402/,
      );
      assert.equal(state.pending?.["app"]?.status, "unknown");
      await new Promise((resolve) => setTimeout(resolve, 600));
      const after = await stage.logic().update(state, inputs());
      assert.equal(after.verification, "verified");
      assert.equal(stage.rotations, 1);
    }));

  it("is not sent again if the preflight now refuses it", () =>
    Stage.with(0, async (stage) => {
      lose(stage, "before");
      stage.emulator.fault({
        plane: "data",
        path: /./,
        when: "before",
        action: { type: "drop" },
        times: 1_000,
        skip: 1,
      });
      const { state } = await unfinishedRun(stage.logic().create(inputs()));
      stage.emulator.clearFaults();
      const { message, state: after } = await unfinishedRun(
        stage.logic().update(state, inputs({ groupImpact: "refuse" })),
      );
      assert.match(message, /groupImpact is "refuse"/);
      assert.deepEqual(after.pending, { app: { status: "not-rotated", wasSeen: true } });
      assert.equal(stage.rotations, 0);
    }));

  it("is not resolved by a canary token that has expired by itself", () =>
    Stage.with(0, async (stage) => {
      // not even shortly before it expires: the database's clock may be ahead
      const token = await stage.emulator.platform.mintDatabaseToken("app", { expiration: "4m" });
      const { hostname } = stage.emulator.platform.database("app");
      const pending = {
        app: {
          status: "unknown" as const,
          at: "2026-01-01T00:00:00.000Z",
          answer: "no answer",
          canaries: [
            { label: "database", target: { kind: "database", name: "app" }, token, hostname } as const,
          ],
        },
      };
      const state: RotationState = {
        ...inputs(),
        stateVersion: 1,
        rotationId: "x",
        rotationCount: 0,
        cause: "creation",
        rotations: {},
        failures: {},
        createdAt: "2026-01-01T00:00:00.000Z",
        pending,
      };
      stage.emulator.platform.rotateDatabase("app");
      const { message } = await unfinishedRun(stage.logic().update(state, inputs()));
      assert.match(message, /There is no old token that could be tried\./);
      assert.equal(stage.rotations, 1, "only the manual one");
    }));
});

import assert from "node:assert/strict";
import type { FaultAction } from "../../../emulator/src";
import {
  NOW,
  PATIENCE,
  harmlessFailure,
  FakeTurso,
  inputs,
  rotationsOf,
  unfinishedRun,
  state,
  unresolved,
} from "../../support/fake-turso";

const PAGE = "<!doctype html><html><head><title>502 Bad Gateway</title></head></html>";
const ID = "acme/databases/app";

describe("a rotate request whose outcome is unknown", () => {
  const turso = FakeTurso.use();
  /** A short timeout for a hanging server, a long one for everything else. */
  const logic = (what = "") =>
    turso.logic({}, { retryPolicy: what.includes("hang") ? { ...PATIENCE, timeoutMs: 250 } : PATIENCE });

  const status = (code: number, body?: string): FaultAction => ({
    type: "status",
    status: code,
    ...(body !== undefined && { body }),
  });
  const rows: [what: string, when: "before" | "after", action: FaultAction, answer: string][] = [
    ["500", "before", status(500), "the API answered 500 (fault: status 500)"],
    ["500 after the change", "after", status(500), "the API answered 500 (fault: status 500)"],
    ["502", "before", status(502), "the API answered 502 (fault: status 502)"],
    ["503", "before", status(503), "the API answered 503 (fault: status 503)"],
    ["504 after the change", "after", status(504), "the API answered 504 (fault: status 504)"],
    ["408", "before", status(408), "the API answered 408 (fault: status 408)"],
    ["500 with an empty body", "before", status(500, ""), "the API answered 500"],
    [
      "500 with a web page",
      "before",
      status(500, PAGE),
      "the API answered 500 (a web page: 502 Bad Gateway)",
    ],
    [
      "200 with a web page",
      "before",
      status(200, PAGE),
      "answered 200 with a web page, so something other than the API answered",
    ],
    ["202", "after", status(202, ""), "answered 202"],
    ["half a body", "after", { type: "truncate" }, "the API's answer broke off (stream has been aborted)"],
    ["a drop before the change", "before", { type: "drop" }, "the API could not be reached (socket hang up)"],
    ["a drop after the change", "after", { type: "drop" }, "the API could not be reached (socket hang up)"],
    [
      "a hanging server before the change",
      "before",
      { type: "hang" },
      "the API did not answer within 0.25 s",
    ],
    ["a hanging server after the change", "after", { type: "hang" }, "the API did not answer within 0.25 s"],
  ];
  for (const [what, when, action, answer] of rows) {
    it(`is sent once, saved as pending and never sent again under its trigger: ${what}`, async () => {
      turso.onRotate(when, action, 9);
      const created = await unfinishedRun(logic(what).create(inputs()));
      assert.equal(created.message, unresolved(answer));
      assert.equal(created.id, ID);
      assert.notEqual(created.state.pending, undefined);
      assert.deepEqual([created.state.rotationCount, created.state.rotatedAt], [0, undefined]);
      assert.deepEqual(created.state.rotations, { app: NOW });
      assert.equal(turso.rotateRequests().length, 1);
      assert.deepEqual(turso.rotations(), when === "after" ? ["database app"] : []);

      let kept = created;
      for (let run = 0; run < 3; run += 1) {
        turso.emulator.clearLog();
        kept = { ...created, ...(await unfinishedRun(logic(what).update(kept.state, inputs()))) };
        assert.equal(kept.message, created.message);
        assert.deepEqual(kept.state, created.state);
        assert.deepEqual(turso.rotateRequests(), []);
      }
    });

    it(`is resolved once a changed trigger has rotated: ${what}`, async () => {
      turso.onRotate(when, action);
      const { state: olds } = await unfinishedRun(logic(what).update(state(), inputs({ trigger: "2" })));
      // what follows it mints a new token, because the old one may be dead
      assert.notEqual(olds.rotationId, "first");
      assert.deepEqual([olds.rotatedAt, olds.rotationCount], [state().rotatedAt, 1]);
      assert.deepEqual([olds.rotations, olds.verification], [{ app: NOW }, "unverified"]);
      assert.equal(olds.trigger, "2");
      turso.emulator.clearLog();

      const updated = await logic(what).update(olds, inputs({ trigger: "3" }));
      assert.deepEqual(turso.rotateRequests(), ["POST ~/databases/app/auth/rotate 200"]);
      assert.equal(updated.pending, undefined);
      assert.notEqual(updated.rotationId, olds.rotationId);
      assert.deepEqual(updated.failures, {});
      assert.deepEqual([updated.rotatedAt, updated.rotationCount], [NOW, 2]);
      turso.emulator.clearLog();
      assert.deepEqual(
        rotationsOf(await logic().update(updated, inputs({ trigger: "3" }))),
        rotationsOf(updated),
      );
      assert.deepEqual(turso.requests(), []);
    });
  }

  it("names the group if the target is a group", async () => {
    turso.onRotate("after", { type: "drop" });
    const { id, state: saved } = await unfinishedRun(logic().create(inputs({ scope: { group: "solo" } })));
    assert.equal(id, "acme/groups/solo");
    assert.deepEqual(saved.failures, { solo: unresolved("the API could not be reached (socket hang up)") });
  });

  it("stays unresolved when the next request certainly fails", async () => {
    turso.onRotate("after", { type: "drop" });
    const { state: olds, message } = await unfinishedRun(logic().create(inputs()));
    const before = structuredClone(olds);
    turso.onRotate("before", { type: "status", status: 403 });
    await harmlessFailure(logic().update(olds, inputs({ trigger: "2" })));
    assert.deepEqual(olds, before);
    const again = await unfinishedRun(logic().update(olds, inputs()));
    assert.equal(again.message, message);
  });

  it("stays unresolved, with the newer answer, when the next outcome is unknown too", async () => {
    turso.onRotate("after", { type: "drop" });
    const { state: olds } = await unfinishedRun(logic().create(inputs()));
    turso.onRotate("before", { type: "status", status: 500 });
    const next = await unfinishedRun(logic().update(olds, inputs({ trigger: "2" })));
    assert.equal(next.message, unresolved("the API answered 500 (fault: status 500)"));
    assert.equal(turso.rotateRequests().length, 2);
    turso.emulator.clearLog();
    await unfinishedRun(logic().update(next.state, inputs({ trigger: "2" })));
    assert.deepEqual(turso.rotateRequests(), []);
  });

  it("stays unresolved when a different argument changes", async () => {
    turso.onRotate("after", { type: "drop" });
    const { state: olds } = await unfinishedRun(logic().create(inputs()));
    turso.emulator.clearLog();
    const next = await unfinishedRun(
      logic().update(olds, inputs({ groupImpact: "refuse", rotateOnCreate: false })),
    );
    assert.deepEqual(next.state.pending, olds.pending);
    assert.equal(next.state.groupImpact, "refuse");
    assert.deepEqual(turso.rotateRequests(), []);
  });
});

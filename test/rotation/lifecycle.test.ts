import assert from "node:assert/strict";
import type { RotationInputs } from "../../src/rotation/state";
import { UNKNOWN } from "../../src/core/unknown";
import {
  NOW,
  FakeTurso,
  argumentsOf,
  inputs,
  rotated,
  rotationsOf,
  unfinishedRun,
  state,
  groupTokensSurvive,
} from "../support/fake-turso";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe("a TokenRotation", () => {
  const turso = FakeTurso.use();

  describe("that is created", () => {
    for (const [scope, id, request, rotation] of [
      [{ database: "app" }, "acme/databases/app", "POST ~/databases/app/auth/rotate 200", "database app"],
      [{ group: "default" }, "acme/groups/default", "POST ~/groups/default/auth/rotate 200", "group default"],
      [{ group: "bare" }, "acme/groups/bare", "POST ~/groups/bare/auth/rotate 200", "group bare"],
    ] as const)
      it(`rotates ${JSON.stringify(scope)} once and returns every output`, async () => {
        const news = inputs({ scope, trigger: { n: [1] }, groupImpact: "warn" });
        const created = await turso.logic().create(news);
        const { rotationId } = created.state;
        assert.match(rotationId, UUID);
        assert.equal(created.id, id);
        assert.deepEqual(rotationsOf(created.state), { rotationId, rotatedAt: NOW, rotationCount: 1 });
        assert.deepEqual(argumentsOf(created.state, news), news);
        assert.deepEqual(turso.rotateRequests(), [request]);
        assert.deepEqual(turso.rotations(), [rotation]);
        assert.deepEqual(turso.messages, [rotated(id)]);
      });

    it("looks up its target before it rotates", async () => {
      await turso.logic().create(inputs());
      const [first] = turso.requests();
      assert.equal(first, "GET ~/databases/app 200");
    });

    it("with rotateOnCreate false adopts what exists and does not rotate", async () => {
      const news = inputs({ rotateOnCreate: false });
      const created = await turso.logic().create(news);
      const { rotationId } = created.state;
      assert.match(rotationId, UUID);
      assert.equal(created.id, "acme/databases/app");
      assert.deepEqual(rotationsOf(created.state), { rotationId, rotatedAt: undefined, rotationCount: 0 });
      assert.deepEqual(argumentsOf(created.state, news), news);
      assert.deepEqual(turso.rotateRequests(), []);
      assert.deepEqual(turso.messages, [
        "acme/databases/app: adopted without rotating; its tokens stay as they are until a rotation is due.",
      ]);
    });

    it("with rotateOnCreate false is adopted even if the lookup fails, with a warning", async () => {
      const readless = turso.emulator.createApiToken({ permissions: ["db:rotate-creds"] });
      const { state } = await turso.logic({ apiToken: readless }).create(inputs({ rotateOnCreate: false }));
      assert.equal(state.rotationCount, 0);
      assert.equal(
        turso.messages[0],
        "acme/databases/app: whether it exists could not be looked up (the API answered 403 (forbidden: the API token lacks the permission read)).",
      );
    });

    it("twice has two different rotation IDs", async () => {
      const ids = await Promise.all(
        [1, 2].map(async () => (await turso.logic().create(inputs())).state.rotationId),
      );
      assert.notEqual(ids[0], ids[1]);
    });
  });

  describe("that is updated", () => {
    it("under a changed trigger rotates once, increments its count, and changes its rotation ID", async () => {
      const news = inputs({ trigger: "2" });
      const updated = await turso.logic().update(state({ rotationCount: 41 }), news);
      const { rotationId } = updated;
      assert.match(rotationId, UUID);
      assert.deepEqual(rotationsOf(updated), { rotationId, rotatedAt: NOW, rotationCount: 42 });
      assert.deepEqual(argumentsOf(updated, news), news);
      assert.deepEqual(turso.rotateRequests(), ["POST ~/databases/app/auth/rotate 200"]);
      assert.deepEqual(turso.messages, [rotated("acme/databases/app")]);
    });

    for (const [what, changes] of [
      ["nothing changed", {}],
      ["rotateOnCreate", { rotateOnCreate: true }],
      ["groupImpact", { groupImpact: "refuse" }],
    ] as [string, Partial<RotationInputs>][])
      it(`under the same trigger (${what}) sends no request and keeps its rotation`, async () => {
        const news = inputs(changes);
        const olds = state();
        const updated = await turso.logic().update(olds, news);
        assert.deepEqual(rotationsOf(updated), rotationsOf(olds));
        assert.deepEqual(argumentsOf(updated, news), news);
        assert.deepEqual(turso.requests(), []);
        assert.deepEqual(turso.messages, []);
      });

    it("drops the arguments that the program no longer gives", async () => {
      const updated = await turso
        .logic()
        .update(state({ groupImpact: "refuse", rotateOnCreate: false }), inputs());
      assert.deepEqual(argumentsOf(updated, inputs()), inputs());
      assert.deepEqual(rotationsOf(updated), rotationsOf(state()));
    });

    it("keeps a first trigger after an adoption as its baseline", async () => {
      const adopted = await turso.logic().create(inputs({ rotateOnCreate: false }));
      turso.emulator.clearLog();
      const updated = await turso.logic().update(adopted.state, inputs({ rotateOnCreate: false }));
      assert.deepEqual(rotationsOf(updated), rotationsOf(adopted.state));
      assert.deepEqual(turso.requests(), []);
    });

    it("redeployed again and again under one trigger value never rotates again", async () => {
      let current = (await turso.logic().create(inputs({ trigger: { a: 1, b: 2 } }))).state;
      const { rotationId } = current;
      turso.emulator.clearLog();
      for (let i = 0; i < 5; i += 1)
        current = await turso.logic().update(current, inputs({ trigger: { b: 2, a: 1 } }));
      assert.deepEqual([current.rotationId, current.rotationCount], [rotationId, 1]);
      assert.deepEqual(turso.requests(), []);
    });
  });

  describe("that is previewed", () => {
    it("without a change sends no request", async () => {
      const logic = turso.logic();
      assert.deepEqual(await logic.check({ ...inputs() }, { ...inputs() }), {
        additions: { organization: "acme" },
        problems: [],
      });
      assert.deepEqual(await logic.diff(state(), inputs()), { changes: false, replaces: [] });
      assert.deepEqual([turso.requests(), turso.messages], [[], []]);
    });

    it("under a changed trigger logs the blast radius and rotates nothing", async () => {
      assert.deepEqual(await turso.logic().diff(state(), inputs({ trigger: "2" })), {
        changes: true,
        replaces: [],
      });
      assert.deepEqual(turso.messages, [
        'acme/databases/app: the trigger changed, so this update rotates; this invalidates every token of the database, and on some servers the tokens of its whole group "default": 1 other database (reports).',
        groupTokensSurvive("acme/databases/app", "default"),
      ]);
      assert.deepEqual(turso.rotateRequests(), []);
    });

    it("under a trigger that is not known yet says so, with the blast radius", async () => {
      const news = { ...inputs(), trigger: UNKNOWN } as unknown as RotationInputs;
      assert.deepEqual(await turso.logic().diff(state(), news), { changes: true, replaces: [] });
      assert.match(
        turso.messages[0] ?? "",
        /^acme\/databases\/app: an argument is not known before the update; it rotates if the trigger has changed by then; this invalidates every token of the database/,
      );
      assert.deepEqual(turso.rotateRequests(), []);
    });

    it("with an unresolved rotation says so and sends no request", async () => {
      turso.onRotate("after", { type: "status", status: 500 });
      const { state: olds } = await unfinishedRun(turso.logic().create(inputs()));
      turso.emulator.clearLog();
      turso.messages.length = 0;
      assert.deepEqual(await turso.logic().diff(olds, inputs()), { changes: true, replaces: [] });
      assert.deepEqual(turso.messages, [
        "acme/databases/app: an earlier run did not finish app; this update continues there.",
      ]);
      assert.deepEqual(turso.requests(), []);
    });

    for (const [news, replaces] of [
      [inputs({ scope: { group: "default" } }), ["scope"]],
      [inputs({ organization: "other" }), ["organization"]],
    ] as const)
      it(`with a changed ${replaces.join()} is replaced`, async () =>
        assert.deepEqual(await turso.logic().diff(state(), news), { changes: true, replaces }));
  });

  it("says when it is deleted that the tokens stay valid, and sends no request", () => {
    assert.equal(
      turso.logic().farewell("acme/groups/default", state()),
      "acme/groups/default: deleted from the stack, which changes nothing in Turso.",
    );
    assert.deepEqual(turso.requests(), []);
  });

  it("names the dead tokens that only it has on record when it is deleted", () => {
    const casualties = { "0a": "acme/databases/x", "0b": "acme/databases/x" };
    assert.equal(
      turso.logic().farewell("acme/groups/default", state({ casualties })),
      "acme/groups/default: deleted from the stack, which changes nothing in Turso. Its rotations invalidated tokens of this program: acme/databases/x (1 of 2), acme/databases/x (2 of 2). If the program keeps them, run `pulumi up --refresh`, which mints them again.",
    );
  });
});

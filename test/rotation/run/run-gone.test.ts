import assert from "node:assert/strict";
import type { RotationInputs, RotationState } from "../../../src/rotation/state";
import { Fleet, inputs } from "../../support/fleet";
import { AT } from "../results";

const CANARY = { label: "database", target: { kind: "database", name: "lone" }, token: "t", hostname: "h" };
const STAYS_OPEN =
  "the API says that it does not exist. Whether that rotation invalidated old tokens stays unresolved, and nothing was sent. If it was deleted for good, remove the resource from the program. If it comes back, run `pulumi up` again: it resolves this first.";

const single = (changes: Partial<RotationInputs> = {}) => inputs({ scope: { database: "lone" }, ...changes });

describe("a single target that is gone", () => {
  it("gets the token that was due once it exists again, without a rotation", () =>
    Fleet.with({}, async (fleet) => {
      const { platform } = fleet.emulator;
      const { state } = await fleet.logic().create(single());
      platform.deleteDatabase("lone");
      fleet.emulator.clearLog();
      const news = single({ mint: { expiration: "30d" } });
      const gone = await fleet.logic().update(state, news);
      assert.match(gone.failures["lone"] ?? "", /the API answered 404/);
      assert.deepEqual(gone.pending, { lone: { status: "not-minted" } });
      assert.deepEqual(fleet.order, [], "nothing is sent for a database that does not exist");
      await platform.createDatabase("lone", "solo");
      const back = await fleet.logic().update(gone, news);
      assert.deepEqual(fleet.order, ["mint lone"]);
      assert.deepEqual(await fleet.accepted(back), ["lone"]);
      assert.deepEqual([back.failures, back.pending], [{}, undefined]);
    }));

  for (const [status, left] of [
    ["unknown", { answer: "the API answered 503" }],
    ["unproven", {}],
  ] as const)
    for (const canaries of [[CANARY], []])
      it(`keeps a rotation ${status} with ${canaries.length} canary tokens, and says why it cannot be resolved`, () =>
        Fleet.with({}, async (fleet) => {
          const { state } = await fleet.logic().create(single());
          const pending = { lone: { status, at: AT, canaries, ...left } } as RotationState["pending"];
          fleet.emulator.platform.deleteDatabase("lone");
          fleet.emulator.clearLog();
          const next = await fleet.logic().update({ ...state, ...(pending && { pending }) }, single());
          assert.deepEqual(next.pending, pending);
          assert.deepEqual(next.failures, { lone: STAYS_OPEN });
          assert.deepEqual(fleet.order, []);
          assert.deepEqual([next.rotationId, next.rotations], [state.rotationId, state.rotations]);
        }));

  it("keeps that its token is due beside the rotation that is unresolved", () =>
    Fleet.with({}, async (fleet) => {
      const { state } = await fleet.logic().create(single());
      const pending = { lone: { status: "unproven", at: AT, canaries: [] } } as const;
      fleet.emulator.platform.deleteDatabase("lone");
      const news = single({ mint: { expiration: "30d" } });
      const next = await fleet.logic().update({ ...state, pending }, news);
      assert.deepEqual(next.pending, { lone: { ...pending.lone, isNotMinted: true } });
    }));
});

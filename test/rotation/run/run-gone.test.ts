import assert from "node:assert/strict";
import type { RotationInputs } from "../../../src/rotation/state";
import { Fleet, inputs } from "../../support/fleet";

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
});

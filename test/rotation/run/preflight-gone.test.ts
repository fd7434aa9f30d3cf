import assert from "node:assert/strict";
import { Minter } from "../../../src/rotation/run/mint";
import { prepare } from "../../../src/rotation/run/preflight";
import type { Pending } from "../../../src/rotation/state";
import { FakeTurso } from "../../support/fake-turso";
import { OWED, goneOf } from "../results";
import { settingsOf, taskOf } from "./settings";

describe("the preflight of a single target that is gone", () => {
  const turso = FakeTurso.use();
  const run = () => settingsOf(turso, []);

  it("stops for a single target that is gone, even a known one: nothing else is left to do", async () => {
    const error = goneOf("database", "app");
    const result = await prepare(run(), taskOf(error, { isKnown: true }), true);
    assert.deepEqual(result, { kind: "failed", error });
  });

  for (const [what, pending, isDue, left] of [
    ["whose token is due", undefined, true, { status: "not-minted" }],
    ["that lacks its token", { status: "not-minted" }, false, { status: "not-minted" }],
    ["that owes nothing", undefined, false, undefined],
    ["whose rotation is held back", OWED, true, { ...OWED, isNotMinted: true }],
  ] as [string, Pending | undefined, boolean, Pending | undefined][])
    it(`never makes a single target rotate that is gone and was not to be rotated: one ${what}`, async () => {
      const error = goneOf("database", "app");
      const minter = new Minter(run(), {}, () => isDue);
      const task = taskOf(error, { isAdopted: true, isKnown: true, pending });
      assert.deepEqual(await prepare({ ...run(), minter }, task, true), {
        kind: "missing",
        error,
        pending: left,
      });
      assert.deepEqual(turso.requests(), []);
    });
});

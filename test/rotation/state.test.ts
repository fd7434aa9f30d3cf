import assert from "node:assert/strict";
import { newState, readRotationState } from "../../src/rotation/state";
import { NOW, inputs, state } from "../support/fake-turso";

describe("the state of a TokenRotation", () => {
  it("has nothing but its arguments and its creation before the first rotation", () =>
    assert.deepEqual(newState(inputs(), "id", new Date(NOW)), {
      ...inputs(),
      stateVersion: 1,
      rotationId: "id",
      rotationCount: 0,
      cause: "creation",
      rotations: {},
      failures: {},
      createdAt: NOW,
    }));

  it("of version 1 is read as it is", () =>
    assert.deepEqual(readRotationState("acme/databases/app", { ...state() }), state()));

  for (const [stateVersion, shown] of [
    [2, "2"],
    ["1", '"1"'],
    [undefined, "missing"],
  ] as const)
    it(`of version ${shown} is an error that says what to install`, () =>
      assert.throws(() => readRotationState("acme/databases/app", { ...state(), stateVersion }), {
        message: `Reading the state of acme/databases/app: its stateVersion is ${shown}, and this version of pulumi-turso-tokens reads 1. Nothing was changed. Install the version that wrote the state, or a newer one.`,
      }));
});

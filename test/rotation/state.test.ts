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

  it("has its texts parsed", () => {
    const endpoints = { app: { group: "default", hostname: "app.turso.io" } };
    const expirations = { app: NOW };
    const texts = { endpoints: JSON.stringify(endpoints), expirations: JSON.stringify(expirations) };
    const read = readRotationState("acme/databases/app", { ...state(), ...texts });
    assert.deepEqual(read, { ...state(), endpoints, expirations });
  });

  it("with a text that is not JSON is an error that says what to do", () =>
    assert.throws(() => readRotationState("acme/databases/app", { ...state(), endpoints: "{" }), {
      message:
        "Reading the state of acme/databases/app: it is damaged: endpoints is not JSON. Nothing was changed. Restore an earlier state with `pulumi stack import`.",
    }));

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

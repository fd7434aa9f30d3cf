import assert from "node:assert/strict";
import { FakeTurso, failure, inputs, state } from "../support/fake-turso";
import { Context } from "../../src/core/context";
import { rotationResource, tokenResource } from "../../src/hosts/shared/resource";
import type { RotationState } from "../../src/rotation/state";
import type { TokenState } from "../../src/token/state";

describe("a state of a version that this package cannot read", () => {
  const turso = FakeTurso.use();
  const context = () =>
    new Context({ settings: turso.settings(), clock: () => new Date(), notify: turso.notify });
  const token: TokenState = {
    scope: { database: "app" },
    organization: "acme",
    stateVersion: 1,
    token: "a.b.c",
    mintedAt: "2026-01-01T00:00:00.000Z",
  };

  for (const [shown, version] of [
    ["2", 2],
    ['"1"', "1"],
    ["missing", undefined],
  ] as const) {
    const rotation = { ...state(), stateVersion: version } as unknown as RotationState;
    const tokenState = { ...token, stateVersion: version } as unknown as TokenState;
    const rotations = () => rotationResource(context());
    const tokens = () => tokenResource(context());
    const news = inputs({ trigger: "2" });
    const tokenNews = { scope: token.scope, organization: token.organization, trigger: 2 };
    for (const [what, act] of [
      ["diff of a TokenRotation", () => rotations().diff(rotation, news)],
      ["read of a TokenRotation", () => rotations().read("acme/databases/app", rotation)],
      ["update of a TokenRotation", () => rotations().update(rotation, news)],
      ["diff of an AuthToken", () => tokens().diff(tokenState, tokenNews)],
      ["read of an AuthToken", () => tokens().read("acme/databases/app", tokenState)],
      ["update of an AuthToken", () => tokens().update(tokenState, tokenNews)],
    ] as const)
      it(`stops the ${what} before any request (stateVersion ${shown})`, async () => {
        const { message } = await failure(act());
        assert.equal(
          message,
          `Reading the state of acme/databases/app: its stateVersion is ${shown}, and this version of pulumi-turso-tokens reads 1. Nothing was changed. Install the version that wrote the state, or a newer one.`,
        );
        assert.deepEqual(turso.requests(), []);
      });
  }
});

import assert from "node:assert/strict";
import { UNKNOWN } from "../../src/core/unknown";
import { tokenResource } from "../../src/hosts/shared/resource";
import type { TokenState } from "../../src/token/state";
import { FakeTurso } from "../support/fake-turso";
import { SECOND, inputs, rotation, state } from "./lifecycle-values";

const unknown = UNKNOWN as never;

describe("the outputs of an AuthToken in a preview", () => {
  const turso = FakeTurso.use();
  const previewed = (
    olds: TokenState | undefined,
    changes: Parameters<typeof inputs>[0],
    now = "2026-01-10T00:00:00.000Z",
  ) => tokenResource(turso.context({ clock: () => new Date(now) })).preview(olds, inputs(changes));
  afterEach(() => assert.deepEqual([turso.requests(), turso.messages], [[], []]));

  const ROWS: [
    what: string,
    olds: Partial<TokenState>,
    news: Parameters<typeof inputs>[0],
    isMinted: boolean,
    now?: string,
  ][] = [
    ["nothing changes", {}, {}, false],
    ["only renewBefore changes", {}, { renewBefore: "1h" }, false],
    ["only renewBefore is not known yet", {}, { renewBefore: unknown }, false],
    ["an argument of the token changes", {}, { authorization: "read-only" }, true],
    ["an argument of the token is not known yet", {}, { expiration: unknown }, true],
    ["the trigger changes", { trigger: "1" }, { trigger: "2" }, true],
    ["the trigger is not known yet", { trigger: "1" }, { trigger: unknown }, true],
    [
      "its rotation happened",
      { rotation: rotation() },
      { rotation: rotation({ rotations: { app: SECOND } }) },
      true,
    ],
    [
      "its rotation may happen",
      { rotation: rotation() },
      { rotation: rotation({ rotations: unknown }) },
      true,
    ],
    ["its rotation is the same", { rotation: rotation() }, { rotation: rotation() }, false],
    ["the database rejects it", { rejected: true }, {}, true],
    ["it is about to expire", {}, { renewBefore: "1h" }, true, "2026-01-31T23:30:00.000Z"],
  ];
  for (const [what, olds, news, isMinted, now] of ROWS)
    it(`are ${isMinted ? "unknown" : "known"} if ${what}`, () => {
      const { token, mintedAt, expiresAt } = state();
      const made = { token: UNKNOWN, mintedAt: UNKNOWN, expiresAt: UNKNOWN };
      const { state: outputs } = previewed(state(olds), news, now);
      const kept = { token, mintedAt, expiresAt, stateVersion: 1 };
      assert.deepEqual(outputs, { ...inputs(news), ...(isMinted ? made : kept) });
    });

  it("are unknown before it is created, with its id", () =>
    assert.deepEqual(previewed(undefined, { expiration: "1d" }), {
      id: "acme/databases/app",
      state: { ...inputs({ expiration: "1d" }), token: UNKNOWN, mintedAt: UNKNOWN, expiresAt: UNKNOWN },
    }));

  it("have no id while the scope is not known", () =>
    assert.equal(previewed(undefined, { scope: { database: unknown } }).id, undefined));

  it("have no expiry, rather than an unknown one, if the kept token never expires", () => {
    const { expiresAt, ...forever } = state();
    assert.ok(expiresAt);
    assert.ok(!("expiresAt" in previewed(forever, {}).state));
  });

  it("keep where the token was tried", () => {
    const endpoint = { hostname: "h", group: "default" };
    assert.deepEqual(previewed(state({ endpoint }), {}).state["endpoint"], endpoint);
  });
});

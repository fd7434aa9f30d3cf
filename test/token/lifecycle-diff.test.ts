import assert from "node:assert/strict";
import { Context } from "../../src/core/context";
import { tokenResource } from "../../src/hosts/shared/resource";
import { UNKNOWN } from "../../src/core/unknown";
import type { TokenInputs, TokenState } from "../../src/token/state";
import { FakeTurso } from "../support/fake-turso";
import { FIRST, SECOND, inputs, rotation, state } from "./lifecycle-values";

describe("the preview of an AuthToken", () => {
  const turso = FakeTurso.use();
  const logic = (now = "2026-01-10T00:00:00.000Z") =>
    tokenResource(turso.context({ clock: () => new Date(now) }));
  const mints = async (olds: TokenState, news: TokenInputs, now?: string): Promise<boolean> => {
    const { changes } = await logic(now).diff(olds, news);
    const mintsIt = turso.messages.some((each) => each.endsWith("so the update mints a new token."));
    assert.ok(changes || !mintsIt);
    return mintsIt;
  };

  const ROWS: [what: string, olds: object, news: object, expected: boolean, now?: string][] = [
    ["nothing changed", {}, {}, false],
    [
      "its rotation happened",
      { rotation: rotation() },
      { rotation: rotation({ rotations: { app: SECOND } }) },
      true,
    ],
    [
      "only a different target of its rotation was rotated",
      { rotation: rotation({ rotations: { app: FIRST, reports: FIRST } }) },
      { rotation: rotation({ rotations: { app: FIRST, reports: SECOND } }) },
      false,
    ],
    ["its rotation is the same", { rotation: rotation() }, { rotation: rotation() }, false],
    [
      "its rotation's other arguments changed",
      { rotation: rotation() },
      { rotation: rotation({ rotateEvery: "9d" }) },
      false,
    ],
    ["it starts to follow a rotation that is older than it", {}, { rotation: rotation() }, false],
    [
      "it starts to follow a rotation that is newer than it",
      {},
      { rotation: rotation({ rotations: { app: SECOND } }) },
      true,
    ],
    ["it no longer follows one", { rotation: rotation() }, {}, false],
    ["authorization changed", {}, { authorization: "read-only" as const }, true],
    ["expiration changed", { expiration: "1d" }, { expiration: "2d" }, true],
    ["readAttach changed", {}, { readAttach: ["reports"] }, true],
    ["its trigger changed", { trigger: 1 }, { trigger: 2 }, true],
    [
      "the order of its trigger's keys changed",
      { trigger: { a: 1, b: 2 } },
      { trigger: { b: 2, a: 1 } },
      false,
    ],
    ["its trigger was added", {}, { trigger: 1 }, false],
    ["its trigger was removed", { trigger: 1 }, {}, false],
    ["verify changed", {}, { verify: "off" as const }, false],
    ["renewBefore is not reached", {}, { renewBefore: "21d" }, false],
    ["renewBefore is reached", {}, { renewBefore: "22d" }, true],
    ["it has expired", {}, {}, true, "2026-02-01T00:00:00.000Z"],
    [
      "it never expires",
      { expiresAt: undefined as never },
      { renewBefore: "22d" },
      false,
      "2036-01-01T00:00:00.000Z",
    ],
    ["a refresh found that it is rejected", { rejected: true }, {}, true],
  ];

  for (const [what, olds, news, expected, now] of ROWS)
    it(`${expected ? "is minted" : "is not minted"} again when ${what}, and no request is sent`, async () => {
      assert.equal(await mints(state(olds), inputs(news), now), expected);
      assert.deepEqual(turso.requests(), []);
    });

  it("says once per rotation that its followers are minted again if it rotates", async () => {
    const later = { rotations: UNKNOWN as never };
    const context = new Context({
      settings: turso.settings(),
      clock: () => new Date("2026-01-10T00:00:00.000Z"),
      notify: turso.notify,
    });
    const list = { scope: { databases: ["app", "reports"] } };
    for (const [name, followed] of [
      ["app", rotation(later)],
      ["app", rotation({ ...later, ...list })],
      ["reports", rotation({ ...later, ...list })],
      ["reports", rotation({ ...later, scope: UNKNOWN as never })],
    ] as const) {
      const scope = { database: name };
      const { changes } = await tokenResource(context).diff(
        state({ scope, rotation: rotation(list) }),
        inputs({ scope, rotation: followed }),
      );
      assert.equal(changes, true);
    }
    const whose = ["acme/databases/app", "acme/databases", "a rotation"];
    assert.deepEqual(
      turso.messages,
      whose.map((each) => `${each}: if the update rotates, the tokens that follow it are minted again.`),
    );
    assert.deepEqual(turso.requests(), []);
  });

  it("does not change with a property of its rotation that it does not use, even an unknown one", async () => {
    const rotateEvery = UNKNOWN as unknown as string;
    const { changes } = await logic().diff(
      state({ rotation: rotation() }),
      inputs({ rotation: rotation({ rotateEvery }) }),
    );
    assert.equal(changes, false);
  });

  it("is replaced when its scope or organization changes", async () => {
    assert.deepEqual((await logic().diff(state(), inputs({ scope: { group: "default" } }))).replaces, [
      "scope",
    ]);
    assert.deepEqual((await logic().diff(state(), inputs({ organization: "other" }))).replaces, [
      "organization",
    ]);
  });
});

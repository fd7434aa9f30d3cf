import assert from "node:assert/strict";
import { tokenResource } from "../../src/hosts/shared/resource";
import { Context } from "../../src/core/context";
import type { TokenInputs, TokenState } from "../../src/token/state";
import { UNKNOWN } from "../../src/core/unknown";
import { PATIENCE, FakeTurso, failure } from "../support/fake-turso";

/** When the followed rotation last rotated the token's target: before the token was minted. */
const FIRST = "2025-12-31T23:59:59.000Z";
const SECOND = "2026-01-05T00:00:00.000Z";

const rotation = (
  changes: Partial<NonNullable<TokenInputs["rotation"]>> = {},
): NonNullable<TokenInputs["rotation"]> => ({
  rotations: { app: FIRST },
  scope: { database: "app" },
  organization: "acme",
  ...changes,
});

const inputs = (changes: Partial<TokenInputs> = {}): TokenInputs => ({
  scope: { database: "app" },
  organization: "acme",
  ...changes,
});

const state = (changes: Partial<TokenState> = {}): TokenState => ({
  ...inputs(),
  stateVersion: 1,
  token: "a.b.c",
  mintedAt: "2026-01-01T00:00:00.000Z",
  expiresAt: "2026-02-01T00:00:00.000Z",
  ...changes,
});

describe("an AuthToken", () => {
  const turso = FakeTurso.use();
  const logic = (now = "2026-01-10T00:00:00.000Z") =>
    tokenResource(
      new Context({
        settings: turso.settings(),
        clock: () => new Date(now),
        notify: (_level, text) => turso.messages.push(text),
        retryPolicy: PATIENCE,
      }),
    );
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

  it("is minted with its arguments, and not again when only renewBefore changes", async () => {
    const { state: made } = await logic().create(
      inputs({ authorization: "read-only", expiration: "1d", readAttach: ["reports"] }),
    );
    const claims = JSON.parse(Buffer.from(made.token.split(".")[1] ?? "", "base64url").toString()) as Record<
      string,
      unknown
    >;
    assert.equal(claims["a"], "ro");
    assert.equal(made.expiresAt, new Date(Number(claims["exp"]) * 1000).toISOString());
    assert.ok(
      turso.requests().includes("POST ~/databases/app/auth/tokens?expiration=1d&authorization=read-only 200"),
    );
    assert.match(turso.messages.at(-1) ?? "", /^acme\/databases\/app: minted, and accepted after 0\.\d s/);
    turso.emulator.clearLog();
    const kept = await logic().update(
      made,
      inputs({ authorization: "read-only", expiration: "1d", readAttach: ["reports"], renewBefore: "1h" }),
    );
    assert.equal(kept.token, made.token);
    assert.equal(kept.renewBefore, "1h");
  });

  it("is published with a warning if the data plane does not accept it in time", async () => {
    turso.emulator.fault({
      plane: "data",
      path: /./,
      when: "before",
      action: { type: "status", status: 503 },
      times: 1_000,
    });
    const { state: made } = await logic().create(inputs({ verifyTimeout: "1s" }));
    assert.ok(made.token.startsWith("eyJ"));
    assert.equal(
      turso.messages.at(-1),
      "acme/databases/app: the new token could not be verified (the database answered 503). It is published anyway.",
    );
  });

  it("sends the data plane no request if verify is off", async () => {
    await logic().create(inputs({ verify: "off" }));
    assert.deepEqual(turso.requests(), [
      "POST ~/databases/app/auth/tokens?expiration=never&authorization=full-access 200",
    ]);
    assert.deepEqual(
      turso.emulator.log.filter(({ plane }) => plane === "data"),
      [],
    );
  });

  for (const [what, news, sentence] of [
    [
      "renewBefore is not shorter than expiration",
      { expiration: "1d", renewBefore: "24h" },
      "acme/databases/app: renewBefore 24h is not shorter than expiration 1d, so every update mints a new token.",
    ],
    [
      "it expires before the next rotation by age",
      { expiration: "1d", rotation: rotation({ rotateEvery: "2d" }) },
      "acme/databases/app: the token expires after 1d, before its next rotation by age (rotateEvery 2d). Give it renewBefore or a longer expiration.",
    ],
    [
      "it is renewed before that rotation",
      { expiration: "1d", renewBefore: "1h", rotation: rotation({ rotateEvery: "2d" }) },
      undefined,
    ],
    ["it outlives the rotation", { expiration: "3d", rotation: rotation({ rotateEvery: "2d" }) }, undefined],
    ["it never expires", { expiration: "never", rotation: rotation({ rotateEvery: "2d" }) }, undefined],
  ] as const)
    it(`${sentence ? "warns" : "logs nothing"} when ${what}`, async () => {
      const { problems } = await logic().check(
        { organization: "acme" },
        { ...news, scope: { database: "app" } },
      );
      assert.deepEqual(problems, []);
      assert.deepEqual(turso.messages, sentence === undefined ? [] : [sentence]);
    });

  it("cannot be read by its ID alone", async () => {
    const { message } = await failure(logic().read("acme/databases/app", {}));
    assert.equal(
      message,
      "Reading the token of acme/databases/app: Turso does not return existing tokens, so pass it in: AuthToken.get(name, id, { token }). Nothing was changed.",
    );
    assert.match(
      (await failure(logic().read("nonsense", {}))).message,
      /^Reading "nonsense": an id looks like acme\/groups\/default or acme\/databases\/app\./,
    );
  });
});

import assert from "node:assert/strict";
import { tokenResource } from "../../src/hosts/shared/resource";
import { FakeTurso, failure } from "../support/fake-turso";
import { inputs, rotation } from "./lifecycle-values";

describe("an AuthToken", () => {
  const turso = FakeTurso.use();
  const logic = (now = "2026-01-10T00:00:00.000Z") =>
    tokenResource(turso.context({ clock: () => new Date(now) }));
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
    assert.match(
      turso.messages.at(-1) ?? "",
      /^acme\/databases\/app: minted, and accepted after \d+(\.\d)? s/,
    );
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

  it("is minted again by the next update if its database rejects it as long as it is asked", async () => {
    turso.rejectTokens();
    const { state: made } = await logic().create(inputs({ verifyTimeout: "1s" }));
    assert.equal(
      turso.messages.at(-1),
      "acme/databases/app: the database rejects the new token. It is published anyway; the next `pulumi up` mints another one.",
    );
    assert.equal((await logic().diff(made, inputs({ verifyTimeout: "1s" }))).changes, true);
    turso.emulator.clearFaults();
    const next = await logic().update(made, inputs({ verifyTimeout: "1s" }));
    assert.notEqual(next.token, made.token);
    assert.equal((await logic().diff(next, inputs({ verifyTimeout: "1s" }))).changes, false);
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

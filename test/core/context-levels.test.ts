import assert from "node:assert/strict";
import { rotationResource, tokenResource } from "../../src/hosts/shared/resource";
import { FakeTurso, inputs, state } from "../support/fake-turso";

describe("the level of a message", () => {
  const turso = FakeTurso.use();
  const rotations = () => rotationResource(turso.context());
  const tokens = () => tokenResource(turso.context());
  const news = { organization: "acme", trigger: 1 };
  const token = { scope: { database: "app" }, organization: "acme" };
  const fail = (): void => turso.onLookUp({ type: "status", status: 418, body: "{}" }, 9);

  const WARNINGS: [what: string, act: () => Promise<unknown>, warning: RegExp][] = [
    [
      "a failed lookup in a preview",
      () => {
        fail();
        return rotations().check({}, { ...news, scope: { database: "app" } });
      },
      /^acme\/databases\/app: creating it rotates; the blast radius could not be looked up/,
    ],
    [
      "a failed lookup in a refresh",
      () => {
        fail();
        return rotations().read("acme/databases/app", state());
      },
      /The state stays as it is\.$/,
    ],
    [
      "an AuthToken whose target is gone",
      async () => {
        const { state: saved } = await tokens().create({ ...token, verify: "off" });
        turso.forgetMessages();
        return tokens().read("acme/databases/typo", { ...saved, scope: { database: "typo" } });
      },
      /^acme\/databases\/typo no longer exists .*, so its token leaves the state\.$/,
    ],
    [
      "a name that a list contains twice",
      () => rotations().check({}, { ...news, scope: { databases: ["app", "app"] }, rotateOnCreate: false }),
      /^acme\/databases: named more than once, but rotated only once: app\.$/,
    ],
    [
      "a rotation that cannot be verified",
      () => rotations().create(inputs({ scope: { group: "bare" }, verify: "auto" })),
      /^acme\/groups\/bare: continuing without verification: /,
    ],
    [
      "a new token that stays rejected",
      () => {
        turso.rejectTokens();
        return tokens().create({ ...token, verifyTimeout: "1s" });
      },
      /^acme\/databases\/app: the database rejects the new token\. It is published anyway; the next `pulumi up` mints another one\.$/,
    ],
    [
      "a token that expires before its next rotation",
      () =>
        tokens().check(
          {},
          {
            ...token,
            expiration: "30d",
            rotation: { ...token, rotations: {}, rotateEvery: "90d" },
          },
        ),
      /^acme\/databases\/app: the token expires after 30d, before its next rotation by age/,
    ],
  ];
  for (const [what, act, warning] of WARNINGS)
    it(`is warning for ${what}`, async () => {
      await act();
      assert.equal(turso.warnings.length, 1, turso.warnings.join("\n"));
      assert.match(turso.warnings[0] ?? "", warning);
    });

  const PROGRESS: [what: string, act: () => Promise<unknown>, message: RegExp][] = [
    [
      "the blast radius",
      () => rotations().check({}, { ...news, scope: { group: "default" } }),
      /^acme\/groups\/default: creating it rotates; this invalidates every token/,
    ],
    [
      "a rotation",
      () => rotations().create(inputs({ verify: "auto" })),
      /^acme\/databases\/app: rotated at .*; old tokens rejected after/,
    ],
    ["a new token", () => tokens().create(token), /^acme\/databases\/app: minted, and accepted after/],
    [
      "an adoption",
      () => rotations().create(inputs({ rotateOnCreate: false })),
      /^acme\/databases\/app: adopted without rotating/,
    ],
    [
      "a retry that helps",
      () => {
        turso.onLookUp({ type: "drop" });
        return rotations().read("acme/databases/app", state());
      },
      /^GET .*; try 2 of at most 3$/,
    ],
  ];
  for (const [what, act, message] of PROGRESS)
    it(`is info for ${what}`, async () => {
      await act();
      assert.match(turso.messages.join("\n"), message);
      assert.deepEqual(turso.warnings, []);
    });

  it("is error if a rotation invalidated tokens of the same run: it becomes a failure of the rotation", async () => {
    const run = turso.context();
    await tokenResource(run).create({ scope: { database: "reports" }, organization: "acme" });
    const { state: saved } = await rotationResource(run).create(inputs({ verify: "auto" }));
    assert.deepEqual(saved.failures, {
      "token of acme/databases/reports":
        "a rotation invalidated this token, which the program manages. Run `pulumi up --refresh`, which mints it again. To prevent this, give the resource that mints it this TokenRotation as `rotation`, or in dependsOn.",
    });
    assert.deepEqual(Object.values(saved.casualties ?? {}), ["acme/databases/reports"]);
  });
});

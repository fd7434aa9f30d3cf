import assert from "node:assert/strict";
import type { RotationInputs } from "../../src/rotation/state";
import { ROTATE, Stage, inputs } from "../support/stage";
import { failure, unfinishedRun } from "../support/fake-turso";

describe("verification", () => {
  for (const [scope, minted, reach] of [
    [
      { database: "app" },
      ["databases/app", "databases/reports", "groups/default"],
      { database: "rejected", group: "rejected", siblings: "rejected" },
    ],
    [{ group: "default" }, ["databases/app", "groups/default"], { group: "rejected", database: "rejected" }],
  ] as const)
    it(`mints a canary token of each kind that ${JSON.stringify(scope)} may reach, and after the rotation a newer one beside each`, () =>
      Stage.with(0, async (stage) => {
        const { state } = await stage.logic().create(inputs({ scope }));
        assert.deepEqual([state.verification, state.reach], ["verified", { default: reach }]);
        assert.equal(state.pending, undefined);
        const paths = stage.emulator.log.map(({ path }) => path);
        const rotatedAt = paths.findIndex((path) => ROTATE.test(path));
        const tokensOf = (some: string[], expiration: string) =>
          some
            .filter((path) => path.endsWith(`/auth/tokens?expiration=${expiration}&authorization=read-only`))
            .map((path) => path.replace(/^.*\/acme\/|\/auth.*$/g, ""))
            .sort();
        assert.deepEqual(tokensOf(paths.slice(0, rotatedAt), "7d"), minted);
        assert.deepEqual(tokensOf(paths.slice(rotatedAt), "1h"), minted);
        assert.match(stage.messages.at(-1) ?? "", /: rotated at .*Z; old tokens rejected after 0\.\d s\.$/);
      }));

  it("waits until old tokens are rejected and reports how long it took", () =>
    Stage.with(400, async (stage) => {
      const { state } = await stage.logic().create(inputs());
      assert.equal(state.verification, "verified");
      assert.match(stage.messages.at(-1) ?? "", /old tokens rejected after 0\.[4-9] s\.$/);
    }));

  it("with auto warns if old tokens outlive verifyTimeout", () =>
    Stage.with(60_000, async (stage) => {
      const { state } = await stage.logic().create(inputs());
      assert.equal(state.verification, "unverified");
      assert.ok(
        stage.messages.some((each) =>
          /^acme\/databases\/app: rotated, but old tokens are still accepted after 1(\.\d)? s\. Turso says that it can take up to an hour\. The next `pulumi up` checks again\.$/.test(
            each,
          ),
        ),
        stage.messages.join("\n"),
      );
      assert.deepEqual([state.pending?.["app"]?.status, state.failures], ["unproven", {}]);
    }));

  it("with required records that failure beside the rotation, and the next update only checks again", () =>
    Stage.with(1_500, async (stage) => {
      const { state, message } = await unfinishedRun(stage.logic().create(inputs({ verify: "required" })));
      assert.match(
        message,
        /^old tokens are still accepted after 1(\.\d)? s\. The rotation itself is done and recorded\. Run `pulumi up` again: it repeats only the check\./,
      );
      assert.equal(state.rotationCount, 1);
      const after = await stage.logic().update(state, inputs({ verify: "required" }));
      assert.equal(after.verification, "verified");
      assert.equal(after.rotationId, state.rotationId, "nothing was rotated again");
      assert.equal(after.pending, undefined);
      assert.equal(stage.rotations, 1);
    }));

  it("with off no longer fails after an earlier run with required left it unverified", () =>
    Stage.with(60_000, async (stage) => {
      const { state } = await unfinishedRun(stage.logic().create(inputs({ verify: "required" })));
      const after = await stage.logic().update(state, inputs({ verify: "off" }));
      assert.equal(after.verification, "unverified");
      assert.equal(after.pending, undefined);
      assert.equal(stage.rotations, 1);
    }));

  it("with off mints no canary token", () =>
    Stage.with(0, async (stage) => {
      const { state } = await stage.logic().create(inputs({ verify: "off" }));
      assert.equal(state.verification, "skipped");
      assert.equal(stage.mints, 0);
    }));

  /** Why a rotation cannot be verified. */
  const OBSTACLES: [
    why: RegExp,
    scope: RotationInputs["scope"],
    prepare: (stage: Stage) => string | undefined,
  ][] = [
    [/the group has no database on which a token can be tried/, { group: "bare" }, () => undefined],
    [
      /the database answered 503/,
      { database: "app" },
      ({ emulator }) => {
        emulator.fault({
          plane: "data",
          path: /./,
          when: "before",
          action: { type: "status", status: 503 },
          times: 1_000,
        });
        return undefined;
      },
    ],
    [
      /the database rejected a token that had just been minted/,
      { database: "app" },
      ({ emulator }) => {
        emulator.fault({
          plane: "data",
          path: /./,
          when: "before",
          action: {
            type: "status",
            status: 401,
            body: JSON.stringify({ error: "Unauthorized: `The JWT is invalid`" }),
          },
          times: 1_000,
        });
        return undefined;
      },
    ],
  ];

  for (const verify of ["auto", "required"] as const)
    it(`with ${verify} stops before rotating if the API refuses to mint: nobody could replace the old tokens`, () =>
      Stage.with(0, async (stage) => {
        const apiToken = stage.emulator.createApiToken({ permissions: ["read", "db:rotate-creds"] });
        const { message } = await failure(stage.logic(apiToken).create(inputs({ verify })));
        assert.match(
          message,
          /^Rotating acme\/databases\/app: no token could be minted to replace those that the rotation invalidates: the API answered 403 .*\. Nothing was changed\. .* lacks the scope db:mint-token\. .* To rotate without a replacement, set verify to "off"\.$/,
        );
        assert.equal(stage.rotations, 0);
      }));

  for (const [why, scope, prepare] of OBSTACLES) {
    it(`with auto continues without verification and says why: ${why.source}`, () =>
      Stage.with(0, async (stage) => {
        const { state } = await stage.logic(prepare(stage)).create(inputs({ scope }));
        assert.equal(state.verification, "unverified");
        assert.equal(stage.rotations, 1);
        assert.ok(
          stage.messages.some((each) => each.includes("continuing without verification: ") && why.test(each)),
          stage.messages.join("\n"),
        );
      }));

    it(`with required stops before rotating: ${why.source}`, () =>
      Stage.with(0, async (stage) => {
        const { message } = await failure(
          stage.logic(prepare(stage)).create(inputs({ scope, verify: "required" })),
        );
        assert.match(message, /verify is "required", and the rotation could not be verified: /);
        assert.match(message, why);
        assert.match(message, /Nothing was changed\./);
        assert.equal(stage.rotations, 0);
      }));
  }
});

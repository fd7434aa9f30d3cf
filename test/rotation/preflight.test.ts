import assert from "node:assert/strict";
import type { BlastRadius } from "../../src/core/blast-radius";
import { Context } from "../../src/core/context";
import { findObstacle, preflight, type RunSettings, type Task } from "../../src/rotation/preflight";
import { isSpent } from "../../src/core/canary";
import type { TursoError } from "../../src/turso/errors";
import { FakeTurso, NOW, PATIENCE } from "../support/fake-turso";
import { errorOf } from "./results";

const radius = (databases: string[], kind: "database" | "group" = "database"): BlastRadius => ({
  target: { kind, name: kind === "group" ? "default" : "app" },
  endpoint: { group: "default" },
  databases,
});

const taskOf = (lookup: Task["lookup"]): Task => ({ target: { kind: "database", name: "app" }, lookup });

describe("the preflight of a rotation", () => {
  const turso = FakeTurso.use();
  const messages: string[] = [];
  beforeEach(() => void messages.splice(0));

  const run = (changes: Partial<RunSettings> = {}): RunSettings => {
    const settings = turso.settings();
    const environment = {
      settings,
      clock: () => new Date(NOW),
      notify: () => undefined,
      retryPolicy: PATIENCE,
    };
    return {
      client: new Context(environment).client("acme"),
      targets: new Set(["app"]),
      verify: "auto",
      verifyTimeoutMs: 1_000,
      groupImpact: "warn",
      clock: environment.clock,
      notify: (level, { name }, text) => messages.push(`${level} ${name}: ${text}`),
      ...changes,
    };
  };

  describe("finds no obstacle", () => {
    for (const [what, lookup, changes] of [
      ["in a blast radius with other databases, under warn", radius(["app", "reports"]), {}],
      ["in a blast radius of its own, under refuse", radius(["app"]), { groupImpact: "refuse" }],
      [
        "if every database of the group is a target, under refuse",
        radius(["app", "reports"]),
        { groupImpact: "refuse", targets: new Set(["app", "reports"]) },
      ],
      ["for a group, under refuse", radius(["app", "reports"], "group"), { groupImpact: "refuse" }],
    ] as [string, BlastRadius, Partial<RunSettings>][])
      it(what, () => {
        assert.equal(findObstacle(run(changes), taskOf(lookup)), undefined);
        assert.deepEqual(messages, []);
      });

    it("in a 403 of the lookup, under warn: an API token that may rotate may be unable to read", () => {
      const lookup = errorOf({ status: 403, answer: "the API answered 403" });
      assert.equal(findObstacle(run(), taskOf(lookup)), undefined);
      assert.deepEqual(messages, [
        "warning app: its blast radius could not be looked up (the API answered 403); continuing.",
      ]);
    });
  });

  describe("stops", () => {
    for (const [what, status, changes] of [
      ["at a 403 of the lookup, under refuse", 403, { groupImpact: "refuse" }],
      ["at a 401 of the lookup", 401, {}],
      ["at a 404 of the lookup", 404, {}],
      ["if there was no response to the lookup", undefined, {}],
    ] as [string, number | undefined, Partial<RunSettings>][])
      it(what, () => {
        const lookup = errorOf({ status });
        assert.equal(findObstacle(run(changes), taskOf(lookup)), lookup);
        assert.deepEqual(messages, []);
      });

    it("at a database of the group that is not a target, under refuse", () => {
      const obstacle = findObstacle(run({ groupImpact: "refuse" }), taskOf(radius(["app", "reports"])));
      assert.equal(obstacle?.effect, "unchanged");
      assert.equal(
        obstacle.message,
        'Rotating acme/databases/app: groupImpact is "refuse", and this invalidates every token of the database, and on some servers the tokens of its whole group "default": 1 other database (reports). Nothing was changed. Rotate the group "default" instead, move the database to a group of its own, or set groupImpact to "warn".',
      );
    });
  });

  describe("mints a canary token", () => {
    const found = (): BlastRadius => {
      const { hostname } = turso.emulator.platform.database("app");
      return { ...radius(["app", "reports"]), endpoint: { group: "default", hostname } };
    };
    const mints = () => turso.requests().filter((request) => request.includes("/auth/tokens"));
    const obstacleOf = (result: object): TursoError | undefined =>
      (result as { obstacle?: TursoError }).obstacle;

    it("that is read-only, lives for a day, and is accepted", async () => {
      const result = await preflight(run(), taskOf(found()));
      assert.ok("canary" in result && result.canary);
      assert.equal(result.canary.hostname, found().endpoint.hostname);
      assert.equal(isSpent(result.canary.token, new Date()), false);
      assert.deepEqual(mints(), [
        "POST ~/databases/app/auth/tokens?expiration=1d&authorization=read-only 200",
      ]);
      assert.deepEqual(messages, []);
    });

    it("only if verify is not off", async () => {
      assert.deepEqual(await preflight(run({ verify: "off" }), taskOf(found())), { canary: undefined });
      assert.deepEqual(turso.requests(), []);
    });

    it("only if there is no obstacle", async () => {
      const lookup = errorOf();
      assert.equal(obstacleOf(await preflight(run(), taskOf(lookup))), lookup);
      assert.deepEqual(turso.requests(), []);
    });

    for (const [what, lookup] of [
      ["no hostname", radius(["app"])],
      ["a failed lookup", errorOf({ status: 403, answer: "the API answered 403" })],
    ] as const) {
      it(`unless there is ${what}: then verify "auto" continues with a warning`, async () => {
        assert.deepEqual(await preflight(run(), taskOf(lookup)), { canary: undefined });
        assert.equal(
          messages.at(-1),
          "warning app: continuing without verification: the database's Hostname is unknown.",
        );
        assert.deepEqual(mints(), []);
      });

      it(`unless there is ${what}: then verify "required" stops`, async () => {
        const obstacle = obstacleOf(await preflight(run({ verify: "required" }), taskOf(lookup)));
        assert.equal(obstacle?.effect, "unchanged");
        assert.equal(
          obstacle.message,
          'Rotating acme/databases/app: verify is "required", and the rotation could not be verified: the database\'s Hostname is unknown. Nothing was changed. Fix this, or set verify to "auto" to rotate without verification.',
        );
      });
    }
  });
});

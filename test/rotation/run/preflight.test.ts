import assert from "node:assert/strict";
import type { BlastRadius } from "../../../src/core/blast-radius";
import { findObstacle, prepare, type RunSettings, type Task } from "../../../src/rotation/run/preflight";
import { isSpent } from "../../../src/core/canary";
import { FakeTurso } from "../../support/fake-turso";
import { errorOf, goneOf } from "../results";
import { radius, settingsOf, taskOf } from "./settings";

describe("the preflight of a rotation", () => {
  const turso = FakeTurso.use();
  const messages: string[] = [];
  beforeEach(() => void messages.splice(0));

  const run = (changes: Partial<RunSettings> = {}): RunSettings => settingsOf(turso, messages, changes);

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

  describe("mints canary tokens", () => {
    const found = (): BlastRadius => {
      const { platform } = turso.emulator;
      const { hostname } = platform.database("app");
      return {
        ...radius(["app", "reports"]),
        endpoint: { group: "default", hostname },
        neighbours: [{ name: "reports", hostname: platform.database("reports").hostname }],
      };
    };
    const mints = () => turso.requests().filter((request) => request.includes("/auth/tokens"));

    it("that are read-only, live for a week, and are accepted", async () => {
      const task = taskOf(found());
      const result = await prepare(run(), task, false);
      assert.ok(!("kind" in result) && result.task === task);
      assert.deepEqual(
        result.canaries?.map(({ label, hostname, token }) => [label, hostname, isSpent(token, new Date())]),
        [["database", found().endpoint.hostname, false]],
      );
      assert.deepEqual(mints(), [
        "POST ~/databases/app/auth/tokens?expiration=7d&authorization=read-only 200",
      ]);
      assert.deepEqual(messages, []);
    });

    it("of each kind, for the first target of a group", async () => {
      const result = await prepare(run(), taskOf(found()), true);
      assert.ok("canaries" in result);
      assert.deepEqual(
        result.canaries?.map(({ label, target: { kind, name } }) => [label, kind, name]),
        [
          ["database", "database", "app"],
          ["group", "group", "default"],
          ["siblings", "database", "reports"],
        ],
      );
    });

    it("only if verify is not off", async () => {
      const task = taskOf(found());
      assert.deepEqual(await prepare(run({ verify: "off" }), task, true), { task });
      assert.deepEqual(turso.requests(), []);
    });

    it("only if there is no obstacle", async () => {
      const error = errorOf();
      assert.deepEqual(await prepare(run(), taskOf(error), true), { kind: "failed", error });
      assert.deepEqual(turso.requests(), []);
    });

    for (const [what, lookup, why] of [
      ["no hostname", radius(["app"]), "the database's Hostname is unknown"],
      [
        "a failed lookup",
        errorOf({ status: 403, answer: "the API answered 403" }),
        "the databases on which a token can be tried could not be looked up",
      ],
    ] as const) {
      it(`unless there is ${what}: then verify "auto" continues with a warning`, async () => {
        const task = taskOf(lookup);
        assert.deepEqual(await prepare(run(), task, true), { task });
        assert.equal(messages.at(-1), `warning app: continuing without verification: ${why}.`);
        // one that nobody gets, to know whether the API mints at all
        assert.deepEqual(mints(), [
          "POST ~/databases/app/auth/tokens?expiration=1m&authorization=read-only 200",
        ]);
      });

      it(`unless there is ${what}: then verify "required" stops`, async () => {
        const result = await prepare(run({ verify: "required" }), taskOf(lookup), true);
        assert.ok("kind" in result && result.kind === "failed");
        assert.equal(result.error.effect, "unchanged");
        assert.equal(
          result.error.message,
          `Rotating acme/databases/app: verify is "required", and the rotation could not be verified: ${why}. Nothing was changed. Fix this, or set verify to "auto" to rotate without verification.`,
        );
      });
    }

    for (const status of [400, 401, 402, 403])
      for (const verify of ["auto", "required"] as const)
        it(`and stops if the API refuses to mint: ${status} under verify "${verify}"`, async () => {
          const action = { type: "status", status, body: '{"error":"no"}' } as const;
          turso.emulator.fault({ path: /\/auth\/tokens/, when: "before", action, times: 9 });
          const result = await prepare(run({ verify }), taskOf(found()), true);
          assert.ok("kind" in result && result.kind === "failed");
          assert.match(
            result.error.message,
            new RegExp(
              `^Rotating acme/databases/app: no token could be minted to replace those that the rotation invalidates: the API answered ${status} \\(no\\)\\. Nothing was changed\\. .* To rotate without a replacement, set verify to "off"\\.$`,
            ),
          );
          assert.equal(mints().length, 1);
        });

    for (const status of [404, 409, 500])
      it(`and continues under verify "auto" if the API does not mint for a different reason: ${status}`, async () => {
        const action = { type: "status", status } as const;
        turso.emulator.fault({ path: /\/auth\/tokens/, when: "before", action, times: 9 });
        const task = taskOf(found());
        assert.deepEqual(await prepare(run(), task, true), { task });
        assert.match(
          messages.at(-1) ?? "",
          /continuing without verification: no canary token could be minted/,
        );
      });
  });

  describe("in a list", () => {
    const list = () => run({ isList: true });
    const NEVER_SEEN =
      "the API says that it does not exist. Nothing was changed. Check the name and the organization, or remove the name from the list.";
    const failed = errorOf({ status: 500, answer: "the API answered 500" });

    for (const [what, lookup, changes, expected, told] of [
      [
        "a known target is gone",
        goneOf("database", "app"),
        { isKnown: true },
        ["gone"],
        "warning app: it no longer exists, so it has no tokens to invalidate.",
      ],
      ["a target was never seen", goneOf("database", "app"), {}, ["failed", NEVER_SEEN], undefined],
      [
        "a target that joins was never seen",
        goneOf("database", "app"),
        { isAdopted: true },
        ["missing", NEVER_SEEN],
        undefined,
      ],
      [
        "a target joins",
        radius(["app"]),
        { isAdopted: true },
        ["adopted"],
        "info app: joined the list without a rotation; it rotates with the next one.",
      ],
      [
        "a known target's lookup fails otherwise",
        failed,
        { isKnown: true },
        ["failed", failed.reason],
        undefined,
      ],
    ] as [string, Task["lookup"], Partial<Task>, string[], string | undefined][])
      it(`has the right result if ${what}, and sends no request`, async () => {
        const result = await prepare(list(), taskOf(lookup, changes), true);
        assert.ok("kind" in result);
        const reason = "error" in result && result.error ? [result.error.reason] : [];
        assert.deepEqual([result.kind, ...reason], expected);
        assert.deepEqual(messages, told === undefined ? [] : [told]);
        assert.deepEqual(turso.requests(), []);
      });

    it("adopts a target that cannot be looked up, with a warning", async () => {
      assert.deepEqual(await prepare(list(), taskOf(failed, { isAdopted: true }), true), { kind: "adopted" });
      assert.equal(
        messages[0],
        "warning app: whether it exists could not be looked up (the API answered 500).",
      );
    });
  });
});

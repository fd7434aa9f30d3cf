import assert from "node:assert/strict";
import type { Settings } from "../../src/turso/connection";
import { UNKNOWN } from "../../src/core/unknown";
import type { RotationInputs, RotationState } from "../../src/rotation/state";
import { closedPort } from "../support/server";
import { FakeTurso, groupTokensSurvive, inputs, state } from "../support/fake-turso";

describe("the check of a TokenRotation", () => {
  const turso = FakeTurso.use();
  const good = { scope: { database: "app" }, trigger: 1 };

  describe("logs the blast radius of a new resource:", () => {
    for (const [scope, message] of [
      [
        { database: "app" },
        'this invalidates every token of the database, and on some servers the tokens of its whole group "default": 1 other database (reports).',
      ],
      [
        { database: "lone" },
        'this invalidates every token of the database; no other database is in the group "solo".',
      ],
      [
        { group: "default" },
        "this invalidates every token of the group and of its 2 databases (app, reports).",
      ],
      [{ group: "bare" }, "this invalidates every token of the group, which has no databases yet."],
    ] as const)
      it(JSON.stringify(scope), async () => {
        await turso.logic().check({}, { ...good, scope });
        const [form, name] = Object.entries(scope)[0] as [string, string];
        const id = `acme/${form}s/${name}`;
        const survivors =
          form === "database" ? [groupTokensSurvive(id, name === "lone" ? "solo" : "default")] : [];
        assert.deepEqual(turso.messages, [`${id}: creating it rotates; ${message}`, ...survivors]);
        assert.deepEqual(turso.warnings, survivors);
        assert.deepEqual(turso.rotateRequests(), []);
      });

    it("and warns that groupImpact will stop the update", async () => {
      await turso.logic().check({}, { ...good, groupImpact: "refuse" });
      assert.equal(
        turso.messages[1],
        'acme/databases/app: groupImpact is "refuse", so the update will stop before it rotates.',
      );
    });

    it("but nothing if the resource is adopted", async () => {
      await turso.logic().check({}, { ...good, rotateOnCreate: false });
      assert.deepEqual([turso.messages, turso.requests()], [[], []]);
    });
  });

  describe("succeeds and warns when the blast radius of a new resource cannot be looked up:", () => {
    const notLookedUp = (why: string): string =>
      `acme/databases/app: creating it rotates; the blast radius could not be looked up (${why}).`;

    for (const [what, settings, why] of [
      ["without an API token", { apiToken: undefined }, "there is no API token"],
      [
        "with a wrong API token",
        { apiToken: "wrong" },
        "the API answered 401 (unauthorized: missing or unknown API token)",
      ],
    ] as [string, Partial<Settings>, string][])
      it(what, async () => {
        assert.deepEqual((await turso.logic(settings).check({}, good)).problems, []);
        assert.deepEqual(turso.messages, [notLookedUp(why)]);
      });

    it("without a network", async () => {
      const port = await closedPort();
      assert.deepEqual(
        (await turso.logic({ apiUrl: `http://127.0.0.1:${port}` }).check({}, good)).problems,
        [],
      );
      assert.equal(
        turso.messages.at(-1),
        notLookedUp(`the API could not be reached (connect ECONNREFUSED 127.0.0.1:${port})`),
      );
    });

    it("for a target that does not exist yet", async () => {
      assert.deepEqual((await turso.logic().check({}, { ...good, scope: { group: "new" } })).problems, []);
      assert.deepEqual(turso.messages, [
        "acme/groups/new: creating it rotates; the blast radius could not be looked up (the API answered 404 (group not found)).",
      ]);
    });

    it("for a target or an organization that is not known yet", async () => {
      for (const news of [
        { ...good, scope: UNKNOWN },
        { ...good, scope: { database: UNKNOWN } },
        { ...good, organization: UNKNOWN },
      ]) {
        turso.messages.length = 0;
        assert.deepEqual((await turso.logic().check({}, news)).problems, []);
        assert.deepEqual(turso.messages, [
          "A TokenRotation's scope is not known before the update: creating it rotates, but its blast radius could not be looked up.",
        ]);
      }
      assert.deepEqual(turso.requests(), []);
    });
  });
});

describe("the preview of an update", () => {
  const turso = FakeTurso.use();
  const list = { scope: { databases: ["app"] } };
  const more = { scope: { databases: ["app", "reports"] } };
  const every = { rotateEvery: "30d" };
  const { trigger: none, ...untriggered } = state(every);
  const unrotated = state(every);
  delete unrotated.rotatedAt;
  const BASELINE =
    "acme/databases/app: it had no trigger before, so the new one is a baseline and rotates nothing. To rotate now, change the trigger once more after this update.";

  it("says nothing of a resource that had a trigger", () => assert.equal(none, "1"));

  const ROWS: [
    what: string,
    olds: RotationState,
    news: RotationInputs,
    message: string,
    isWarning: boolean,
  ][] = [
    [
      "a trigger that suspend holds back",
      state(),
      inputs({ suspend: true, trigger: "2" }),
      "acme/databases/app: the trigger changed, but suspend is true, so nothing rotates until it is false.",
      true,
    ],
    [
      "an age that suspend holds back",
      state(every),
      inputs({ ...every, suspend: true }),
      "acme/databases/app: last rotated 2026-01-01T00:00:00.000Z, 60 days ago, and due since 2026-01-31T00:00:00.000Z (rotateEvery 30d), but suspend is true, so nothing rotates until it is false.",
      true,
    ],
    [
      "a first trigger",
      { ...untriggered, rotatedAt: "2026-02-28T00:00:00.000Z" },
      inputs(every),
      BASELINE,
      true,
    ],
    [
      "a rotation in the future",
      state({ rotatedAt: "2036-01-01T00:00:00.000Z", ...every }),
      inputs(every),
      "acme/databases/app: its last rotation is recorded at 2036-01-01T00:00:00.000Z, which lies in the future, so a clock was wrong; age counts from now.",
      true,
    ],
    [
      "a creation in the future",
      { ...unrotated, createdAt: "2036-01-01T00:00:00.000Z" },
      inputs(every),
      "acme/databases/app: its creation is recorded at 2036-01-01T00:00:00.000Z, which lies in the future, so a clock was wrong; age counts from now.",
      true,
    ],
    [
      "a name that joins without a rotation",
      state(list),
      inputs(more),
      "acme/databases: reports joined the list without a rotation; rotateOnJoin: true would rotate when a name joins.",
      false,
    ],
    [
      "what an earlier run did not finish",
      state({ failures: { app: "why" } }),
      inputs(),
      "acme/databases/app: an earlier run did not finish app; this update continues there.",
      true,
    ],
  ];
  for (const [what, olds, news, message, isWarning] of ROWS)
    it(`${isWarning ? "warns of" : "reports"} ${what}, and sends no request`, async () => {
      assert.equal((await turso.logic().diff(olds, news)).changes, true);
      assert.deepEqual([turso.messages, turso.warnings], [[message], isWarning ? [message] : []]);
      assert.deepEqual(turso.requests(), []);
    });

  it("reports the blast radius of a name that rotates when it joins, and of no other one", async () => {
    await turso.logic().diff(state(list), inputs({ ...more, rotateOnJoin: true }));
    assert.match(
      turso.messages[0] ?? "",
      /^acme\/databases: reports joined the list, so this update rotates; this invalidates every token of the database, /,
    );
    assert.equal(
      turso.messages.some((each) => each.includes("without a rotation")),
      false,
    );
    assert.deepEqual(turso.rotateRequests(), []);
  });
});

import assert from "node:assert/strict";
import type { Settings } from "../../src/turso/connection";
import { UNKNOWN } from "../../src/core/unknown";
import { closedPort } from "../support/server";
import { FakeTurso } from "../support/fake-turso";

describe("the check", () => {
  const turso = FakeTurso.use();
  const good = { scope: { database: "app" }, trigger: 1 };

  describe("of a new one tells the blast radius:", () => {
    for (const [scope, told] of [
      [
        { database: "app" },
        'this kills every token of the database, and may kill those of its whole group "default": 1 other database (reports).',
      ],
      [
        { database: "lone" },
        'this kills every token of the database; no other database is in the group "solo".',
      ],
      [{ group: "default" }, "this kills every token of the group and of its 2 databases (app, reports)."],
      [{ group: "bare" }, "this kills every token of the group, without databases so far."],
    ] as const)
      it(JSON.stringify(scope), async () => {
        await turso.logic().check({}, { ...good, scope });
        const id = Object.entries(scope)[0]?.join("s/") ?? "";
        assert.deepEqual(turso.told, [`acme/${id}: creating it rotates; ${told}`]);
        assert.deepEqual(turso.rotateRequests(), []);
      });

    it("and that groupImpact will stop it", async () => {
      await turso.logic().check({}, { ...good, groupImpact: "refuse" });
      assert.equal(
        turso.told[1],
        'acme/databases/app: groupImpact is "refuse", so the update will stop before it rotates.',
      );
    });

    it("and nothing where it is adopted", async () => {
      await turso.logic().check({}, { ...good, rotateOnCreate: false });
      assert.deepEqual([turso.told, turso.requests()], [[], []]);
    });
  });

  describe("of a new one goes on, and says that it could not look,", () => {
    const could = (why: string): string =>
      `acme/databases/app: creating it rotates; what it kills could not be looked up (${why}).`;

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
        assert.deepEqual(turso.told, [could(why)]);
      });

    it("without a network", async () => {
      const port = await closedPort();
      assert.deepEqual(
        (await turso.logic({ apiUrl: `http://127.0.0.1:${port}` }).check({}, good)).problems,
        [],
      );
      assert.equal(
        turso.told.at(-1),
        could(`the API could not be reached (connect ECONNREFUSED 127.0.0.1:${port})`),
      );
    });

    it("of a target that does not exist yet", async () => {
      assert.deepEqual((await turso.logic().check({}, { ...good, scope: { group: "new" } })).problems, []);
      assert.deepEqual(turso.told, [
        "acme/groups/new: creating it rotates; what it kills could not be looked up (the API answered 404 (group not found)).",
      ]);
    });

    it("of a target or an organization that is only known later", async () => {
      for (const news of [
        { ...good, scope: UNKNOWN },
        { ...good, scope: { database: UNKNOWN } },
        { ...good, organization: UNKNOWN },
      ]) {
        turso.told.length = 0;
        assert.deepEqual((await turso.logic().check({}, news)).problems, []);
        assert.deepEqual(turso.told, [
          "A TokenRotation's scope is not known before the update: creating it rotates, but what it kills could not be looked up.",
        ]);
      }
      assert.deepEqual(turso.requests(), []);
    });
  });
});

import assert from "node:assert/strict";
import type { Lookups } from "../../src/core/lookup-cache";
import { resolve } from "../../src/core/members";
import type { Database } from "../../src/turso/client";
import { TursoError, attempt } from "../../src/turso/errors";
import { parseSubject, type Scope } from "../../src/values/scope";

const DATABASES: Database[] = [
  { Name: "app", group: "default", Hostname: "app.example.com" },
  { Name: "lone", group: "solo", Hostname: "lone.example.com" },
];

const failed = (changes: { status?: number; isTooLarge?: boolean }): TursoError =>
  new TursoError({ attempted: "listing", answer: "no", effect: "unchanged", next: "Wait.", ...changes });

/** @param listing why the organization cannot be listed as a whole */
function lookupsOf(databases: readonly Database[], groups: readonly string[], listing?: TursoError): Lookups {
  return {
    getDatabase: () => assert.fail("no lookup of a single database is needed"),
    getGroup: () => assert.fail("no lookup of a single group is needed"),
    listGroups: () => Promise.resolve([...groups]),
    listDatabases: (group) =>
      group === undefined && listing
        ? Promise.reject(listing)
        : Promise.resolve(databases.filter((each) => group === undefined || each.group === group)),
  };
}

const subject = (scope: Scope) => parseSubject({ organization: "acme", scope });
const GROUPS = ["default", "solo", "bare"];

describe("the members of a scope", () => {
  for (const [what, scope, listing, names] of [
    ["are those that it names", { databases: ["x", "y"] }, failed({ status: 500 }), ["x", "y"]],
    ["are all databases", { databases: "all" }, undefined, ["app", "lone"]],
    ["are all groups, empty ones too", { groups: "all" }, failed({ status: 500 }), GROUPS],
    [
      "are listed group by group if one listing is too large",
      { databases: "all" },
      failed({ isTooLarge: true }),
      ["app", "lone"],
    ],
  ] as const)
    it(what, async () => {
      const { targets } = await resolve(lookupsOf(DATABASES, GROUPS, listing), subject(scope));
      assert.deepEqual(
        targets.map(({ name }) => name),
        names,
      );
    });

  it("are an error if the organization may not be listed, since some could be missed", async () => {
    const refused = failed({ status: 403 });
    const found = await attempt(() =>
      resolve(lookupsOf(DATABASES, GROUPS, refused), subject({ databases: "all" })),
    );
    assert.equal(found, refused);
  });

  for (const form of ["databases", "groups"] as const)
    it(`are an error if the organization has no ${form}`, async () => {
      const found = await attempt(() => resolve(lookupsOf([], []), subject({ [form]: "all" } as Scope)));
      assert.ok(found instanceof TursoError);
      assert.equal(
        found.message,
        `Listing all ${form} of acme: there are none. Nothing was changed. Create one first, or name the ${form} in the scope.`,
      );
    });
});

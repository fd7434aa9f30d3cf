import assert from "node:assert/strict";
import { nameProblem, parseScope, targetId, type Target } from "../../src/values/scope";
import { organizationPath, permissionTo, saysNotFound, targetPath } from "../../src/turso/endpoints";

const EXPECTED =
  'exactly one of { database: "NAME" }, { group: "NAME" }, { databases: ["NAME", …] } and { groups: ["NAME", …] }';
const ALL = { lists: true };
const SHAPE = 'must start with a letter or a digit and hold only letters, digits, "-" and "_"';

const app: Target = { kind: "database", name: "app" };
const team: Target = { kind: "group", name: "team" };

describe("a scope", () => {
  for (const { scope, target } of [
    { scope: { database: "app" }, target: app },
    { scope: { group: "team" }, target: team },
    { scope: { group: "team", database: undefined }, target: team },
    { scope: { database: "app", group: null }, target: app },
    { scope: { database: "A-b_9" }, target: { kind: "database", name: "A-b_9" } },
    { scope: { database: "9" }, target: { kind: "database", name: "9" } },
    { scope: { group: "x".repeat(64) }, target: { kind: "group", name: "x".repeat(64) } },
  ])
    it(`is read: ${JSON.stringify(scope)}`, () => {
      const parsed = { scope: { kind: target.kind, isList: false, targets: [target], duplicates: [] } };
      assert.deepEqual(parseScope(scope, ALL), parsed);
      assert.deepEqual(parseScope(scope, { lists: false }), parsed);
    });

  for (const [what, scope, problem] of [
    ["is missing", undefined, `scope must be ${EXPECTED}, not nothing`],
    ["is null", null, `scope must be ${EXPECTED}, not nothing`],
    ["is a text", "app", `scope must be ${EXPECTED}, not a string`],
    ["is a number", 7, `scope must be ${EXPECTED}, not a number`],
    ["is a list", [{ database: "app" }], `scope must be ${EXPECTED}, not a list`],
    ["is empty", {}, `scope must be ${EXPECTED}; it has neither`],
    ["holds only undefined", { database: undefined }, `scope must be ${EXPECTED}; it has neither`],
    ["has two", { database: "app", group: "team" }, `scope must be ${EXPECTED}; it has database, group`],
    ["has an unknown one", { table: "app" }, `scope must be ${EXPECTED}; "table" is not known`],
    [
      "has an inherited name as its key",
      { toString: "app" },
      `scope must be ${EXPECTED}; "toString" is not known`,
    ],
    ["has a number as name", { database: 7 }, "scope.database must be a name (a string), not a number"],
    ["has an object as name", { group: {} }, "scope.group must be a name (a string), not an object"],
    ["has a list as name", { group: ["a"] }, "scope.group must be a name (a string), not a list"],
    ["has a truth value as name", { group: true }, "scope.group must be a name (a string), not a boolean"],
    ["has an empty name", { group: "" }, "scope.group must not be empty"],
    [
      "has a long name",
      { database: "x".repeat(65) },
      "scope.database is 65 characters long; at most 64 are allowed",
    ],
    ["is an empty list", { databases: [] }, "scope.databases must not be an empty list: name at least one"],
    ["is a text where a list belongs", { groups: "a" }, "scope.groups must be a list of names, not a string"],
    ["has a bad name in its list", { databases: ["app", "a/b"] }, `scope.databases[1] "a/b" ${SHAPE}`],
    ["has nothing in its list", { groups: [null] }, "scope.groups[0] must be a name (a string), not nothing"],
  ] as const)
    it(`that ${what} is refused`, () => assert.deepEqual(parseScope(scope, ALL), { problem }));

  it("may be a list, of which each member counts once", () => {
    assert.deepEqual(parseScope({ groups: ["b", "a", "b"] }, ALL), {
      scope: {
        kind: "group",
        isList: true,
        targets: [
          { kind: "group", name: "b" },
          { kind: "group", name: "a" },
        ],
        duplicates: ["b"],
      },
    });
  });

  it("that is a list is not known where only one target makes sense", () => {
    assert.deepEqual(parseScope({ databases: ["app"] }, { lists: false }), {
      problem:
        'scope must be exactly one of { database: "NAME" } and { group: "NAME" }; "databases" is not known',
    });
  });
});

describe("a name", () => {
  for (const name of [
    "a/b",
    "..",
    ".",
    "../groups/default",
    "a?b",
    "a#b",
    "a%2fb",
    "%2e%2e",
    "a b",
    " app",
    "app ",
    "-app",
    "_app",
    "a.b",
    "a\\b",
    "a:b",
    "a@b",
    "a\nb",
    "app\n",
    "a\r\nX-Header: 1",
    "a\u0000b",
    "a\u001b[31mb",
    "café",
    "база",
    "ａｐｐ",
    "🐘",
  ])
    it(`such as ${JSON.stringify(name)} is refused`, () =>
      assert.equal(nameProblem("scope.database", name), `scope.database ${JSON.stringify(name)} ${SHAPE}`));

  it("is never shown with characters that a terminal obeys or that turn the text around", () => {
    // eslint-disable-next-line no-control-regex
    const unprintable = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/;
    for (const name of ["a\u001b[2Jb", "a\u007fb", "a\u009b2Jb", "a\u202eb", "a\u2028b", "a\u2066b"])
      assert.doesNotMatch(String(nameProblem("scope.database", name)), unprintable, JSON.stringify(name));
  });

  it("that is good has no problem", () => {
    for (const name of ["app", "App-1", "0", "a_b-c", "x".repeat(64)])
      assert.equal(nameProblem("it", name), undefined);
  });
});

describe("a target", () => {
  it("has an id that names its organization, its kind and itself", () => {
    assert.equal(targetId("acme", app), "acme/databases/app");
    assert.equal(targetId("acme", team), "acme/groups/team");
  });

  it("has a path", () => {
    assert.equal(targetPath("acme", app), "/v1/organizations/acme/databases/app");
    assert.equal(targetPath("acme", team), "/v1/organizations/acme/groups/team");
  });

  it("has a path that no name can leave, even one that slipped through", () => {
    assert.equal(
      targetPath("a/b?", { kind: "database", name: "../x#%2f" }),
      "/v1/organizations/a%2Fb%3F/databases/..%2Fx%23%252f",
    );
    assert.equal(organizationPath("a/../b"), "/v1/organizations/a%2F..%2Fb");
  });

  it("has the permissions that Turso names", () => {
    assert.deepEqual(
      [app, team].flatMap((target) => [permissionTo("rotate", target), permissionTo("mint", target)]),
      ["db:rotate-creds", "db:mint-token", "group:rotate-creds", "group:mint-token"],
    );
  });

  for (const [target, text, expected] of [
    [app, "could not find database with name app: record not found", true],
    [app, "database not found", true],
    [app, "organization not found", false],
    [app, "group not found", false],
    [app, "not found", false],
    [app, "", false],
    [team, "group not found", true],
    [team, "organization not found", false],
    [team, "could not find database with name app: record not found", false],
    [team, "404 page not found", false],
  ] as const)
    it(`${target.kind} is ${expected ? "" : "not "}gone when the API says ${JSON.stringify(text)}`, () =>
      assert.equal(saysNotFound(target, text), expected));
});

import assert from "node:assert/strict";
import {
  namesOf,
  nameProblem,
  parseId,
  parseScope,
  parseSubject,
  sameTarget,
  targetId,
  targetOf,
  type Target,
} from "../../src/values/scope";

const EXPECTED =
  'exactly one of { database: "NAME" }, { group: "NAME" }, { databases: ["NAME", …] } and { groups: ["NAME", …] }, or "all" instead of a list';
const ALL = { lists: true };
const SHAPE = 'must start with a letter or a digit and contain only letters, digits, "-" and "_"';

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
    it(`may be ${JSON.stringify(scope)}`, () => {
      const parsed = {
        scope: { form: target.kind, kind: target.kind, isList: false, targets: [target], duplicates: [] },
      };
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
    ["contains only undefined", { database: undefined }, `scope must be ${EXPECTED}; it has neither`],
    ["has two keys", { database: "app", group: "team" }, `scope must be ${EXPECTED}; it has database, group`],
    ["has an unknown key", { table: "app" }, `scope must be ${EXPECTED}; "table" is not one of them`],
    [
      "has an inherited name as its key",
      { toString: "app" },
      `scope must be ${EXPECTED}; "toString" is not one of them`,
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
    [
      "is an empty list",
      { databases: [] },
      "scope.databases must not be an empty list: name at least one database",
    ],
    [
      "is a text where a list belongs",
      { groups: "a" },
      'scope.groups must be a list of names, or "all", not a string',
    ],
    ["has a bad name in its list", { databases: ["app", "a/b"] }, `scope.databases[1] "a/b" ${SHAPE}`],
    ["has nothing in its list", { groups: [null] }, "scope.groups[0] must be a name (a string), not nothing"],
  ] as const)
    it(`that ${what} is invalid`, () => assert.deepEqual(parseScope(scope, ALL), { problem }));

  it("may be a list, in which each name counts once", () => {
    assert.deepEqual(parseScope({ groups: ["b", "a", "b"] }, ALL), {
      scope: {
        form: "groups",
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

  it("must not be a list where only a single target makes sense", () => {
    assert.deepEqual(parseScope({ databases: ["app"] }, { lists: false }), {
      problem:
        'scope must be exactly one of { database: "NAME" } and { group: "NAME" }; "databases" is not one of them',
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
    it(`such as ${JSON.stringify(name)} is invalid`, () =>
      assert.equal(nameProblem("scope.database", name), `scope.database ${JSON.stringify(name)} ${SHAPE}`));

  it("is never shown with characters that control a terminal or change the direction of text", () => {
    // eslint-disable-next-line no-control-regex
    const unprintable = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/;
    for (const name of ["a\u001b[2Jb", "a\u007fb", "a\u009b2Jb", "a\u202eb", "a\u2028b", "a\u2066b"])
      assert.doesNotMatch(String(nameProblem("scope.database", name)), unprintable, JSON.stringify(name));
  });

  it("that is valid has no problem", () => {
    for (const name of ["app", "App-1", "0", "a_b-c", "x".repeat(64)])
      assert.equal(nameProblem("it", name), undefined);
  });
});

describe("a target", () => {
  it("has an id that names its organization, its kind and itself", () => {
    assert.equal(targetId("acme", app), "acme/databases/app");
    assert.equal(targetId("acme", team), "acme/groups/team");
  });
});

describe("a target's identity", () => {
  it("is its kind and its name", () => {
    assert.equal(sameTarget(app, { ...app }), true);
    assert.equal(sameTarget(app, { kind: "database", name: "App" }), false);
    assert.equal(sameTarget(app, { kind: "group", name: "app" }), false);
    assert.deepEqual(namesOf([app, team]), ["app", "team"]);
  });
});

describe("the id of a resource", () => {
  for (const [scope, id] of [
    [{ database: "app" }, "acme/databases/app"],
    [{ group: "team" }, "acme/groups/team"],
    [{ databases: ["app"] }, "acme/databases"],
    [{ groups: ["team", "other"] }, "acme/groups"],
  ] as const)
    it(`with the scope ${JSON.stringify(scope)} is ${id}`, () => {
      const subject = parseSubject({ organization: "acme", scope });
      assert.deepEqual([subject.id, subject.organization], [id, "acme"]);
    });

  it("exists only for a valid scope", () =>
    assert.throws(() => parseSubject({ organization: "acme", scope: { database: "a/b" } }), {
      message: `scope.database "a/b" ${SHAPE}.`,
    }));

  for (const [id, parsed] of [
    ["acme/databases/app", { organization: "acme", scope: { database: "app" } }],
    ["acme/groups/team", { organization: "acme", scope: { group: "team" } }],
    ["acme/databases", undefined],
    ["acme", undefined],
    ["", undefined],
    ["acme/tables/app", undefined],
    ["acme/databases/app/more", undefined],
    ["/databases/app", undefined],
    ["acme/databases/", undefined],
    ["-/databases/app", undefined],
  ] as const)
    it(`${JSON.stringify(id)} names ${parsed ? "its scope" : "no scope"}`, () =>
      assert.deepEqual(parseId(id), parsed));
});

describe("the scope of a resource", () => {
  for (const [scope, id, targets] of [
    [{ database: "app" }, "acme/databases/app", [app]],
    [{ group: "team" }, "acme/groups/team", [team]],
    [{ databases: ["app"] }, "acme/databases", [app]],
    [{ groups: ["team"] }, "acme/groups", [team]],
    [{ databases: "all" }, "acme/databases", "all"],
    [{ groups: "all" }, "acme/groups", "all"],
  ] as const)
    it(`${JSON.stringify(scope)} has the id ${id}${id.split("/").length === 3 ? ", and one target" : ", and no single target"}`, () => {
      const subject = parseSubject({ organization: "acme", scope });
      assert.deepEqual([subject.id, subject.targets, subject.duplicates], [id, targets, []]);
      if (subject.isList) assert.throws(() => targetOf(subject), /is a list, which is not one target\.$/);
      else assert.deepEqual(targetOf(subject), targets[0]);
    });
});

import assert from "node:assert/strict";
import { UNKNOWN } from "../../src/core/unknown";
import { FakeTurso, harmlessFailure, inputs } from "../support/fake-turso";

const EXPECTED =
  'exactly one of { database: "NAME" }, { group: "NAME" }, { databases: ["NAME", …] } and { groups: ["NAME", …] }, or "all" instead of a list';
const NO_SCOPE =
  'scope is missing: give it one of { database: "NAME" }, { group: "NAME" }, { databases: [...] }, { groups: [...] }; "all" instead of a list means every one.';
const SHAPE = 'must start with a letter or a digit and contain only letters, digits, "-" and "_".';
const NO_TRIGGER =
  "trigger is missing: give it any JSON value, such as a date or a counter from the stack's config, or give rotateEvery. Changing the trigger rotates.";
const NO_ORGANIZATION =
  "The organization is missing. Set it with `pulumi config set turso:organization SLUG`, in the environment as TURSO_ORGANIZATION, or as the argument `organization`.";

describe("the check of a TokenRotation", () => {
  const turso = FakeTurso.use();
  const good = { scope: { database: "app" }, trigger: 1 };

  describe("rejects without a request:", () => {
    const bad: [what: string, news: Record<string, unknown>, property: string, reason: string][] = [
      ["no scope", { trigger: 1 }, "scope", NO_SCOPE],
      ["a null scope", { ...good, scope: null }, "scope", NO_SCOPE],
      ["an empty scope", { ...good, scope: {} }, "scope", `scope must be ${EXPECTED}; it has neither.`],
      [
        "two scopes",
        { ...good, scope: { database: "app", group: "default" } },
        "scope",
        `scope must be ${EXPECTED}; it has database, group.`,
      ],
      [
        "a scope that is a string",
        { ...good, scope: "app" },
        "scope",
        `scope must be ${EXPECTED}, not a string.`,
      ],
      [
        "a scope with an unknown key",
        { ...good, scope: { db: "app" } },
        "scope",
        `scope must be ${EXPECTED}; "db" is not one of them.`,
      ],
      ["an empty name", { ...good, scope: { group: "" } }, "scope", "scope.group must not be empty."],
      [
        "a number as the name",
        { ...good, scope: { group: 7 } },
        "scope",
        "scope.group must be a name (a string), not a number.",
      ],
      [
        "a long name",
        { ...good, scope: { database: "x".repeat(200) } },
        "scope",
        "scope.database is 200 characters long; at most 64 are allowed.",
      ],
      ...["a/b", "..", "a?b", "a#b", "a%2fb", "a b", "a\u0000b", "é", "../../groups/default"].map(
        (name): [string, Record<string, unknown>, string, string] => [
          `the name ${JSON.stringify(name)}`,
          { ...good, scope: { database: name } },
          "scope",
          `scope.database ${JSON.stringify(name)} ${SHAPE}`,
        ],
      ),
      ["no trigger", { scope: good.scope }, "trigger", NO_TRIGGER],
      ["a null trigger", { ...good, trigger: null }, "trigger", NO_TRIGGER],
      [
        "an invalid rotateOnCreate",
        { ...good, rotateOnCreate: "yes" },
        "rotateOnCreate",
        "rotateOnCreate must be true or false.",
      ],
      [
        "a numeric rotateOnCreate",
        { ...good, rotateOnCreate: 0 },
        "rotateOnCreate",
        "rotateOnCreate must be true or false.",
      ],
      [
        "an invalid groupImpact",
        { ...good, groupImpact: "ignore" },
        "groupImpact",
        'groupImpact must be one of "warn", "refuse".',
      ],
      [
        "a groupImpact of another type",
        { ...good, groupImpact: true },
        "groupImpact",
        'groupImpact must be one of "warn", "refuse".',
      ],
      ...[0, 1.5, "2"].map((maxUnavailable): [string, Record<string, unknown>, string, string] => [
        `the maxUnavailable ${JSON.stringify(maxUnavailable)}`,
        { ...good, maxUnavailable },
        "maxUnavailable",
        "maxUnavailable must be a whole number from 1 to 10000.",
      ]),
      [
        "an empty organization",
        { ...good, organization: "" },
        "organization",
        "organization must not be empty.",
      ],
      [
        "an organization that is a path",
        { ...good, organization: "acme/../other" },
        "organization",
        `organization "acme/../other" ${SHAPE}`,
      ],
      [
        "an organization that is an object",
        { ...good, organization: {} },
        "organization",
        "organization must be a name (a string), not an object.",
      ],
    ];
    for (const [what, news, property, reason] of bad)
      it(what, async () => {
        for (const olds of [{}, { ...inputs() }])
          assert.deepEqual(await turso.logic().check(olds, news), {
            additions: {},
            problems: [{ property, reason }],
          });
        assert.deepEqual([turso.requests(), turso.messages], [[], []]);
      });

    it("an unknown argument, and lists the known ones", async () => {
      const { problems } = await turso.logic().check({}, { ...good, rotateEvry: "90d" });
      assert.equal(problems.length, 1);
      assert.equal(problems[0]?.property, "rotateEvry");
      assert.match(
        problems[0].reason,
        /^rotateEvry is not an argument of TokenRotation\. Its arguments are scope, organization, trigger, /,
      );
      assert.deepEqual(turso.requests(), []);
    });

    it("a missing organization, and names each place to set it", async () => {
      const { problems } = await turso.logic({ organization: undefined }).check({}, good);
      assert.deepEqual(problems, [{ property: "organization", reason: NO_ORGANIZATION }]);
      assert.deepEqual(turso.requests(), []);
    });

    it("and reports every invalid argument in one run", async () => {
      const news = { scope: {}, rotateOnCreate: "x", groupImpact: "y", more: 1 };
      const { problems } = await turso.logic({ organization: undefined }).check({}, news);
      assert.deepEqual(problems.map(({ property }) => property).sort(), [
        "groupImpact",
        "more",
        "organization",
        "rotateOnCreate",
        "scope",
        "trigger",
      ]);
    });
  });

  it("accepts each optional argument that is absent, null or not known yet", async () => {
    const later = { rotateOnCreate: UNKNOWN, groupImpact: UNKNOWN, trigger: { a: [UNKNOWN] } };
    for (const more of [
      { rotateOnCreate: null, groupImpact: undefined },
      { rotateOnCreate: false, groupImpact: "refuse" },
      later,
    ])
      assert.deepEqual((await turso.logic().check({ ...inputs() }, { ...good, ...more })).problems, []);
  });

  it("accepts a missing API token; the create rejects it, names both places to set it and sends nothing", async () => {
    const error = await harmlessFailure(turso.logic({ apiToken: undefined }).create(inputs()));
    assert.equal(
      error.message,
      "Looking up acme/databases/app: there is no API token. Nothing was changed. Set it with `pulumi config set --secret turso:apiToken`, which prompts for it, or in the environment as TURSO_API_TOKEN.",
    );
    assert.deepEqual(turso.requests(), []);
  });
});

import assert from "node:assert/strict";
import { Context } from "../../src/core/context";
import { UNKNOWN } from "../../src/core/unknown";
import { checkCalendar, checkRotation } from "../../src/token/checks";
import type { FollowedRotation, TokenInputs } from "../../src/token/state";
import { parseSubject, type Scope } from "../../src/values/scope";
import { FakeTurso } from "../support/fake-turso";

type Given = Partial<Record<keyof FollowedRotation, unknown>>;

describe("whether a rotation covers the token that follows it", () => {
  const turso = FakeTurso.use();

  /** The problem that the check finds, if there is one. */
  async function problemOf(scope: Scope, rotation: unknown, isNew = true): Promise<string | undefined> {
    const context = turso.context({ clock: () => new Date() });
    const inputs = { scope, organization: "acme", rotation } as TokenInputs;
    const problems = await checkRotation(context, parseSubject(inputs), inputs, isNew);
    assert.ok(problems.length <= 1 && problems.every(({ property }) => property === "rotation"));
    return problems[0]?.reason;
  }
  const of = (scope: unknown, changes: Given = {}) => ({
    scope,
    organization: "acme",
    rotations: {},
    ...changes,
  });
  const APP = { database: "app" };
  const GROUP = { group: "default" };
  const not = (covered: string, id: string, what = `add a rotation of ${id}`): string =>
    `rotation covers ${covered}, not ${id}: ${what}`;
  const ITS_SCOPE = ", or give this token the rotation's scope.";

  for (const [what, scope, rotation] of [
    ["there is no rotation", APP, undefined],
    ["the rotation is null", APP, null],
    ["it is of the same database", APP, of(APP)],
    ["its list names the database", APP, of({ databases: ["reports", "app"] })],
    ["it is of all databases", APP, of({ databases: "all" })],
    ["it is of the same group", GROUP, of(GROUP)],
    ["its list names the group", GROUP, of({ groups: ["solo", "default"] })],
    ["it is of all groups", GROUP, of({ groups: "all" })],
    ["it is of all groups, and the token of a database", APP, of({ groups: "all" })],
    ["its scope is not known yet", APP, of(UNKNOWN)],
    ["its organization is not known yet", APP, of(GROUP, { organization: UNKNOWN })],
    ["its scope is missing, because the rotation failed", APP, of(undefined)],
    ["its organization is missing", APP, of({ database: "reports" }, { organization: undefined })],
  ] as const)
    it(`is fine, without a request, if ${what}`, async () => {
      assert.equal(await problemOf(scope, rotation), undefined);
      assert.deepEqual([turso.requests(), turso.warnings], [[], []]);
    });

  for (const [what, scope, rotation, reason] of [
    [
      "a different organization",
      APP,
      of(APP, { organization: "other" }),
      'rotation is of the organization "other", and this token of "acme": a token follows a rotation of its own organization.',
    ],
    [
      "a different database",
      APP,
      of({ database: "reports" }),
      not("acme/databases/reports", "acme/databases/app") + ITS_SCOPE,
    ],
    [
      "a long list without it, of which it names five",
      APP,
      of({ databases: ["a", "b", "c", "d", "e", "f"] }),
      not(
        ["a", "b", "c", "d", "e"].map((name) => `acme/databases/${name}`).join(", "),
        "acme/databases/app",
      ) + ITS_SCOPE,
    ],
    [
      "all databases, for a group's token",
      GROUP,
      of({ databases: "all" }),
      not("the databases of acme", "acme/groups/default") + ITS_SCOPE,
    ],
    [
      "one database, for a group's token",
      GROUP,
      of(APP),
      not("acme/databases/app", "acme/groups/default") + ITS_SCOPE,
    ],
    [
      "a different group, for a group's token",
      GROUP,
      of({ group: "solo" }),
      `${not("acme/groups/solo", "acme/groups/default")}.`,
    ],
    [
      "a group that the database is not in",
      APP,
      of({ groups: ["solo", "bare"] }),
      not(
        "acme/groups/solo, acme/groups/bare",
        "acme/databases/app",
        'the database is in the group "default".',
      ),
    ],
  ] as const)
    it(`is a problem with a rotation of ${what}`, async () => {
      assert.equal(await problemOf(scope, rotation), reason);
    });

  it("is looked up for a new token of a database that follows a group, and only then", async () => {
    assert.equal(await problemOf(APP, of(GROUP)), undefined);
    assert.deepEqual(turso.requests(), ["GET ~/databases/app 200"]);
    turso.emulator.clearLog();
    assert.equal(await problemOf(APP, of({ group: "solo" }), false), undefined);
    assert.deepEqual(turso.requests(), []);
  });

  it("is a warning if that lookup fails", async () => {
    turso.onLookUp({ type: "status", status: 403, body: '{"error":"no"}' });
    assert.equal(await problemOf(APP, of(GROUP)), undefined);
    assert.deepEqual(turso.warnings, [
      "acme/databases/app: whether its rotation covers it could not be looked up (the API answered 403 (no)).",
    ]);
  });
});

describe("the durations of a token", () => {
  const warningsOf = (inputs: Record<string, unknown>): string[] => {
    const warnings: string[] = [];
    const settings = {
      apiUrl: "http://127.0.0.1:1",
      apiToken: "",
      apiTokenOrigin: "",
      organization: "acme",
      organizationIsConfigured: true,
    };
    const notify = (level: string, text: string) => {
      if (level === "warning") warnings.push(text);
    };
    const context = new Context({ settings, clock: () => new Date(), notify });
    const given = { scope: { database: "app" }, organization: "acme", ...inputs } as unknown as TokenInputs;
    checkCalendar(context, parseSubject(given), given);
    return warnings;
  };
  const every = (rotateEvery: unknown) => ({ rotation: { rotateEvery } });

  for (const [inputs, about] of [
    [{}, []],
    [{ renewBefore: "9d" }, []],
    [{ expiration: "never", renewBefore: "9d", ...every("1d") }, []],
    [{ expiration: "2d", renewBefore: "1d" }, []],
    [{ expiration: "1d", renewBefore: "1d" }, ["renewBefore"]],
    [{ expiration: "1d", renewBefore: "2d" }, ["renewBefore"]],
    [{ expiration: "1d", ...every("1d") }, []],
    [{ expiration: "1d", ...every("25h") }, ["expires"]],
    [{ expiration: "1d", renewBefore: "1h", ...every("25h") }, []],
    [{ expiration: "1d", renewBefore: "2d", ...every("25h") }, ["renewBefore"]],
    [{ expiration: UNKNOWN, renewBefore: "1d" }, []],
    [{ expiration: "1d", renewBefore: UNKNOWN }, []],
    [{ expiration: "1d", ...every(UNKNOWN) }, []],
    [{ expiration: "1d", ...every(null) }, []],
    [{ expiration: "nonsense", ...every("1d") }, []],
  ] as const)
    it(`are worth ${about.length} warnings: ${Object.keys(inputs).join(", ")} ${JSON.stringify(Object.values(inputs))}`, () => {
      const found = warningsOf(inputs);
      assert.equal(found.length, about.length, found.join("\n"));
      for (const [i, word] of about.entries()) assert.ok(found[i]?.includes(word));
    });
});

import assert from "node:assert/strict";
import {
  bystanders,
  describeBlastRadius,
  groupsOfDatabases,
  wholeGroups,
  type BlastRadius,
} from "../../src/core/blast-radius";
import { NOW, FakeTurso, harmlessFailure, inputs, state } from "../support/fake-turso";

const REFUSED =
  'Rotating acme/databases/app: groupImpact is "refuse", and this invalidates every token of the database, and on some servers the tokens of its whole group "default": 1 other database (reports). Nothing was changed. Rotate the group "default" instead, move the database to a group of its own, or set groupImpact to "warn".';

describe("before it rotates, a TokenRotation", () => {
  const turso = FakeTurso.use();

  for (const path of ["create", "update"] as const) {
    const act = (changes: Parameters<typeof inputs>[0], apiToken = turso.emulator.apiToken) =>
      path === "create"
        ? turso
            .logic({ apiToken })
            .create(inputs({ ...changes, trigger: "2" }))
            .then((created) => created.state)
        : turso.logic({ apiToken }).update(state(changes), inputs({ ...changes, trigger: "2" }));

    describe(`in the ${path}`, () => {
      it("stops if other databases of the group may be affected and groupImpact is refuse", async () => {
        const error = await harmlessFailure(act({ groupImpact: "refuse" }));
        assert.equal(error.message, REFUSED);
        assert.deepEqual([turso.rotateRequests(), turso.rotations()], [[], []]);
      });

      it("continues if no other database is affected and groupImpact is refuse", async () => {
        await act({ groupImpact: "refuse", scope: { database: "lone" } });
        await act({ groupImpact: "refuse", scope: { group: "default" } });
        assert.deepEqual(turso.rotations(), ["database lone", "group default"]);
      });

      for (const groupImpact of ["warn", undefined] as const)
        it(`continues if other databases may be affected and groupImpact is ${groupImpact ?? "absent"}`, async () => {
          await act(groupImpact && { groupImpact });
          assert.deepEqual(turso.rotations(), ["database app"]);
        });

      it("continues with a warning if the API token may rotate but not read", async () => {
        await act({}, turso.emulator.createApiToken({ permissions: ["db:rotate-creds"] }));
        assert.deepEqual(turso.rotations(), ["database app"]);
        assert.equal(
          turso.warnings[0],
          "acme/databases/app: its blast radius could not be looked up (the API answered 403 (forbidden: the API token lacks the permission read)); continuing.",
        );
      });

      it("stops if the API token may not read and groupImpact is refuse", async () => {
        const readless = turso.emulator.createApiToken({ permissions: ["db:rotate-creds"] });
        const error = await harmlessFailure(
          act({ groupImpact: "refuse", scope: { database: "lone" } }, readless),
        );
        assert.equal(
          error.message,
          "Looking up acme/databases/lone: the API answered 403 (forbidden: the API token lacks the permission read). Nothing was changed. The API token, read from the environment's TURSO_API_TOKEN, lacks the scope read. Scopes cannot be added to a token: mint a new one that has it, and set it there.",
        );
        assert.deepEqual([turso.rotateRequests(), turso.rotations()], [[], []]);
      });

      for (const [scope, id, said] of [
        [{ database: "typo" }, "databases/typo", "could not find database with name typo: record not found"],
        [{ group: "typo" }, "groups/typo", "group not found"],
      ] as const)
        it(`stops if ${id} does not exist`, async () => {
          const kind = "group" in scope ? "group" : "database";
          const error = await harmlessFailure(act({ scope }));
          assert.equal(
            error.message,
            `Looking up acme/${id}: the API answered 404 (${said}). Nothing was changed. Check the name of the ${kind} "typo" and the organization "acme".`,
          );
          assert.deepEqual(turso.rotateRequests(), []);
        });

      it("stops if the API token is wrong", async () => {
        const error = await harmlessFailure(act({}, "wrong"));
        assert.equal(
          error.message,
          "Looking up acme/databases/app: the API answered 401 (unauthorized: missing or unknown API token). Nothing was changed. The API token, read from the environment's TURSO_API_TOKEN, is wrong or has expired. Mint a new one (turso auth api-tokens mint NAME --org acme) and set it there.",
        );
        assert.deepEqual(turso.rotateRequests(), []);
      });

      it("stops if the API cannot answer the lookup", async () => {
        turso.onLookUp({ type: "status", status: 500 }, 9);
        const error = await harmlessFailure(act({}));
        assert.equal(
          error.message,
          "Looking up acme/databases/app: the API answered 500 (fault: status 500). Nothing was changed. Try again. If it keeps failing, ask Turso's support.",
        );
        assert.deepEqual(turso.rotateRequests(), []);
      });
    });
  }

  it("retries a lookup whose connection drops", async () => {
    turso.onLookUp({ type: "drop" });
    const { rotatedAt } = (await turso.logic().create(inputs())).state;
    assert.deepEqual([rotatedAt, turso.rotations()], [NOW, ["database app"]]);
  });

  it("names five of the other databases and counts the rest", async () => {
    turso.emulator.platform.createGroup("crowd");
    for (const n of [1, 2, 3, 4, 5, 6, 7, 8]) await turso.emulator.platform.createDatabase(`c${n}`, "crowd");
    const error = await harmlessFailure(
      turso.logic().create(inputs({ scope: { database: "c3" }, groupImpact: "refuse" })),
    );
    assert.match(error.message, /"crowd": 7 other databases \(c1, c2, c4, c5, c6 and 2 more\)\. Nothing/);
  });
});

const DEFAULT = ["app", "reports"];
const SMALL = ["tiny"];

const of = (name: string, group: string, databases: string[]): BlastRadius => ({
  target: { kind: "database", name },
  endpoint: { group },
  databases,
  neighbours: [],
  endpoints: new Map(),
});
const ofGroup = (name: string, databases: string[]): BlastRadius => ({
  target: { kind: "group", name },
  endpoint: { group: name },
  databases,
  neighbours: [],
  endpoints: new Map(),
});
const app = of("app", "default", DEFAULT);
const reports = of("reports", "default", DEFAULT);
const tiny = of("tiny", "small", SMALL);
const alone = of("alone", "", ["alone"]);

describe("the sentence about a blast radius", () => {
  const ROWS: [radii: BlastRadius[], text: string][] = [
    [[], "its blast radius could not be looked up"],
    [[alone], "this invalidates every token of the database"],
    [[tiny], 'this invalidates every token of the database; no other database is in the group "small"'],
    [
      [app],
      'this invalidates every token of the database, and on some servers the tokens of its whole group "default": 1 other database (reports)',
    ],
    [
      [app, reports],
      'this invalidates every token of 2 databases (app, reports); no other database is in the group "default"',
    ],
    [
      [tiny, app, reports],
      "this invalidates every token of 3 databases (tiny, app, reports); no other database is in their groups",
    ],
    [
      [app, tiny, alone],
      'this invalidates every token of 3 databases (app, tiny, alone), and on some servers the tokens of their whole groups "default", "small": 1 other database (reports)',
    ],
    [
      [ofGroup("default", DEFAULT)],
      "this invalidates every token of the group and of its 2 databases (app, reports)",
    ],
    [[ofGroup("bare", [])], "this invalidates every token of the group, which has no databases yet"],
    [
      [ofGroup("bare", []), ofGroup("new", [])],
      "this invalidates every token of 2 groups (bare, new), which have no databases yet",
    ],
    [
      [ofGroup("small", SMALL), ofGroup("bare", [])],
      "this invalidates every token of 2 groups (small, bare) and of their 1 database (tiny)",
    ],
  ];
  for (const [radii, text] of ROWS) it(text, () => assert.equal(describeBlastRadius(radii), text));
});

describe("the databases and groups within a blast radius", () => {
  it("are bystanders if the resource does not name them", () => {
    assert.deepEqual(bystanders(app, new Set(["app"])), ["reports"]);
    assert.deepEqual(bystanders(app, new Set(["app", "reports"])), []);
    assert.deepEqual(bystanders(ofGroup("default", DEFAULT), new Set(["default"])), []);
  });

  it("are the groups of the databases, each once", () =>
    assert.deepEqual(groupsOfDatabases([app, reports, tiny, alone, ofGroup("other", [])]), [
      "default",
      "small",
    ]));

  it("are whole groups if a list names each of several databases", () => {
    assert.deepEqual(wholeGroups([app, reports, tiny, alone]), ["default"]);
    assert.deepEqual(wholeGroups([app, tiny]), []);
    assert.deepEqual(wholeGroups([of("app", "", DEFAULT), of("reports", "", DEFAULT)]), []);
    assert.deepEqual(wholeGroups([ofGroup("app", DEFAULT), ofGroup("reports", DEFAULT)]), []);
  });
});

import assert from "node:assert/strict";
import { endpointOf, lookUp, requireExists, survey, type Survey } from "../../src/core/blast-radius";
import type { Lookups } from "../../src/core/lookup-cache";
import type { Database } from "../../src/turso/client";
import { TursoError } from "../../src/turso/errors";
import type { Target } from "../../src/values/scope";

const database = (Name: string, group: string, DbId?: string): Database => ({
  Name,
  group,
  Hostname: `${Name}.example.com`,
  ...(DbId !== undefined && { DbId }),
});
const failed = (status?: number, isTooLarge = false): TursoError =>
  new TursoError({
    attempted: "looking",
    answer: "no",
    effect: "unchanged",
    next: "Wait.",
    status,
    isTooLarge,
  });

const ALL = [database("app", "default", "id-1"), database("reports", "default"), database("alone", "")];
const EMPTY_GROUP = "bare";
const of = (kind: Target["kind"], ...names: string[]): Target[] => names.map((name) => ({ kind, name }));
const target = (kind: Target["kind"], name: string): Target => ({ kind, name });

/** Lookups in three databases and an empty group, with a record of the questions. */
function lookupsOf(listing?: TursoError): { lookups: Lookups; asked: string[] } {
  const asked: string[] = [];
  const lookups: Lookups = {
    getDatabase: (name) => {
      asked.push(`database ${name}`);
      const found = ALL.find(({ Name }) => Name === name);
      return found ? Promise.resolve(found) : Promise.reject(failed(404));
    },
    getGroup: (name) => {
      asked.push(`group ${name}`);
      return ["default", EMPTY_GROUP].includes(name) ? Promise.resolve() : Promise.reject(failed(404));
    },
    listGroups: () => Promise.resolve(["default", EMPTY_GROUP]),
    listDatabases: (group) => {
      asked.push(group === undefined ? "listing" : `listing of ${group}`);
      if (group === undefined && listing) return Promise.reject(listing);
      return Promise.resolve(ALL.filter((each) => group === undefined || each.group === group));
    },
  };
  return { lookups, asked };
}

const summary = (found: Survey): Record<string, unknown> =>
  Object.fromEntries(
    [...found].map(([name, each]) => [name, each instanceof TursoError ? each.status : each.databases]),
  );

describe("the lookup of one target", () => {
  it("finds a database's hostname and id, and the databases of its group", async () => {
    const app = { hostname: "app.example.com", group: "default", databaseId: "id-1" };
    const reports = { hostname: "reports.example.com", group: "default" };
    assert.deepEqual(await lookUp(lookupsOf().lookups, target("database", "app")), {
      target: target("database", "app"),
      endpoint: app,
      databases: ["app", "reports"],
      neighbours: [{ name: "reports", hostname: "reports.example.com" }],
      endpoints: new Map([
        ["app", app],
        ["reports", reports],
      ]),
    });
  });

  it("of a database without a group finds only itself, without a listing", async () => {
    const { lookups, asked } = lookupsOf();
    const { endpoint, databases } = await lookUp(lookups, target("database", "alone"));
    assert.deepEqual(endpoint, { hostname: "alone.example.com", group: "" });
    assert.deepEqual(databases, ["alone"]);
    assert.deepEqual(asked, ["database alone"]);
  });

  it("of a group finds a database to try tokens on, if there is one", async () => {
    const full = await lookUp(lookupsOf().lookups, target("group", "default"));
    assert.deepEqual(
      [full.endpoint.hostname, full.endpoint.group, full.databases],
      ["app.example.com", "default", ["app", "reports"]],
    );
    const bare = await lookUp(lookupsOf().lookups, target("group", EMPTY_GROUP));
    assert.deepEqual([bare.endpoint, bare.databases], [{ group: EMPTY_GROUP }, []]);
  });

  it("asks for no more than a token needs", async () => {
    const { lookups, asked } = lookupsOf();
    assert.equal((await endpointOf(lookups, target("database", "app"))).hostname, "app.example.com");
    assert.deepEqual(asked, ["database app"]);
    assert.equal((await endpointOf(lookups, target("group", "default"))).hostname, "app.example.com");
  });

  for (const kind of ["database", "group"] as const)
    it(`of a ${kind} that does not exist fails`, async () => {
      await assert.rejects(lookUp(lookupsOf().lookups, target(kind, "typo")), TursoError);
      await assert.rejects(requireExists(lookupsOf().lookups, target(kind, "typo")), TursoError);
      await requireExists(lookupsOf().lookups, target(kind, kind === "group" ? "default" : "app"));
    });
});

describe("the lookup of many targets", () => {
  it("asks for each of two", async () => {
    const { lookups, asked } = lookupsOf();
    const found = await survey(lookups, of("database", "app", "typo"), 1);
    assert.deepEqual(summary(found), { app: ["app", "reports"], typo: 404 });
    assert.deepEqual(asked, ["database app", "listing of default", "database typo"]);
  });

  it("asks for one listing of three, and only for those that it does not contain", async () => {
    const { lookups, asked } = lookupsOf();
    const found = await survey(lookups, of("database", "app", "alone", "typo"), 2);
    assert.deepEqual(summary(found), { app: ["app", "reports"], alone: ["alone"], typo: 404 });
    assert.deepEqual(asked, ["listing", "database typo"]);
  });

  it("finds groups in the listing by their first database, and looks up the empty ones", async () => {
    const { lookups, asked } = lookupsOf();
    const found = await survey(lookups, of("group", "default", EMPTY_GROUP, "typo"), 1);
    assert.deepEqual(summary(found), { default: ["app", "reports"], [EMPTY_GROUP]: [], typo: 404 });
    const first = found.get("default");
    assert.ok(first && !(first instanceof TursoError));
    assert.equal(first.endpoint.hostname, "app.example.com");
    assert.deepEqual(asked.slice(0, 2), ["listing", `group ${EMPTY_GROUP}`]);
  });

  for (const [why, listing] of [
    ["the API token may not list the organization", failed(403)],
    ["the listing is too large to read", failed(undefined, true)],
  ] as const)
    it(`asks for each if ${why}`, async () => {
      const { lookups, asked } = lookupsOf(listing);
      const found = await survey(lookups, of("database", "app", "alone", "typo"), 1);
      assert.deepEqual(summary(found), { app: ["app", "reports"], alone: ["alone"], typo: 404 });
      assert.equal(asked.filter((each) => each.startsWith("database ")).length, 3);
    });

  it("fails for each if the listing fails for another reason, without further requests", async () => {
    const { lookups, asked } = lookupsOf(failed(500));
    const found = await survey(lookups, of("database", "app", "alone", "typo"), 1);
    assert.deepEqual(summary(found), { app: 500, alone: 500, typo: 500 });
    assert.deepEqual(asked, ["listing"]);
  });

  it("passes on an error that is not about Turso, because it is a bug", async () => {
    const broken = { ...lookupsOf().lookups, getDatabase: () => Promise.reject(new RangeError("bug")) };
    await assert.rejects(survey(broken, of("database", "app"), 1), RangeError);
  });
});

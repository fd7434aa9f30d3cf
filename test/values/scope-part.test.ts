import assert from "node:assert/strict";
import type { Scope } from "../../src/values/scope";
import { rotationsPart, scopePart } from "../../src/values/scope-part";

const NAMES = ["a", "b", "c", "d", "e", "f", "g"];
const FIRST_FIVE = ["a", "b", "c", "d", "e"];
const DATABASE = { database: "f" };
const GROUP = { group: "f" };

describe("the part of a scope that a target needs", () => {
  const ROWS: [what: string, covered: Scope, mine: Scope, expected: Scope][] = [
    ["is the database that a list has", { databases: NAMES }, DATABASE, DATABASE],
    ["is the group that a list has", { groups: NAMES }, GROUP, GROUP],
    ["is the database if all are covered", { databases: "all" }, DATABASE, DATABASE],
    ["is the group if all are covered", { groups: "all" }, GROUP, GROUP],
    [
      "is the beginning of a list that lacks the database",
      { databases: NAMES },
      { database: "z" },
      { databases: FIRST_FIVE },
    ],
    [
      "is the beginning of a list that lacks the group",
      { groups: NAMES },
      { group: "z" },
      { groups: FIRST_FIVE },
    ],
    ["is a short list that lacks the database", { databases: ["a"] }, DATABASE, { databases: ["a"] }],
    ["is a whole list of groups for a database", { groups: NAMES }, DATABASE, { groups: NAMES }],
    ["is a whole list of databases for a group", { databases: NAMES }, GROUP, { databases: NAMES }],
    ["is all groups for a database", { groups: "all" }, DATABASE, { groups: "all" }],
    ["is the single target", { database: "a" }, DATABASE, { database: "a" }],
    ["is the single group", { group: "a" }, DATABASE, { group: "a" }],
  ];
  for (const [what, covered, mine, expected] of ROWS)
    it(what, () => assert.deepEqual(scopePart(covered, mine), expected));
});

describe("the rotations of a scope", () => {
  const ALL = { a: "1", b: "2" };
  const ROWS: [what: string, scope: Scope, expected: Record<string, string>][] = [
    ["are its database's", { database: "a" }, { a: "1" }],
    ["are its group's", { group: "b" }, { b: "2" }],
    ["are none if its target was never rotated", { database: "z" }, {}],
    ["are none for a name that every object has", { database: "constructor" }, {}],
    ["are all of a list", { databases: ["a"] }, ALL],
    ["are all of a list of groups", { groups: "all" }, ALL],
  ];
  for (const [what, scope, expected] of ROWS)
    it(what, () => assert.deepEqual(rotationsPart(ALL, scope), expected));
});

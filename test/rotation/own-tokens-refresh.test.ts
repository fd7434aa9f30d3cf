import assert from "node:assert/strict";
import type { Context } from "../../src/core/context";
import { deadTokens, recreated } from "../../src/rotation/own-tokens";
import type { TursoClient } from "../../src/turso/client";
import { state } from "../support/fake-turso";
import { parseSubject } from "../../src/values/scope";
import { failedLookup } from "./results";
import { ACCEPTED, Organization, REJECTED, UNCLEAR, database, group } from "./run/organization";

const TEAM = { team: ["a", "b"] };
const A = database("a");

describe("a refresh of tokens", () => {
  const at = (databaseId?: string, inGroup = "team") => ({
    group: inGroup,
    hostname: "a",
    ...(databaseId && { databaseId }),
  });

  for (const [what, before, now, expected] of [
    ["made again under its name", "1", "2", ["a"]],
    ["the same", "1", "1", []],
    ["of an id that is not known now", "1", undefined, []],
    ["of an id that was not known then", undefined, "2", []],
  ] as const)
    it(`finds ${expected.length === 0 ? "nothing for " : ""}a database that is ${what}`, () => {
      const radius = { ...new Organization(TEAM).radius(A), endpoints: new Map([["a", at(now)]]) };
      const saved = state({ tokens: { a: "t" }, endpoints: { a: at(before) } });
      assert.deepEqual(recreated(saved, new Map([["a", radius]])), expected);
      assert.deepEqual(recreated(saved, new Map([["a", failedLookup(403)]])), []);
      assert.deepEqual(recreated(saved, new Map()), []);
      assert.deepEqual(recreated(saved, new Map([["a", { ...radius, target: group("a") }]])), []);
      assert.deepEqual(recreated(state(), new Map([["a", radius]])), []);
    });

  for (const [per, expected] of [
    ["database", ["team"]],
    [undefined, []],
  ] as const)
    it(`finds ${per ? "the group" : "nothing for a group's own token"} if one of its databases was made again${per ? ", with per" : ""}`, () => {
      const found = { ...new Organization(TEAM).radius(group("team")), endpoints: new Map([["a", at("2")]]) };
      const name = per ? "a" : "team";
      const saved = state({
        scope: { group: "team" },
        mint: per ? { per } : {},
        tokens: { [name]: "t" },
        endpoints: { [name]: at("1") },
      });
      assert.deepEqual(recreated(saved, new Map([["team", found]])), expected);
    });

  for (const [per, expected] of [
    [undefined, ["a"]],
    ["database", ["team"]],
  ] as const)
    it(`finds the targets whose tokens are rejected${per ? ", with per the group" : ""}`, async () => {
      const probe = (_: string, token: string) => ({ dead: REJECTED, valid: ACCEPTED })[token] ?? UNCLEAR;
      const { client, probed } = new Organization(TEAM, "database", { probe });
      const context = { client: (): TursoClient => client } as unknown as Context;
      const saved = state({
        scope: per ? { group: "team" } : { databases: ["a", "b", "c", "elsewhere"] },
        tokens: { a: "dead", b: "valid", c: "unclear", elsewhere: "dead" },
        endpoints: { a: at(), b: at(), c: at(), elsewhere: { group: "team" } },
        mint: per ? { per } : {},
      });
      assert.deepEqual(await deadTokens(context, { subject: parseSubject(saved), state: saved }), expected);
      assert.deepEqual(probed, ["dead at a", "valid at a", "unclear at a"]);
    });
});

import assert from "node:assert/strict";
import { organizationPath, permissionTo, saysNotFound, targetPath } from "../../src/turso/endpoints";
import type { Target } from "../../src/values/scope";

const app: Target = { kind: "database", name: "app" };
const team: Target = { kind: "group", name: "team" };

describe("the API's endpoint of a target", () => {
  it("has a path", () => {
    assert.equal(targetPath("acme", app), "/v1/organizations/acme/databases/app");
    assert.equal(targetPath("acme", team), "/v1/organizations/acme/groups/team");
  });

  it("has a path that no name can leave, not even an invalid one", () => {
    assert.equal(
      targetPath("a/b?", { kind: "database", name: "../x#%2f" }),
      "/v1/organizations/a%2Fb%3F/databases/..%2Fx%23%252f",
    );
    assert.equal(organizationPath("a/../b"), "/v1/organizations/a%2F..%2Fb");
  });

  it("requires the permissions that Turso documents", () => {
    assert.deepEqual(
      [app, team].flatMap((target) => [permissionTo("rotate", target), permissionTo("mint", target)]),
      ["db:rotate-creds", "db:mint-token", "group:rotate-creds", "group:mint-token"],
    );
  });
});

describe("after a 404, a target", () => {
  for (const [target, text, isGone] of [
    [app, "could not find database with name app: record not found", true],
    [app, "database not found", true],
    [app, "database app not found", true],
    [app, "organization not found", false],
    [app, "organization 5 not found", false],
    [app, "organization database not found", false],
    [app, "group not found", false],
    [app, "not found", false],
    [app, "", false],
    [team, "group not found", true],
    [team, "group team not found", true],
    [team, "could not find group", true],
    [team, "organization not found", false],
    [team, "organization 5 not found", false],
    [team, "organization group not found", false],
    [team, "could not find database with name app: record not found", false],
    [team, "404 page not found", false],
  ] as const)
    it(`of the kind ${target.kind} is ${isGone ? "" : "not "}gone if the API says ${JSON.stringify(text)}`, () =>
      assert.equal(saysNotFound(target, text), isGone));
});

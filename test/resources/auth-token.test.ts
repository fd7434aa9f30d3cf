import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { AuthToken } from "../../src/resources/auth-token";
import { TokenRotation } from "../../src/resources/token-rotation";
import type { Scope } from "../../src/values/scope";

/** What the engine saved of a rotation: its outputs, of which a failed one lacks some. */
interface Outputs {
  scope?: Scope;
  rotations?: Record<string, string>;
}

const AT = "2026-01-05T00:00:00.000Z";

describe("what an AuthToken registers of its rotation", () => {
  let outputs: Outputs;
  let registered: Record<string, unknown>;
  before(() =>
    pulumi.runtime.setMocks({
      call: () => ({}),
      newResource: ({ type, inputs, name }) => {
        const given = inputs as Record<string, unknown>;
        if (type.endsWith(":AuthToken")) registered = given;
        const own = type.endsWith(":TokenRotation") ? { organization: "acme", failures: {}, ...outputs } : {};
        return { id: name, state: { ...given, ...own } };
      },
    }),
  );

  const register = async (scope: Scope, made: Outputs, rotateEvery?: string): Promise<unknown> => {
    outputs = made;
    const rotation = new TokenRotation("rotation", {
      scope: made.scope as { database: string },
      trigger: 1,
      ...(rotateEvery !== undefined && { rotateEvery }),
    });
    const token = new AuthToken("token", { scope: scope as { database: string }, rotation });
    await new Promise((resolve) => token.urn.apply(resolve));
    return registered["rotation"];
  };

  const many = ["a", "b", "c", "d", "e", "f"];
  const timesOf = (names: string[]) => Object.fromEntries(names.map((name) => [name, AT]));

  const ROWS: [what: string, mine: Scope, made: Outputs, expected: Outputs][] = [
    [
      "its own database",
      { database: "a" },
      { scope: { database: "a" }, rotations: { a: AT } },
      { scope: { database: "a" }, rotations: { a: AT } },
    ],
    [
      "of a list with its database, only that one",
      { database: "f" },
      { scope: { databases: many }, rotations: timesOf(many) },
      { scope: { database: "f" }, rotations: { f: AT } },
    ],
    [
      "of a list with its database, which was not rotated yet, no time",
      { database: "f" },
      { scope: { databases: many }, rotations: timesOf(["a"]) },
      { scope: { database: "f" }, rotations: {} },
    ],
    [
      "of a list without its database, as many as an error names",
      { database: "x" },
      { scope: { databases: many }, rotations: timesOf(many) },
      { scope: { databases: many.slice(0, 5) }, rotations: timesOf(many) },
    ],
    [
      "of a database whose name every object has, no time",
      { database: "constructor" },
      { scope: { databases: ["constructor"] }, rotations: {} },
      { scope: { database: "constructor" }, rotations: {} },
    ],
    [
      "a group, for a database's token",
      { database: "a" },
      { scope: { group: "g" }, rotations: { g: AT } },
      { scope: { group: "g" }, rotations: { g: AT } },
    ],
    [
      "all groups of a list",
      { database: "a" },
      { scope: { groups: ["g", "h"] }, rotations: { g: AT, h: AT } },
      { scope: { groups: ["g", "h"] }, rotations: { g: AT, h: AT } },
    ],
    [
      "all databases of a list, for a group's token",
      { group: "g" },
      { scope: { databases: many }, rotations: timesOf(many) },
      { scope: { databases: many }, rotations: timesOf(many) },
    ],
    ["nothing of one that failed", { database: "a" }, {}, {}],
    [
      "only the scope of one that has no times",
      { database: "a" },
      { scope: { databases: ["a", "b"] } },
      { scope: { database: "a" } },
    ],
    [
      "only the times of one that has no scope",
      { database: "a" },
      { rotations: { a: AT } },
      { rotations: { a: AT } },
    ],
  ];
  for (const [what, mine, made, expected] of ROWS)
    it(`is ${what}`, async () =>
      assert.deepEqual(await register(mine, made), { organization: "acme", ...expected }));

  it("is also its rotateEvery", async () =>
    assert.deepEqual(await register({ database: "a" }, { scope: { database: "a" }, rotations: {} }, "90d"), {
      organization: "acme",
      scope: { database: "a" },
      rotations: {},
      rotateEvery: "90d",
    }));

  it("is nothing without a rotation", async () => {
    const token = new AuthToken("token", { scope: { database: "a" } });
    await new Promise((resolve) => token.urn.apply(resolve));
    assert.equal(registered["rotation"], undefined);
  });
});

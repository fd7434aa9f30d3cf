import assert from "node:assert/strict";
import { adopt, announce, announceDuplicates } from "../../src/rotation/announce";
import type { RotationInputs } from "../../src/rotation/state";
import { TursoError } from "../../src/turso/errors";
import { parseSubject, type Scope, type Target } from "../../src/values/scope";
import { inputs } from "../support/fake-turso";
import { failedLookup, goneOf } from "./results";
import { Organization, database } from "./run/organization";
import { contextIn, subjectOf } from "./run/runner";

const TEAM = { team: ["a", "b"], solo: ["lone"] };

/** What is said about the rotation of a scope. */
async function announcing(
  organization: Organization,
  scope: Scope,
  news: Partial<RotationInputs> = {},
  only?: readonly Target[],
): Promise<string[]> {
  const messages: string[] = [];
  const subject = parseSubject({ organization: "acme", scope });
  const context = contextIn(organization, messages);
  await announce(context, subject, inputs({ scope, ...news }), "why", only);
  return messages;
}

/** An organization whose API fails to look up some of its databases. */
function failing(failures: Record<string, TursoError>): Organization {
  const organization = new Organization(TEAM);
  organization.answers.lookUp = ({ name }) => failures[name];
  return organization;
}

describe("what a rotation invalidates", () => {
  it("is told with how a list rolls, and without for one target", async () => {
    const [list] = await announcing(new Organization(TEAM), { databases: ["a", "lone"] });
    assert.match(list ?? "", /\. It rotates 2 targets in 2 groups; /);
    const [one] = await announcing(new Organization(TEAM), { database: "a" });
    assert.match(one ?? "", /1 other database \(b\)\.$/);
  });

  it("is told of those targets alone that rotate", async () => {
    const messages = await announcing(new Organization(TEAM), { databases: ["a", "lone"] }, {}, [
      database("lone"),
    ]);
    assert.match(
      messages[0] ?? "",
      /^info acme\/databases: why; this invalidates every token of the database; .*"solo"\./,
    );
  });

  it("is neither looked up nor told in a quiet run", async () => {
    const organization = new Organization(TEAM);
    const messages: string[] = [];
    const context = Object.assign(contextIn(organization, messages), { isQuiet: true });
    await announce(
      context,
      parseSubject({ organization: "acme", scope: { database: "a" } }),
      inputs(),
      "why",
    );
    await announce(context, undefined, inputs(), "why");
    assert.deepEqual([messages, organization.lookedUp], [[], []]);
  });

  for (const [what, failures, expected] of [
    [
      "one target, with what was asked",
      { b: failedLookup(403) },
      "the blast radius could not be looked up (looking up acme/databases/app: the API answered 402)",
    ],
    [
      "several targets, by their number",
      { a: failedLookup(403), b: failedLookup(403) },
      "the blast radius of 2 targets could not be looked up (looking up acme/databases/app: the API answered 402)",
    ],
  ] as const)
    it(`is a warning if it cannot be looked up for ${what}`, async () => {
      const messages = await announcing(failing(failures), { databases: ["a", "b"] });
      assert.equal(
        messages.filter((text) => text.startsWith("warning acme/databases: why;"))[0],
        `warning acme/databases: why; ${expected}.`,
      );
      assert.equal(
        messages.some((text) => text.includes("this invalidates")),
        !("a" in failures),
      );
    });

  it("does not repeat the target whose lookup failed", async () => {
    const lookup = new TursoError({
      attempted: "looking up acme/databases/a",
      answer: "no",
      effect: "unchanged",
      next: "",
    });
    assert.deepEqual(await announcing(failing({ a: lookup }), { database: "a" }), [
      "warning acme/databases/a: why; the blast radius could not be looked up (no).",
    ]);
  });

  it("is a warning of its own if the members of all cannot be listed", async () => {
    const organization = failing({ databases: failedLookup(403) });
    assert.deepEqual(await announcing(organization, { databases: "all" }), [
      `warning acme/databases: why. ${failedLookup(403).message}`,
    ]);
  });

  for (const [scope, groupImpact, stops] of [
    [{ database: "a" }, "refuse", true],
    [{ database: "a" }, "warn", false],
    [{ databases: ["a", "b"] }, "refuse", false],
    [{ database: "lone" }, "refuse", false],
    [{ group: "team" }, "refuse", false],
    [{ databases: ["a", "lone"] }, "refuse", true],
  ] as [Scope, "warn" | "refuse", boolean][])
    it(`${stops ? "stops" : "does not stop"} the update of ${JSON.stringify(scope)} with groupImpact ${groupImpact}`, async () => {
      const messages = await announcing(new Organization(TEAM), scope, { groupImpact });
      assert.equal(
        messages.some((text) => text.includes('groupImpact is "refuse", so the update will stop')),
        stops,
      );
    });

  for (const [scope, survive, isWhole] of [
    [{ databases: ["a", "b"] }, true, true],
    [{ databases: ["a"] }, true, false],
    [{ database: "lone" }, true, false],
    [{ group: "team" }, false, false],
  ] as [Scope, boolean, boolean][])
    it(`of ${JSON.stringify(scope)} ${survive ? "leaves group tokens valid" : "spares no token"}${isWhole ? ", and a rotation of the group does the same" : ""}`, async () => {
      const messages = await announcing(new Organization(TEAM), scope);
      assert.equal(
        messages.some((text) => text.startsWith("warning") && text.includes("leaves tokens of its group")),
        survive,
      );
      assert.equal(
        messages.some(
          (text) => text.startsWith("info") && text.includes('names every database of the group "team"'),
        ),
        isWhole,
      );
    });
});

describe("an adoption", () => {
  const both = { databases: ["a", "b"] };
  const ADOPTED =
    "info acme/databases: adopted without rotating; its tokens stay as they are until a rotation is due.";
  const adopting = async (failures: Record<string, TursoError>) => {
    const messages: string[] = [];
    const done = await adopt(contextIn(failing(failures), messages), subjectOf(both)).catch(
      (error: unknown) => error,
    );
    return { messages, done };
  };

  it("says that nothing is rotated", async () =>
    assert.deepEqual(await adopting({}), { messages: [ADOPTED], done: undefined }));

  it("warns if a target could not be looked up", async () => {
    const { messages } = await adopting({ a: failedLookup(403) });
    assert.deepEqual(messages, [
      "warning acme/databases: whether it exists could not be looked up (the API answered 402).",
      ADOPTED,
    ]);
  });

  it("fails if a target does not exist, whatever else could not be looked up", async () => {
    const gone = goneOf("database", "b");
    assert.deepEqual(await adopting({ a: failedLookup(403), b: gone }), { messages: [], done: gone });
  });
});

describe("names that a list contains twice", () => {
  for (const [names, expected] of [
    [["a", "b"], []],
    [["a", "b", "a"], ["warning acme/databases: named more than once, but rotated only once: a."]],
  ] as const)
    it(`are ${expected.length > 0 ? "a warning" : "none"} in ${names.join(", ")}`, () => {
      const messages: string[] = [];
      const subject = parseSubject({ organization: "acme", scope: { databases: names } });
      announceDuplicates(contextIn(new Organization(TEAM), messages), subject);
      assert.deepEqual(messages, expected);
    });
});

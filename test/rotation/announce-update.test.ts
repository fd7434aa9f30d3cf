import assert from "node:assert/strict";
import { announceUpdate } from "../../src/rotation/announce";
import type { Plan } from "../../src/rotation/plan";
import type { RotationInputs, RotationState } from "../../src/rotation/state";
import { parseSubject, type Scope } from "../../src/values/scope";
import { NOW, inputs, state } from "../support/fake-turso";
import { NOTHING } from "./results";
import { Organization, database } from "./run/organization";
import { contextIn } from "./run/runner";

const TEAM = { team: ["a", "b"] };
const [A, B] = [database("a"), database("b")];

/** What a preview of an update says, without the blast radius. */
async function updating(plan: Partial<Plan>, scope: Scope, news: Partial<RotationInputs> = {}) {
  const messages: string[] = [];
  const subject = parseSubject({ organization: "acme", scope });
  const olds: RotationState = state({ scope });
  await announceUpdate(
    contextIn(new Organization(TEAM), messages),
    { subject, state: olds },
    { subject, inputs: inputs({ scope, ...news }) },
    { ...NOTHING, ...plan },
    new Date(NOW),
  );
  return messages.map((text) => text.replace(/; this invalidates .*$/, "; …"));
}

describe("the preview of an update says", () => {
  const LIST = { databases: ["a", "b"] };
  const UNTIL = "but suspend is true, so nothing rotates until it is false.";
  const AGE =
    "last rotated 2026-01-01T00:00:00.000Z, 60 days ago, and due since 2026-01-31T00:00:00.000Z (rotateEvery 30d)";
  for (const [what, plan, expected] of [
    ["nothing where nothing happens", {}, []],
    [
      "that the trigger rotates",
      { reason: "trigger", rotates: [A, B] },
      ["info acme/databases: the trigger changed, so this update rotates; …"],
    ],
    [
      "that the age rotates",
      { reason: "age", rotates: [A, B] },
      [`info acme/databases: ${AGE}, so this update rotates; …`],
    ],
    [
      "that suspend holds the trigger back",
      { held: "trigger" },
      [`warning acme/databases: the trigger changed, ${UNTIL}`],
    ],
    ["that suspend holds the age back", { held: "age" }, [`warning acme/databases: ${AGE}, ${UNTIL}`]],
    [
      "that a value decides which is not known yet",
      { isUndecided: true },
      [
        "info acme/databases: an argument is not known before the update; it rotates if the trigger has changed by then; …",
      ],
    ],
    [
      "that a name joins and rotates",
      { joined: [B], rotates: [B] },
      ["info acme/databases: b joined the list, so this update rotates; …"],
    ],
    [
      "that a name joins without a rotation",
      { joined: [B] },
      [
        "info acme/databases: b joined the list without a rotation; rotateOnJoin: true would rotate when a name joins.",
      ],
    ],
    [
      "nothing of a name that joins where all rotate",
      { joined: [B], reason: "trigger", rotates: [A, B] },
      ["info acme/databases: the trigger changed, so this update rotates; …"],
    ],
    [
      "what an earlier run left",
      { unfinished: [A] },
      ["warning acme/databases: an earlier run did not finish a; this update continues there."],
    ],
  ] as [string, Partial<Plan>, string[]][])
    it(what, async () => {
      const messages = await updating(plan, LIST, { rotateEvery: "30d" });
      const about = messages.filter((text) => !/names every database|leaves tokens of its group/.test(text));
      assert.deepEqual(about, expected);
    });
});

import assert from "node:assert/strict";
import { UNKNOWN } from "../../src/core/unknown";
import type { RotationInputs, RotationState } from "../../src/rotation/state";
import { FakeTurso, inputs, state } from "../support/fake-turso";
import { OWED } from "./results";
import { endpointIn, jwt } from "./tokens";

const AT = "2026-01-01T00:00:00.000Z";

/** What only the state needs: a preview need not foresee it. */
const INTERNAL = ["pending", "endpoints", "heldTrigger"];

describe("what a preview knows is what the update returns", () => {
  const turso = FakeTurso.use();
  const both = { scope: { databases: ["app", "reports"] }, rotations: { app: AT, reports: AT } };
  const mints = { mint: {}, tokens: { app: jwt() }, endpoints: { app: endpointIn("default") } };

  const ROWS: [what: string, olds: Partial<RotationState>, news: Partial<RotationInputs>][] = [
    ["nothing changes", {}, {}],
    ["only an argument changes", {}, { verifyTimeout: "5s" }],
    ["an argument is removed", { parallelism: 2 }, {}],
    ["the trigger changes", {}, { trigger: "2" }],
    ["the trigger changes while it is suspended", {}, { trigger: "2", suspend: true }],
    ["it mints with a rotation", mints, { mint: {}, trigger: "2" }],
    ["it only mints", {}, { mint: {} }],
    ["a member joins", { scope: { databases: ["app"] } }, both],
    ["a member joins with rotateOnJoin", { scope: { databases: ["app"] } }, { ...both, rotateOnJoin: true }],
    ["a member leaves", both, { scope: { databases: ["app"] } }],
    [
      "a member with a token leaves",
      { ...both, ...mints, tokens: { app: jwt(), reports: jwt() } },
      { scope: { databases: ["app"] }, mint: {} },
    ],
    [
      "a member whose rotation failed leaves",
      { ...both, pending: { reports: OWED }, failures: { reports: "it failed" } },
      { scope: { databases: ["app"] } },
    ],
    [
      "a pending rotation is completed",
      { ...both, pending: { reports: OWED }, failures: { reports: "f" } },
      both,
    ],
    [
      "the last rotation lies in the future",
      { rotateEvery: "1d", rotatedAt: "2027-01-01T00:00:00.000Z" },
      { rotateEvery: "1d" },
    ],
  ];
  for (const [what, olds, news] of ROWS)
    it(`if ${what}`, async () => {
      const wanted = inputs(news);
      delete (wanted as Partial<RotationState>).rotations;
      const { state: previewed } = turso.logic().preview(state(olds), wanted);
      assert.deepEqual(turso.requests(), []);
      const updated = { ...(await turso.logic().update(state(olds), wanted)) };
      const isKnown = (name: string): boolean => previewed[name] !== UNKNOWN && !INTERNAL.includes(name);
      const known = (outputs: object) =>
        Object.fromEntries(
          Object.entries(outputs)
            .filter(([name, value]) => isKnown(name) && value !== undefined)
            .map(([name, value]) => [
              name,
              name === "rotations" ? knownRotations(previewed, value as object) : value,
            ]),
        );
      assert.deepEqual(known(previewed), known(updated));
    });
});

/** The rotations that the preview knows, without those that it does not. */
const knownRotations = ({ rotations = {} }: Record<string, unknown>, value: object): object =>
  Object.fromEntries(
    Object.entries(value).filter(([name]) => (rotations as Record<string, unknown>)[name] !== UNKNOWN),
  );

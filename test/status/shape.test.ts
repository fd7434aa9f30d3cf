import assert from "node:assert/strict";
import { BadInput } from "../../src/status/export";
import { encrypted, rotation, rowsOf, token } from "./exports";

const refusal = (resource: unknown): string => {
  try {
    rowsOf(resource);
  } catch (error) {
    if (error instanceof BadInput) return error.message;
    throw error;
  }
  return "nothing";
};

describe("a state that", () => {
  const cases: [what: string, resource: unknown, sentence: RegExp][] = [
    [
      "a newer version wrote",
      rotation({ stateVersion: 2 }),
      /^Reading the state of acme\/databases\/app: its stateVersion is 2, and this version of pulumi-turso-tokens reads 1\. /,
    ],
    ["has no version", token({ stateVersion: undefined }), /its stateVersion is missing/],
    [
      "has no dates",
      rotation({ createdAt: undefined }),
      /^The state of "rotation" is damaged: createdAt is missing\.$/,
    ],
    ["has a wrong date", rotation({ rotations: { app: "x" } }), /damaged: rotations\.app must be a date\.$/],
    [
      "has a wrong expiry",
      token({ expiresAt: 7 }),
      /^The state of "api" is damaged: expiresAt must be a date\.$/,
    ],
    [
      "has a wrong scope",
      rotation({ scope: { database: "../x" } }),
      /damaged: scope\.database ".*must start with/,
    ],
    ["has a wrong duration", rotation({ rotateEvery: "soon" }), /damaged: rotateEvery must be a duration/],
    [
      "has casualties without fingerprints",
      rotation({ casualties: { "acme/databases/app": "0a" } }),
      /damaged: casualties must have SHA-256 fingerprints as keys\.$/,
    ],
    [
      "has casualties that are no ids",
      rotation({ casualties: ["x"] }),
      /damaged: casualties must be an object\.$/,
    ],
    ["has wrong failures", rotation({ failures: [] }), /damaged: failures must be an object\.$/],
    [
      "has a wrong endpoint",
      rotation({ endpoints: { app: 1 } }),
      /damaged: endpoints\.app must be an endpoint\.$/,
    ],
    [
      "has endpoints that are not JSON",
      rotation({ endpoints: "{" }),
      /^Reading the state of acme\/databases\/app: it is damaged: endpoints is not JSON\. /,
    ],
    ["follows nothing", token({ rotation: {} }), /damaged: rotation\.rotations must be an object\.$/],
    ["has a foreign id", rotation({}, { id: "x" }), /damaged: its id "x" names no database and no group\.$/],
    [
      "has what must be read as a secret",
      rotation({ rotations: encrypted }),
      /^The state of "rotation" has rotations as a secret, and status reads no secrets: remove rotations from additionalSecretOutputs\.$/,
    ],
  ];
  for (const [what, resource, sentence] of cases)
    it(`${what} is refused in one sentence`, () => assert.match(refusal(resource), sentence));

  it("has its scope or organization as a secret is read by its id", () => {
    const [row] = rowsOf(rotation({ scope: encrypted, organization: encrypted }));
    assert.equal(row?.target, "acme/databases/app");
    const rows = rowsOf(
      rotation({ scope: encrypted, rotations: { x: "2026-01-01" } }, { id: "acme/groups" }),
    );
    assert.deepEqual(
      rows.map(({ target }) => target),
      ["acme/groups", "acme/groups/x"],
    );
  });
});

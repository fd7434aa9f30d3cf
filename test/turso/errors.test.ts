import assert from "node:assert/strict";
import { TursoError } from "../../src/turso/errors";

describe("an error", () => {
  it("says what was attempted, what came back, what changed and what to do next", () => {
    const parts = {
      attempted: "rotating acme/databases/app",
      answer: "the API answered 409",
      next: "Run it again.",
    };
    assert.equal(
      new TursoError({ ...parts, effect: "unchanged", status: 409 }).message,
      "Rotating acme/databases/app: the API answered 409. Nothing was changed. Run it again.",
    );
    assert.equal(
      new TursoError({ ...parts, effect: "unknown" }).message,
      "Rotating acme/databases/app: the API answered 409. Whether it was carried out is not known. Run it again.",
    );
    assert.equal(
      new TursoError({ ...parts, effect: "unknown", changed: "It is saved." }).message,
      "Rotating acme/databases/app: the API answered 409. It is saved. Run it again.",
    );
  });

  it("counts the target as gone only if the error data says so", () => {
    assert.equal(
      new TursoError({ attempted: "x", answer: "y", effect: "unchanged", next: "z" }).isGone,
      false,
    );
  });
});

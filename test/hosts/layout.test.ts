import assert from "node:assert/strict";
import { layOut } from "../../src/hosts/dynamic/layout";

const MESSAGE =
  "Rotating acme/databases/app: the API answered 402 (payment required). Nothing was changed. See the billing page.";

describe("a message", () => {
  it("is one line where there is no terminal, so that a log can be searched", () =>
    assert.equal(layOut(MESSAGE, undefined), MESSAGE));

  for (const columns of [40, 80, 400])
    it(`is broken between words for ${columns} columns, and fits with what the engine writes before it`, () => {
      const lines = layOut(MESSAGE, columns).split("\n");
      assert.equal(lines.join(" "), MESSAGE);
      for (const line of lines) assert.ok(line.length + "    error: ".length <= columns, line);
    });

  it("is broken late: each line holds as many words as fit", () => {
    assert.deepEqual(layOut(`${"a".repeat(34)} b ${"c".repeat(60)}`, 48).split("\n"), [
      `${"a".repeat(34)} b`,
      "c".repeat(60),
    ]);
  });
});

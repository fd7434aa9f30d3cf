import assert from "node:assert/strict";
import { errorText } from "../../src/turso/answer";

describe("the text of an error's body", () => {
  for (const [body, text] of [
    ['{"error":"group not found"}', "group not found"],
    ['{"error":{"code":7}}', '{"code":7}'],
    ['{"error":null}', "null"],
    ['{"message":"no"}', '{"message":"no"}'],
    ['"text"', '"text"'],
    ["null", "null"],
    ["not json", "not json"],
    ["", ""],
    ["<!doctype html><html><title lang=en>Bad gateway</title><p>x", "a web page: Bad gateway"],
    ["<html><body>no title</body></html>", "a web page"],
  ] as const)
    it(`${JSON.stringify(body)} is ${JSON.stringify(text)}`, () => assert.equal(errorText(body), text));
});

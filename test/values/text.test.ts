import assert from "node:assert/strict";
import { sanitise } from "../../src/values/text";

const JWT = "eyJhbGciOiJFZERTQSJ9.eyJhIjoicnciLCJpYXQiOjF9.c2lnbmF0dXJlLW9m_YS10ZXN0";

describe("a text from outside", () => {
  for (const [what, text, shown] of [
    ["loses the API token each time", "bad s3cret.+, s3cret.+!", "bad [redacted], [redacted]!"],
    ["loses a JWT", `token ${JWT} is bad`, "token [redacted] is bad"],
    ["loses a JWT without a signature", "eyJhbGciOiJub25lIn0.eyJhIjoicncifQ.", "[redacted]"],
    ["loses each of several JWTs", `${JWT},${JWT}`, "[redacted],[redacted]"],
    ["loses a JWT that follows a letter or an underscore", `token_${JWT}`, "token_[redacted]"],
    ["becomes one line", "a\r\n\tb\u2028c\u2029d", "a b c d"],
    ["loses terminal control characters", "a\u001b[31m\u0007b\u009bc\u007f", "a [31m b c"],
    ["is cut short", "x".repeat(300), `${"x".repeat(199)}…`],
    ["may be as long as fits", "x".repeat(200), "x".repeat(200)],
    ["may be empty", " \n ", ""],
    ["stays as it is", "could not find database with name app: record not found", undefined],
  ] as const)
    it(what, () => assert.equal(sanitise(text, ["s3cret.+"]), shown ?? text));

  it("loses secrets before it is cut short, so that no part of one remains", () => {
    assert.equal(
      sanitise(`${"x".repeat(190)}s3cret-s3cret-s3cret`, ["s3cret-s3cret-s3cret"]),
      `${"x".repeat(190)}[redacted]`,
    );
  });

  it("is unchanged by an empty secret", () => assert.equal(sanitise("abc", [""]), "abc"));
});

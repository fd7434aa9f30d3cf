import assert from "node:assert/strict";
import { capitalise, describeType, nameList, plural, redact, sanitise, show } from "../../src/values/text";

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

describe("a long text from outside", () => {
  const SECRET = "s3cret-s3cret";

  it("is read up to 4,096 characters", () => {
    assert.equal(redact("x".repeat(5_000), []), "x".repeat(4_096));
    assert.equal(redact("x".repeat(4_096), []), "x".repeat(4_096));
  });

  it("loses the beginning of a JWT whose end was cut off", () => {
    const padding = "x".repeat(4_080);
    assert.equal(redact(`${padding} ${JWT}`, []), `${padding} [redacted]`);
  });

  it("keeps a short word at its end that only looks like the beginning of a JWT", () =>
    assert.equal(redact("the word is eyJ", []), "the word is eyJ"));

  it("loses a secret that was configured with spaces around it", () =>
    assert.equal(redact(`is ${SECRET}?`, [`  ${SECRET}\n`]), "is [redacted]?"));
});

describe("in a message", () => {
  it("a count has the singular or the plural", () => {
    assert.deepEqual(
      [plural(0, "database"), plural(1, "group"), plural(2, "database", "other ")],
      ["0 databases", "1 group", "2 other databases"],
    );
  });

  it("five names are listed in full, and of more the rest is counted", () => {
    assert.equal(nameList(["a", "b", "c", "d", "e"]), "a, b, c, d, e");
    assert.equal(nameList(["a", "b", "c", "d", "e", "f", "g"]), "a, b, c, d, e and 2 more");
    assert.equal(nameList(["a", "b", "c"], 2), "a, b and 1 more");
  });

  it("a sentence begins with a capital letter and is otherwise unchanged", () => {
    assert.deepEqual(["rotating App", "", "x"].map(capitalise), ["Rotating App", "", "X"]);
  });

  it("a text is quoted, and what does not print is escaped with four digits", () =>
    assert.equal(show('a"b\u007f\u202e\u00ad'), String.raw`"a\"b\u007f\u202e\u00ad"`));

  it("a value is described by its type", () => {
    assert.deepEqual([null, undefined, [], {}, "x", 1, true].map(describeType), [
      "nothing",
      "nothing",
      "a list",
      "an object",
      "a string",
      "a number",
      "a boolean",
    ]);
  });
});

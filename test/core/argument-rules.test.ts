import assert from "node:assert/strict";
import {
  anything,
  checkArguments,
  duration,
  flag,
  oneOf,
  scopeRule,
  wholeNumber,
  type Rule,
} from "../../src/core/argument-rules";
import { UNKNOWN, differs, hasUnknown, isPresent } from "../../src/core/unknown";

describe("the arguments of a resource", () => {
  const rules = { verify: oneOf("auto", "off"), parallelism: wholeNumber(1, 8), trigger: anything };
  const reasons = (news: Record<string, unknown>) =>
    checkArguments("Thing", rules, news).map(({ property, reason }) => `${property}: ${reason}`);

  it("have no problem if each follows its rule", () =>
    assert.deepEqual(reasons({ verify: "off", parallelism: 8, trigger: { a: [1] } }), []));

  it("may be absent, or not known yet", () => {
    for (const value of [undefined, null, UNKNOWN, [UNKNOWN], { a: { b: UNKNOWN } }])
      assert.deepEqual(reasons({ verify: value }), []);
  });

  it("are reported with every mistake, not only the first", () =>
    assert.deepEqual(reasons({ verify: "on", parallelism: 0 }), [
      'verify: verify must be one of "auto", "off".',
      "parallelism: parallelism must be a whole number from 1 to 8.",
    ]));

  for (const name of ["verfy", "toString"])
    it(`are known by name: ${name} is not one of them, even without a value`, () =>
      assert.deepEqual(reasons({ [name]: undefined }), [
        `${name}: ${name} is not an argument of Thing. Its arguments are verify, parallelism, trigger.`,
      ]));
});

describe("the rule of an argument", () => {
  const ROWS: [rule: Rule, valid: unknown[], invalid: unknown[], problem: RegExp][] = [
    [flag, [true, false], ["true", 0, {}], /^it must be true or false$/],
    [oneOf("warn", "refuse"), ["warn", "refuse"], ["", "Warn", 1], /^it must be one of "warn", "refuse"$/],
    [wholeNumber(2, 5), [2, 3, 5], [1, 6, 2.5, "3", NaN], /^it must be a whole number from 2 to 5$/],
    [duration, ["90d", "2w1d"], ["0d", "90", 5], /^it must be (a duration|longer)/],
    [scopeRule({ lists: true }), [{ database: "a" }, { groups: ["a"] }], [{}, "a", { groups: [] }], /^scope/],
    [scopeRule({ lists: false }), [{ group: "a" }], [{ groups: ["a"] }], /"groups" is not one of them$/],
  ];
  for (const [rule, valid, invalid, problem] of ROWS) {
    it(`accepts ${JSON.stringify(valid)}`, () => {
      for (const value of valid) assert.equal(rule(value, "it"), undefined);
    });
    it(`rejects ${JSON.stringify(invalid)}`, () => {
      for (const value of invalid) assert.match(rule(value, "it") ?? "", problem);
    });
  }
});

describe("a value that is not known yet", () => {
  it("is found at any depth", () => {
    for (const value of [UNKNOWN, [1, UNKNOWN], { a: { b: [UNKNOWN] } }])
      assert.equal(hasUnknown(value), true);
    for (const value of [undefined, null, "x", 0, [], { a: [null, "x"] }])
      assert.equal(hasUnknown(value), false);
  });

  it("differs from every value, and a known value only from another one", () => {
    assert.equal(differs(1, UNKNOWN), true);
    assert.equal(differs({ a: 1 }, { a: UNKNOWN }), true);
    assert.equal(differs({ a: 1 }, { a: 1 }), false);
    assert.equal(differs({ a: 1 }, { a: 2 }), true);
  });

  it("counts as present, unlike null and undefined", () =>
    assert.deepEqual([UNKNOWN, 0, "", false, null, undefined].map(isPresent), [
      true,
      true,
      true,
      true,
      false,
      false,
    ]));
});

import assert from "node:assert/strict";
import { canonicalJson, jsonProblem, sameJson, sameTrigger } from "../../src/values/json";

const nothingIsLater = (): boolean => false;

describe("two JSON values", () => {
  for (const [a, b, same] of [
    [1, 1, true],
    [1, "1", false],
    [0, false, false],
    [null, undefined, true],
    ["", null, false],
    [0, null, false],
    [{}, [], false],
    [{}, null, false],
    [-0, 0, true],
    [{ a: 1, b: 2 }, { b: 2, a: 1 }, true],
    [{ a: 1 }, { a: "1" }, false],
    [{ a: { x: 1, y: [1, { p: 1, q: 2 }] } }, { a: { y: [1, { q: 2, p: 1 }], x: 1 } }, true],
    [{ a: 1, b: null }, { a: 1 }, true],
    [{ a: 1, b: undefined }, { a: 1 }, true],
    [{ a: { b: null } }, { a: {} }, true],
    [{ a: 1 }, { a: 1, b: 2 }, false],
    [[1, 2], [2, 1], false],
    [[1, null], [1], false],
    [[1, 2], [1, 2], true],
    [[], [[]], false],
    [["a,b"], ["a", "b"], false],
    [{ 'a":1,"b': 1 }, { a: 1, b: 1 }, false],
    [{ "2": 1, "10": 2 }, { "10": 2, "2": 1 }, true],
    ['{"a":1}', { a: 1 }, false],
    ["é", "e\u0301", false],
  ] as const)
    it(`${JSON.stringify(a)} and ${JSON.stringify(b)} ${same ? "are the same" : "differ"}`, () => {
      assert.equal(sameJson(a, b), same);
      assert.equal(sameJson(b, a), same);
    });

  it("are compared by their own keys, even if one is named __proto__", () => {
    const parse = (text: string): unknown => JSON.parse(text);
    assert.equal(sameJson(parse('{"__proto__":{"a":1}}'), parse('{"__proto__":{"a":2}}')), false);
    assert.equal(sameJson(parse('{"__proto__":{"a":1}}'), {}), false);
  });

  it("are written with sorted keys and without absent members", () => {
    assert.equal(canonicalJson({ b: [1, { d: null, c: "x" }], a: undefined }), '{"b":[1,{"c":"x"}]}');
  });
});

describe("two triggers", () => {
  for (const [a, b, same] of [
    [1, "1", true],
    [1, 1, true],
    [1, 2, false],
    [1, "2", false],
    [1.1, "1.1", true],
    [1.1, "1.10", false],
    [1, "1.0", false],
    [1, " 1", false],
    [1, "01", false],
    [1e21, "1e+21", true],
    [-0, "0", true],
    [-1, "-1", true],
    [true, "true", true],
    [false, "false", true],
    [true, "True", false],
    [true, 1, false],
    [false, 0, false],
    [0, "", false],
    [null, "null", false],
    [null, undefined, true],
    [{ a: 1 }, { a: "1" }, true],
    [{ a: [1, { b: true }] }, { a: ["1", { b: "true" }] }, true],
    [{ a: [1, { b: true }] }, { a: ["1", { b: "false" }] }, false],
    [{ a: 1, b: "2" }, { b: 2, a: "1" }, true],
    [{ a: 1 }, { a: "1", b: null }, true],
    [[1, 2], ["1", "2"], true],
    [[1], 1, false],
    [[1], "[1]", false],
    [[1], { 0: 1 }, false],
    [{ a: 1 }, '{"a":1}', false],
    [{ 1: "x" }, { "1": "x" }, true],
  ] as const)
    it(`${JSON.stringify(a)} and ${JSON.stringify(b)} ${same ? "are the same" : "differ"}`, () => {
      assert.equal(sameTrigger(a, b), same);
      assert.equal(sameTrigger(b, a), same);
    });

  it("are compared by their own keys, even if one is named __proto__", () => {
    const parse = (text: string): unknown => JSON.parse(text);
    assert.equal(sameTrigger(parse('{"__proto__":{"a":1}}'), parse('{"__proto__":{"a":2}}')), false);
    assert.equal(sameTrigger(parse('{"__proto__":{"a":1}}'), parse('{"__proto__":{"a":"1"}}')), true);
  });
});

describe("a value for JSON", () => {
  class Thing {
    readonly name = "thing";
  }
  const cyclic: Record<string, unknown> = { name: "loop" };
  cyclic["self"] = { again: [cyclic] };

  for (const [what, value, problem] of [
    ["a function", () => 1, "contains a function, which JSON cannot represent"],
    ["a nested function", { a: [{ b: () => 1 }] }, "contains a function, which JSON cannot represent"],
    ["a symbol", Symbol("x"), "contains a symbol, which JSON cannot represent"],
    ["a bigint", { n: 1n }, "contains a bigint, which JSON cannot represent"],
    ["NaN", NaN, "contains NaN, which JSON cannot represent"],
    ["a nested infinity", [{ n: -Infinity }], "contains -Infinity, which JSON cannot represent"],
    ["a date", new Date(0), "contains a Date, which JSON cannot represent; convert it to a string first"],
    [
      "a nested date",
      { at: [new Date(0)] },
      "contains a Date, which JSON cannot represent; convert it to a string first",
    ],
    ["a map", new Map(), "contains a Map, which JSON cannot represent; convert it to a string first"],
    [
      "a buffer",
      Buffer.from("x"),
      "contains a Buffer, which JSON cannot represent; convert it to a string first",
    ],
    [
      "an object of a class",
      new Thing(),
      "contains a Thing, which JSON cannot represent; convert it to a string first",
    ],
    ["a value that contains itself", cyclic, "contains itself (it is cyclic), which JSON cannot represent"],
  ] as const)
    it(`must not be or contain ${what}`, () => assert.equal(jsonProblem(value, nothingIsLater), problem));

  it("may be anything that JSON can represent, even if it contains an object twice", () => {
    const shared = { a: 1 };
    for (const value of [
      null,
      undefined,
      "",
      "x",
      0,
      -1.5,
      true,
      [],
      {},
      [shared, { shared }],
      Object.create(null),
    ])
      assert.equal(jsonProblem(value, nothingIsLater), undefined);
  });

  it("is not checked where it is known only later", () => {
    const later = { secret: () => 1 };
    assert.equal(
      jsonProblem({ a: [later] }, (value) => value === later),
      undefined,
    );
    assert.equal(
      jsonProblem({ a: [later, NaN] }, (value) => value === later),
      "contains NaN, which JSON cannot represent",
    );
  });
});

import assert from "node:assert/strict";
import { UNKNOWN } from "../../../src/core/unknown";
import { fromEngine, kept, reveal, toEngine } from "../../../src/hosts/shared/values";

/** How the engine writes an unknown value, and a secret. */
const ENGINE_UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const secret = (value: unknown) => ({
  "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
  value,
});

interface State {
  a?: string;
  b: string;
  c: null;
}

describe("a value of the engine", () => {
  const ROWS: [what: string, value: unknown, expected: unknown][] = [
    ["a secret", secret("s"), "s"],
    ["a secret within an object", { a: { b: secret("s") } }, { a: { b: "s" } }],
    ["a secret within a list", ["x", secret("s")], ["x", "s"]],
    ["a secret list of secrets", secret([secret("s"), { a: secret(1) }]), ["s", { a: 1 }]],
    ["a secret within a secret", secret(secret("s")), "s"],
    ["a secret without a value", secret(undefined), undefined],
    ["a secret null", secret(null), null],
    ["an object with a `value` that is no secret", { value: "v" }, { value: "v" }],
    ["null", null, null],
    ["a number", 0, 0],
    ["an empty list", [], []],
  ];
  for (const [what, value, expected] of ROWS)
    it(`is revealed: ${what}`, () => assert.deepEqual(reveal(value), expected));

  it("is marked as secret where a state says so, and only if it is there", () => {
    const state: State = { b: "2", c: null };
    const withSecrets = (from: object, secrets: (keyof State)[]) => kept<State>(from, { secrets, texts: [] });
    assert.deepEqual(withSecrets(state, ["a", "b", "c"]), { b: secret("2"), c: secret(null) });
    assert.deepEqual(withSecrets({ ...state, a: undefined }, ["a"]), { a: undefined, b: "2", c: null });
    assert.deepEqual(reveal(withSecrets(state, ["b"])), state);
  });

  it("is a text where a state says so, unless it is unknown", () => {
    const texts = ["a", "b"] as const;
    const known = kept({ a: { x: 1 }, c: { y: 2 } }, { secrets: [], texts });
    assert.deepEqual(known, { a: '{"x":1}', c: { y: 2 } });
    assert.deepEqual(kept({ b: ENGINE_UNKNOWN }, { secrets: [], texts }), { b: ENGINE_UNKNOWN });
  });

  it("is unknown at any depth, and comes back as it was", () => {
    const props = { a: ENGINE_UNKNOWN, b: [{ c: ENGINE_UNKNOWN }, 1, null], d: { e: "f" } };
    const read = { a: UNKNOWN, b: [{ c: UNKNOWN }, 1, null], d: { e: "f" } };
    assert.deepEqual(fromEngine(props), read);
    assert.deepEqual(toEngine(read), props);
  });
});

import assert from "node:assert/strict";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { fromStruct, toStruct } from "../../../src/hosts/plugin/struct";
import { kept } from "../../../src/hosts/shared/values";

describe("a protobuf struct", () => {
  it("has no properties if it is absent", () => assert.deepEqual(fromStruct(undefined), {}));

  it("keeps what JSON can say", () => {
    const props = { text: "t", number: 1.5, flag: false, list: [1, "a", { b: null }], object: { c: [] } };
    assert.deepEqual(fromStruct(toStruct(props)), props);
  });

  it("has no property that is null, because some languages send one for an absent property", () =>
    assert.deepEqual(fromStruct(Struct.fromJavaScript({ a: null, b: "1", c: { d: null } })), {
      b: "1",
      c: { d: null },
    }));

  it("has no property that is undefined, at any depth", () =>
    assert.deepEqual(fromStruct(toStruct({ a: undefined, b: { c: undefined, d: 1 } })), { b: { d: 1 } }));

  it("holds secrets marked as such, and they are read in clear", () => {
    const struct = toStruct(
      kept<{ token: string }>({ token: "t", name: "n" }, { secrets: ["token"], texts: [] }),
    );
    assert.deepEqual(struct.toJavaScript()["token"], {
      "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
      value: "t",
    });
    assert.deepEqual(fromStruct(struct), { token: "t", name: "n" });
  });
});

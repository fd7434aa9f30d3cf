import assert from "node:assert/strict";
import * as proto from "@pulumi/pulumi/proto/provider_pb";
import { TYPE, URN, FakePlugin, held, message } from "./service";

const SCOPE = { scope: { database: "app" } };
const HANDLE = { handle: SCOPE };
const STATE = { ...SCOPE, rotationCount: 1 };

describe("the native host", () => {
  describe("creates", () => {
    const create = async (plugin: FakePlugin, fields: object = {}) => {
      const request = message(proto.CreateRequest, { Urn: URN, Properties: SCOPE, ...fields });
      const response = await plugin.call<proto.CreateResponse>("create", request);
      return { id: response.getId(), outputs: held(response.getProperties()) };
    };

    it("and adds the handle to the outputs", async () => {
      const plugin = new FakePlugin({ create: { id: "acme/databases/app", state: STATE } });
      assert.deepEqual(await create(plugin), { id: "acme/databases/app", outputs: { ...STATE, ...HANDLE } });
      assert.deepEqual(plugin.calls, [["create", SCOPE]]);
    });

    it("nothing in a preview, which returns the outputs that are known", async () => {
      const plugin = new FakePlugin({ preview: { id: "acme/databases/app", state: SCOPE } });
      const expected = { id: "acme/databases/app", outputs: { ...SCOPE, ...HANDLE } };
      assert.deepEqual(await create(plugin, { Preview: true }), expected);
      assert.deepEqual(plugin.calls, [["preview", undefined, SCOPE]]);
    });

    it("and previews no id while the scope is not known", async () => {
      const plugin = new FakePlugin({ preview: { id: undefined, state: {} } });
      assert.equal((await create(plugin, { Preview: true })).id, "");
    });
  });

  describe("updates", () => {
    const olds = { ...STATE, ...HANDLE, __provider: "text" };
    const update = async (plugin: FakePlugin, fields: object = {}) => {
      const request = message(proto.UpdateRequest, { Urn: URN, Olds: olds, News: SCOPE, ...fields });
      const response = await plugin.call<proto.UpdateResponse>("update", request);
      return held(response.getProperties());
    };

    it("without what a host added to the old state", async () => {
      const plugin = new FakePlugin({ update: { ...STATE, rotationCount: 2 } });
      assert.deepEqual(await update(plugin), { ...SCOPE, rotationCount: 2, ...HANDLE });
      assert.deepEqual(plugin.calls, [["update", STATE, SCOPE]]);
    });

    it("nothing in a preview", async () => {
      const plugin = new FakePlugin({ preview: { id: "i", state: STATE } });
      assert.deepEqual(await update(plugin, { Preview: true }), { ...STATE, ...HANDLE });
      assert.deepEqual(plugin.calls, [["preview", STATE, SCOPE]]);
    });
  });

  describe("reads", () => {
    const found = { ...STATE, organization: "acme", failures: {} };
    const read = async (plugin: FakePlugin, fields: object) => {
      const request = message(proto.ReadRequest, { Urn: URN, Id: "acme/databases/app", ...fields });
      const response = await plugin.call<proto.ReadResponse>("read", request);
      const [outputs, inputs] = [response.getProperties(), response.getInputs()];
      return { id: response.getId(), outputs: held(outputs), inputs: held(inputs) };
    };

    it("a resource with the inputs that the program gave it", async () => {
      const plugin = new FakePlugin({ read: found });
      const inputs = { ...SCOPE, trigger: "1" };
      assert.deepEqual(await read(plugin, { Properties: { ...STATE, ...HANDLE }, Inputs: inputs }), {
        id: "acme/databases/app",
        outputs: { ...found, ...HANDLE },
        inputs,
      });
      assert.deepEqual(plugin.calls, [["read", "acme/databases/app", STATE]]);
    });

    it("an imported resource with the scope and the organization as its inputs", async () => {
      const { inputs } = await read(new FakePlugin({ read: found }), {});
      assert.deepEqual(inputs, { ...SCOPE, organization: "acme" });
    });

    it("a resource that is gone as an empty response", async () => {
      const plugin = new FakePlugin({ read: undefined });
      assert.deepEqual(await read(plugin, { Properties: STATE }), { id: "", outputs: {}, inputs: {} });
    });
  });

  it("deletes by the id and the state", async () => {
    const plugin = new FakePlugin({ delete: undefined });
    const Properties = { ...STATE, ...HANDLE };
    await plugin.call("delete", message(proto.DeleteRequest, { Urn: URN, Id: "i", Properties }));
    assert.deepEqual(plugin.calls, [["delete", "i", STATE]]);
  });

  describe("fails", () => {
    const create = message(proto.CreateRequest, { Urn: URN, Properties: SCOPE });

    it("with the sentence alone of an error that is meant for a person", async () => {
      const plugin = new FakePlugin({ create: new Error("Nothing was changed.") });
      assert.equal(await plugin.failure("create", create), "Nothing was changed.");
    });

    it("with the trace of an error that is a bug", async () => {
      const text = await new FakePlugin({ create: new TypeError("no function") }).failure("create", create);
      assert.match(text, /^TypeError: no function\n +at /);
    });

    it("as an answer even if a handler throws before it returns a promise", async () => {
      const configProblem = () => {
        throw new Error("The settings cannot be read.");
      };
      const request = message(proto.CheckRequest, { News: {} });
      const plugin = new FakePlugin({}, { configProblem });
      assert.equal(await plugin.failure("checkConfig", request), "The settings cannot be read.");
    });

    for (const [what, urn, type] of [
      [
        "a type that this version does not have",
        URN.replace("TokenRotation", "Vault"),
        TYPE.replace("TokenRotation", "Vault"),
      ],
      ["something that is no URN", "nonsense", ""],
    ] as const)
      it(`with one sentence for ${what}, and calls no operation`, async () => {
        const plugin = new FakePlugin();
        const text = await plugin.failure("check", message(proto.CheckRequest, { Urn: urn }));
        assert.equal(
          text,
          `This version of the plugin turso-tokens (1.2.3) has no resource ${type}. Nothing was changed. Install the version that the program was written for.`,
        );
        assert.deepEqual(plugin.calls, []);
      });
  });
});

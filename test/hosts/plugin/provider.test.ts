import assert from "node:assert/strict";
import * as proto from "@pulumi/pulumi/proto/provider_pb";
import type { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { FakePlugin, URN, held, message } from "./service";

const SCOPE = { scope: { database: "app" } };
const HANDLE = { handle: SCOPE };
const { DIFF_NONE, DIFF_SOME } = proto.DiffResponse.DiffChanges;

const failures = (response: proto.CheckResponse) =>
  response.getFailuresList().map((each) => [each.getProperty(), each.getReason()]);

describe("the native host", () => {
  it("answers with its version and its schema", async () => {
    const plugin = new FakePlugin();
    const info = await plugin.call<PluginInfo>("getPluginInfo", new Empty());
    const response = await plugin.call<proto.GetSchemaResponse>("getSchema", new proto.GetSchemaRequest());
    assert.deepEqual([info.getVersion(), response.getSchema()], ["1.2.3", '{"name":"turso-tokens"}']);
  });

  it("runs each call about a resource with the resource's URN", async () => {
    const plugin = new FakePlugin({ delete: undefined });
    await plugin.call("delete", message(proto.DeleteRequest, { Urn: URN, Id: "i", Properties: {} }));
    assert.deepEqual(plugin.urns, [URN]);
  });

  it("cancels the run", async () => {
    const plugin = new FakePlugin();
    await plugin.call("cancel", new Empty());
    assert.equal(plugin.cancellations, 1);
  });

  describe("is configured", () => {
    const secret = (value: string) => ({
      "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
      value,
    });

    it("with the secrets of the config in clear, and can preview", async () => {
      const plugin = new FakePlugin();
      const Args = { apiToken: secret("t"), organization: "acme" };
      const response = await plugin.call<proto.ConfigureResponse>(
        "configure",
        message(proto.ConfigureRequest, { Args }),
      );
      assert.deepEqual(plugin.configured, [{ apiToken: "t", organization: "acme" }]);
      assert.equal(response.getSupportspreview(), true);
    });

    const checkConfig = (plugin: FakePlugin, News: object) =>
      plugin.call<proto.CheckResponse>("checkConfig", message(proto.CheckRequest, { News }));

    it("if the config is valid, which stays as it is", async () => {
      const response = await checkConfig(new FakePlugin(), { apiToken: secret("t") });
      assert.deepEqual(failures(response), []);
      assert.deepEqual(response.getInputs()?.toJavaScript(), { apiToken: secret("t") });
    });

    it("but not if the config is invalid: the failure names the setting", async () => {
      const problem = { property: "apiUrl", reason: "apiUrl must be a URL." };
      const seen: object[] = [];
      const configProblem = (config: object) => (seen.push(config), problem);
      const response = await checkConfig(new FakePlugin({}, { configProblem }), { apiUrl: secret("x") });
      assert.deepEqual(failures(response), [["apiUrl", "apiUrl must be a URL."]]);
      assert.deepEqual(seen, [{ apiUrl: "x" }]);
    });

    it("again after a change, which never replaces the provider", async () => {
      const response = await new FakePlugin().call<proto.DiffResponse>(
        "diffConfig",
        message(proto.DiffRequest, { Olds: { organization: "a" }, News: { organization: "b" } }),
      );
      assert.deepEqual([response.getChanges(), response.getReplacesList()], [DIFF_SOME, []]);
    });
  });

  describe("checks", () => {
    const check = (plugin: FakePlugin, fields: object) =>
      plugin.call<proto.CheckResponse>("check", message(proto.CheckRequest, { Urn: URN, ...fields }));

    it("and returns the inputs", async () => {
      const plugin = new FakePlugin({ check: { inputs: { ...SCOPE, organization: "acme" }, failures: [] } });
      const response = await check(plugin, {
        Olds: { ...SCOPE, ...HANDLE },
        News: { ...SCOPE, trigger: null },
      });
      assert.deepEqual(held(response.getInputs()), { ...SCOPE, organization: "acme" });
      assert.deepEqual(plugin.calls, [["check", SCOPE, SCOPE]]);
    });

    it("and returns each failure as a reason that names no property, because its text does", async () => {
      const reasons = ["scope is missing.", "verify must be a word."];
      const response = await check(new FakePlugin({ check: { inputs: {}, failures: reasons } }), {});
      assert.deepEqual(
        failures(response),
        reasons.map((reason) => ["", reason]),
      );
    });
  });

  describe("diffs", () => {
    const diff = async (plugin: FakePlugin, Olds: object) => {
      const request = message(proto.DiffRequest, { Urn: URN, Id: "i", Olds, News: SCOPE });
      const response = await plugin.call<proto.DiffResponse>("diff", request);
      return { changes: response.getChanges(), replaces: response.getReplacesList() };
    };
    const same = { diff: { changes: false, replaces: [] } };

    it("and finds nothing in a state that is the same", async () => {
      const plugin = new FakePlugin(same);
      assert.deepEqual(await diff(plugin, { ...SCOPE, ...HANDLE }), { changes: DIFF_NONE, replaces: [] });
      assert.deepEqual(plugin.calls, [["diff", SCOPE, SCOPE]]);
    });

    it("and returns a change, and what replaces", async () => {
      const plugin = new FakePlugin({ diff: { changes: true, replaces: ["scope"] } });
      const expected = { changes: DIFF_SOME, replaces: ["scope"] };
      assert.deepEqual(await diff(plugin, { ...SCOPE, ...HANDLE }), expected);
    });

    it("and counts a state without `handle`, which a dynamic resource saved, as a change that replaces nothing", async () => {
      const plugin = new FakePlugin(same);
      const olds = { ...SCOPE, __provider: "exports.handler = …" };
      assert.deepEqual(await diff(plugin, olds), { changes: DIFF_SOME, replaces: [] });
      assert.deepEqual(plugin.calls, [["diff", SCOPE, SCOPE]]);
    });

    it("and finds nothing in a resource that is being imported, if its target is the one that the program declares", async () => {
      const plugin = new FakePlugin({ read: SCOPE, requireSameTarget: undefined });
      await plugin.call("read", message(proto.ReadRequest, { Urn: URN, Id: "i" }));
      assert.deepEqual(await diff(plugin, SCOPE), { changes: DIFF_NONE, replaces: [] });
      assert.deepEqual(plugin.calls.at(-1), ["requireSameTarget", "i", SCOPE]);
    });

    it("and fails for a resource that is being imported, if the program declares a different target", async () => {
      const plugin = new FakePlugin({ read: SCOPE, requireSameTarget: new Error("Another one.") });
      await plugin.call("read", message(proto.ReadRequest, { Urn: URN, Id: "i" }));
      await assert.rejects(diff(plugin, SCOPE), /^Error: Another one\.$/);
    });

    it("but not in one that was only refreshed", async () => {
      const plugin = new FakePlugin({ read: SCOPE, diff: { changes: true, replaces: [] } });
      await plugin.call("read", message(proto.ReadRequest, { Urn: URN, Id: "i", Properties: SCOPE }));
      assert.deepEqual(await diff(plugin, SCOPE), { changes: DIFF_SOME, replaces: [] });
    });
  });
});

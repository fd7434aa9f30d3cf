import assert from "node:assert/strict";
import path from "node:path";
import { runInNewContext } from "node:vm";
import * as pulumi from "@pulumi/pulumi";
import { failRun, providerText, requireNode, typeToken } from "../../src/resources/dynamic-resource";

describe("the state of every release", () => {
  const TEXT = (name: string) =>
    `exports.handler = () => { try { return require("pulumi-turso-tokens/provider").${name}; } catch (error) { ` +
    `if (error.code !== "MODULE_NOT_FOUND") throw error; const reason = "Pulumi's provider process cannot load ` +
    `pulumi-turso-tokens from " + process.cwd() + ". Nothing was changed. Install it there as a direct dependency: npm ` +
    `install pulumi-turso-tokens."; return { check: async (_, inputs) => ({ inputs, failures: [{ property: "", reason }] }) }; } };\n`;

  it("contains a constant provider text, without anything of the user's", () => {
    assert.equal(providerText("TokenRotation"), TEXT("tokenRotation"));
    assert.equal(providerText("AuthToken"), TEXT("authToken"));
  });

  it("contains a provider text that evaluates without the package, and then deletes and says what to install", async () => {
    type Handler = { check: (olds: object, news: object) => Promise<{ failures: { reason: string }[] }> };
    const load = (failure: Error): Handler => {
      const exports: { handler?: () => Handler } = {};
      const failing = () => {
        throw failure;
      };
      runInNewContext(providerText("TokenRotation"), { exports, require: failing, process });
      return (exports.handler as () => Handler)();
    };
    const missing = Object.assign(new Error("Cannot find module"), { code: "MODULE_NOT_FOUND" });
    const provider = load(missing);
    assert.deepEqual(
      Object.keys(provider),
      ["check"],
      "Pulumi deletes and reads by itself where there is no method",
    );
    const { failures } = await provider.check({}, {});
    assert.match(
      failures[0]?.reason ?? "",
      /cannot load pulumi-turso-tokens from .*npm install pulumi-turso-tokens/,
    );
    const bug = new Error("a bug");
    assert.throws(() => load(bug), bug);
  });

  it("contains constant type tokens: a different one would make every resource a new one, which rotates", () => {
    assert.equal(typeToken("TokenRotation"), "pulumi-nodejs:dynamic/turso:TokenRotation");
    assert.equal(typeToken("AuthToken"), "pulumi-nodejs:dynamic/turso:AuthToken");
  });
});

describe("a program that Bun runs", () => {
  const bun: NodeJS.ProcessVersions = { ...process.versions, bun: "1.4.5" };

  it("stops if there is no node for the provider, and says what to do", () => {
    for (const PATH of [undefined, "", "/nowhere"])
      assert.throws(() => requireNode(bun, PATH), {
        message:
          "Pulumi runs the provider of pulumi-turso-tokens with Node.js, and there is no `node` on PATH. Nothing was " +
          "changed. Install Node.js 20.19 or newer; Bun can still run the program.",
      });
  });

  it("continues if there is one, and so does every program that Node.js runs", () => {
    requireNode(bun, `/nowhere${path.delimiter}${path.dirname(process.execPath)}`);
    requireNode(process.versions, "");
  });
});

describe("a run in which some targets failed", () => {
  const play = (isPreview: boolean) =>
    pulumi.runtime.setMocks(
      { call: () => ({}), newResource: ({ name }) => ({ id: name, state: {} }) },
      "project",
      "stack",
      isPreview,
    );
  after(() => play(false));
  const failures = { app: "The API answered 402." };

  it("ends with one error, which says what the next run does", () => {
    void play(false);
    assert.throws(
      () => failRun("acme/databases", failures),
      (error) =>
        pulumi.RunError.isInstance(error) &&
        error.message ===
          "acme/databases: 1 target needs another run. app: The API answered 402. The next `pulumi up` does only what is left.",
    );
    failRun("acme/databases", {});
    failRun("acme/databases", undefined);
  });

  it("does not fail a preview, which may be of something else", () => {
    void play(true);
    failRun("acme/databases", failures);
  });
});

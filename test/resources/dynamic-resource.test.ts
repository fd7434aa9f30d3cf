import assert from "node:assert/strict";
import path from "node:path";
import { providerText, requireNode, typeToken } from "../../src/resources/dynamic-resource";

describe("the state of every release", () => {
  it("contains a constant provider text, without anything of the user's", () => {
    assert.equal(
      providerText("TokenRotation"),
      'exports.handler = () => require("pulumi-turso-tokens/provider").tokenRotation;\n',
    );
    assert.equal(
      providerText("AuthToken"),
      'exports.handler = () => require("pulumi-turso-tokens/provider").authToken;\n',
    );
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

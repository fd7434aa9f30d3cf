import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { VERSION } from "../../tools/pulumi-cli/cli.js";
import { findLanguage } from "../../tools/pulumi-cli/language.js";
import { useEnvironment } from "../support/environment";

describe("the host of a language", () => {
  useEnvironment();
  let folder = "";

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), "pulumi-turso-tokens-language-"));
    process.env["PULUMI_HOME"] = path.join(folder, "home");
    process.env["PATH"] = path.join(folder, "path");
  });

  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function put(where: string, ...names: string[]): string {
    const bin = path.join(folder, where);
    mkdirSync(bin, { recursive: true });
    for (const name of names) {
      writeFileSync(path.join(bin, name), "#!/bin/sh\n");
      chmodSync(path.join(bin, name), 0o755);
    }
    return bin;
  }

  it("is missing where neither PATH nor the cache has it", () => {
    assert.equal(findLanguage("yaml"), undefined);
  });

  it("is found on PATH", () => {
    const bin = put("path", "pulumi-language-yaml");
    assert.equal(findLanguage("yaml"), bin);
  });

  it("is found where it was built before", () => {
    const bin = put(`home/language-hosts/${VERSION}`, "pulumi-language-yaml");
    assert.equal(findLanguage("yaml"), bin);
  });

  it("is not found where a part of it is missing", () => {
    const bin = put("path", "pulumi-language-python");
    assert.equal(findLanguage("python"), undefined);
    put("path", "pulumi-language-python-exec");
    assert.equal(findLanguage("python"), bin);
  });
});

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { ensurePython } from "../../tools/python/environment";
import { useEnvironment } from "../support/environment";

const MESSAGE =
  "Python, which runs the tests of Python programs, is missing. Install Python 3.10 or newer, with its modules venv and pip, so that `python3` is on PATH.";

describe("the environment of Python programs", () => {
  useEnvironment();
  let folder = "";

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), "pulumi-turso-tokens-python-"));
    process.env["PATH"] = folder;
  });

  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const missing = () =>
    assert.rejects(() => ensurePython(() => assert.fail("it installs")), { message: MESSAGE });

  it("says what to install where Python is missing", missing);

  it("says what to install where Python is too old, or lacks a module", async () => {
    writeFileSync(path.join(folder, "python3"), "#!/bin/sh\nexit 1\n", { mode: 0o755 });
    await missing();
  });
});

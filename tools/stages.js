// @ts-check
// Decides in which stage of `npm test` a file of tests runs, by its folder and its name.
"use strict";

/** Folders of `test/` with a stage of their own, which has the same name. */
const FOLDERS = ["docs", "e2e", "model", "package"];

/**
 * @param {string} file the path from the repository's root, with forward slashes
 * @returns {string | undefined} the stage; undefined if the file holds no tests
 */
function stageOf(file) {
  if (!file.endsWith(".test.ts")) return undefined;
  const folder = FOLDERS.find((name) => file.startsWith(`test/${name}/`));
  return folder ?? (file.endsWith(".slow.test.ts") ? "slow" : "unit");
}

module.exports = { stageOf };

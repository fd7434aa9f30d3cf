import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { run } from "../../src/status/command";
import type { Report } from "../../src/status/report";
import { ROOT, blocksOf } from "./markdown";

const PAGE = "docs/status.md";
/** An export of a real run; this is two weeks later. */
const EXPORT = path.join(ROOT, "test", "fixtures", "status.json");
const NOW = new Date("2026-12-10T09:00:00.000Z");

async function print(...args: string[]): Promise<string> {
  let printed = "";
  const code = await run(["status", ...args], {
    now: NOW,
    stdin: () => Promise.resolve(readFileSync(EXPORT)),
    readFile: (name) => readFileSync(name),
    writeFile: () => assert.fail("nothing is written"),
    print: (text) => (printed += text),
    printError: (text) => assert.fail(text),
  });
  assert.equal(code, 1);
  return printed;
}

describe(`what ${PAGE} shows`, () => {
  it("is what status prints of a real export", async () => {
    const [sample] = blocksOf(PAGE, "text");
    assert.equal(sample?.text, (await print()).trimEnd());
  });

  it("is its JSON, with one of its rows", async () => {
    const [sample] = blocksOf(PAGE, "json");
    const shown = JSON.parse(sample?.text ?? "") as Report;
    const actual = JSON.parse(await print("--json")) as Report;
    const urn = shown.rows[0]?.urn;
    const rows = actual.rows.filter((row) => row.urn === urn && row.status === shown.rows[0]?.status);
    assert.deepEqual(shown, { ...actual, rows });
  });
});

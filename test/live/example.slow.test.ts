import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { closeAll, emulate, run } from "./support";

const PAGE = path.join(__dirname, "..", "..", "docs", "observed.md");

/** Without what differs between runs, and without the padding of tables. */
const normal = (text: string): string =>
  text
    .replace(/\d{4}-\d\d-\d\d/, "DATE")
    .replace(/127\.0\.0\.1:\d+/, "127.0.0.1:PORT")
    .replace(/Node\.js [\d.]+\d/, "Node.js VERSION")
    .replace(/\d+ requests/g, "N requests")
    .replace(/\d+(\.\d+)? (s|ms)\b/g, "DURATION")
    .replace(/ +/g, " ")
    .replace(/-{3,}/g, "---")
    .trim();

describe("docs/observed.md", () => {
  afterEach(closeAll);

  it("shows what the live test writes against the emulator", async () => {
    const emulator = await emulate({ serverGeneration: "current", deathDelayMs: 700 });
    const { page = "" } = await run(emulator, { timeoutMs: 2_500 });
    const [, example = ""] = readFileSync(PAGE, "utf8").split(/^(?=### .*127\.0\.0\.1)/m);
    assert.equal(normal(example), normal(page));
  }).timeout(20_000);
});

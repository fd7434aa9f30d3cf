import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { main } from "./check";
import type { Exchange } from "./requests";

const TINY = path.join(__dirname, "tiny-openapi.json");
const GROUP = "/v1/organizations/{organizationSlug}/groups/{groupName}";

const validate: Exchange = { method: "GET", template: "/v1/auth/validate", status: 200 };
const missing: Exchange = { method: "GET", template: GROUP, values: { groupName: "nope" }, status: 404 };
const rotate: Exchange = { ...missing, method: "POST", template: `${GROUP}/auth/rotate` };

describe("the comparison with an OpenAPI description", () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), "contract-"))));
  afterEach(() => rmSync(folder, { recursive: true }));

  const run = async (args: string[], exchanges?: Exchange[]) => {
    const lines: string[] = [];
    const code = await main(args, (line) => lines.push(line), exchanges);
    return { code, lines };
  };
  /** The tiny description after a change of its text. */
  const changed = (from: string, to: string): string => {
    const text = readFileSync(TINY, "utf8");
    assert.ok(text.includes(from));
    const file = path.join(folder, "changed.json");
    writeFileSync(file, text.replace(from, to));
    return file;
  };

  it("finds no violation where the answers are as described", async () => {
    const { code, lines } = await run([TINY], [validate, missing]);
    assert.equal(code, 0);
    assert.match(String(lines[0]), /^GET \/v1\/auth\/validate +200 {2}ok$/);
    assert.equal(lines.at(-1), "2 requests, 0 violations");
  });

  const differences: [string, Exchange, [string, string] | undefined, string][] = [
    ["a type that differs", validate, ['"type": "integer"', '"type": "string"'], "/exp must be string"],
    ["a field that is missing", validate, ['"exp"', '"expires"'], "/ must have required property 'expires'"],
    [
      "a type behind a shared response",
      missing,
      ['"type": "string"', '"type": "array"'],
      "/error must be array",
    ],
    ["a status that is not described", validate, ['"200"', '"204"'], "the status 200 is not described"],
    ["a status that was not expected", { ...missing, status: 200 }, undefined, "expected the status 200"],
    [
      "an endpoint that is not described",
      { ...validate, method: "POST" },
      undefined,
      "the endpoint is not described",
    ],
    ["a body that is not described", rotate, undefined, "the body is not described"],
  ];
  for (const [what, exchange, change, violation] of differences) {
    it(`reports ${what}`, async () => {
      const { code, lines } = await run([change ? changed(...change) : TINY], [exchange]);
      assert.equal(code, 1);
      assert.ok(lines[0]?.includes(violation), lines[0]);
    });
  }

  it("answers a missing or unusable file in one sentence", async () => {
    const other = path.join(folder, "other.json");
    writeFileSync(other, '{"swagger":"2.0","paths":{}}');
    const text = path.join(folder, "text.json");
    writeFileSync(text, "openapi: 3.0.1");
    const absent = path.join(folder, "absent.json");
    const mistakes: [string[], string][] = [
      [[], "Name one file with an OpenAPI description. See --help."],
      [[TINY, TINY], "Name one file with an OpenAPI description. See --help."],
      [[absent], `Could not read ${absent}: ENOENT. See --help.`],
      [[other], `${other} is not an OpenAPI description in JSON. See --help.`],
      [[text], `${text} is not an OpenAPI description in JSON. See --help.`],
    ];
    for (const [args, sentence] of mistakes)
      assert.deepEqual(await run(args), { code: 2, lines: [sentence] });
  });

  it("prints its usage", async () => {
    const { code, lines } = await run(["--help"]);
    assert.equal(code, 0);
    assert.match(lines.join("\n"), /usage: npm run test:contract -- FILE/);
  });
});

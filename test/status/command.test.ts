import assert from "node:assert/strict";
import { run, type World } from "../../src/status/command";
import { NOW, daysAgo, encrypted, exportOf, list, plaintext, rotation, token } from "./exports";

interface Seen {
  code: number;
  out: string;
  err: string;
  written: Record<string, string>;
}

/** Runs the command with files and a standard input in memory. */
async function command(
  argv: string[],
  { files = {}, stdin }: { files?: Record<string, string | Uint8Array>; stdin?: string | undefined } = {},
): Promise<Seen> {
  const seen: Seen = { code: -1, out: "", err: "", written: {} };
  const bytes = (content: string | Uint8Array): Uint8Array =>
    typeof content === "string" ? new TextEncoder().encode(content) : content;
  const world: World = {
    now: NOW,
    stdin: stdin === undefined ? undefined : () => Promise.resolve(bytes(stdin)),
    readFile: (name) => bytes(files[name] ?? fail("ENOENT")),
    writeFile: (name, text) => (name === "/denied" ? fail("EACCES") : (seen.written[name] = text)),
    print: (text) => (seen.out += text),
    printError: (text) => (seen.err += text),
  };
  seen.code = await run(argv, world);
  return seen;
}

function fail(code: string): never {
  throw Object.assign(new Error(code), { code });
}

const FINE = exportOf([rotation()]);
const LATE = exportOf([rotation({ rotateEvery: "9d" })]);

describe("pulumi-turso-tokens status", () => {
  it("exits with 0 if nothing is overdue, unresolved or expired, and with 1 if something is", async () => {
    const codes: [number, string][] = [
      [0, FINE],
      [0, exportOf([])],
      [1, LATE],
      [1, exportOf([rotation({ failures: { app: "No." } })])],
      [1, exportOf([token({ expiresAt: daysAgo(1) })])],
    ];
    for (const [code, stdin] of codes) assert.equal((await command(["status"], { stdin })).code, code);
  });

  it("reports on several files at once, each under its stack's name", async () => {
    const files = { "a.json": FINE, "b.json": LATE.replaceAll("shop", "blog") };
    const { code, out } = await command(["status", "a.json", "b.json"], { files });
    assert.equal(code, 1);
    assert.match(out, /^shop\/dev \("a\.json"\) at 2026-06-01 12:00 UTC\n/);
    assert.match(out, /\nblog\/dev \("b\.json"\) at [^]*\n2 targets and 0 tokens: 1 overdue\.\n$/);
  });

  it("prints JSON of a stable shape", async () => {
    const { out } = await command(["status", "--json"], { stdin: FINE });
    const { rows, ...rest } = JSON.parse(out) as { rows: object[] };
    assert.deepEqual(rest, {
      version: 1,
      checkedAt: NOW.toISOString(),
      ok: true,
      counts: { targets: 1, tokens: 0, overdue: 0, unresolved: 0, expired: 0 },
      stacks: [{ stack: "shop/dev", source: "standard input" }],
    });
    assert.equal(
      Object.keys(rows[0] ?? {}).join(" "),
      "stack resource urn kind target members rotatedAt mintedAt by trigger rotateEvery dueAt renewAt expires verification reach suspended status problems",
    );
  });

  it("writes the page beside the table, or prints it instead", async () => {
    const both = await command(["status", "--html", "page.html"], { stdin: LATE });
    assert.match(both.written["page.html"] ?? "", /^<!doctype html>/);
    assert.match(both.out, /^shop\/dev at /);
    const printed = await command(["status", "--html", "-"], { stdin: LATE });
    assert.match(printed.out, /^<!doctype html>/);
    assert.deepEqual([printed.written, printed.code, both.code], [{}, 1, 1]);
  });

  it("allows what is late by less than --grace", async () => {
    assert.equal((await command(["status", "--grace", "2d"], { stdin: LATE })).code, 0);
    assert.equal((await command(["status", "--grace", "23h"], { stdin: LATE })).code, 1);
  });

  it("reads what Windows writes: UTF-16, and UTF-8 with a byte order mark", async () => {
    const utf16 = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(FINE, "utf16le")]);
    for (const content of [utf16, `\ufeff${FINE}`])
      assert.equal((await command(["status", "a.json"], { files: { "a.json": content } })).code, 0);
  });

  it("explains itself with --help", async () => {
    for (const argv of [["--help"], ["status", "-h"]]) {
      const { code, out } = await command(argv);
      assert.equal(code, 0);
      assert.match(out, /usage: pulumi stack export \| pulumi-turso-tokens status[^]*--grace[^]*Exit code: /);
    }
  });

  const mistakes: [argv: string[], sentence: RegExp, stdin?: string][] = [
    [[], /^The command is missing: the only one is status\. See --help\.\n$/],
    [["stat"], /^There is no command "stat": use status\. See --help\.\n$/],
    [["status", "--jsno"], /^Unknown option '--jsno'\. See --help\.\n$/],
    [
      ["status"],
      /^Pipe the output of `pulumi stack export` into this command, or name its file\. See --help\.\n$/,
    ],
    [["status", "--grace", "soon"], /^--grace must be a duration .*\. See --help\.\n$/, FINE],
    [["status", "--html="], /^--html must not be empty\. See --help\.\n$/, FINE],
    [
      ["status", "--json", "--html", "-"],
      /^--json and --html - cannot both be printed\. See --help\.\n$/,
      FINE,
    ],
    [["status", "no-such.json"], /^"no-such\.json" cannot be read \(ENOENT\)\.\n$/],
    [["status", "--html", "/denied"], /^"\/denied" cannot be written \(EACCES\)\.\n$/, FINE],
    [["status"], /^standard input is empty; it must be the output of `pulumi stack export`\.\n$/, ""],
    [
      ["status"],
      /its stateVersion is 2, and this version of pulumi-turso-tokens reads 1\./,
      exportOf([rotation({ stateVersion: 2 })]),
    ],
  ];
  for (const [argv, sentence, stdin] of mistakes)
    it(`refuses in one sentence and with 2: ${argv.join(" ")} (${sentence.source.slice(1, 40)}…)`, async () => {
      const { code, out, err, written } = await command(argv, { stdin });
      assert.match(err, sentence);
      assert.deepEqual([code, out, written, err.split("\n").length], [2, "", {}, 2]);
    });

  it("prints no secret of an export that has them in plain text, in any format", async () => {
    const secret = "s3cr3t-value";
    const shown = plaintext(secret);
    const resources = [
      rotation(
        { trigger: { at: shown }, heldTrigger: shown, tokens: plaintext({ app: secret }), pending: shown },
        { inputs: { trigger: { at: shown } } },
      ),
      list({ trigger: secret, tokens: encrypted, mint: {} }, { inputs: { trigger: shown } }),
      token({ token: shown, trigger: shown, expiresAt: daysAgo(-1) }),
    ];
    const text = exportOf(resources);
    assert.ok(text.includes(secret));
    for (const format of [[], ["--json"], ["--html", "-"]]) {
      const { out, err, code } = await command(["status", ...format], { stdin: text });
      assert.equal(code, 1);
      assert.doesNotMatch(out + err, new RegExp(secret));
      assert.match(out, /\(secret\)/);
    }
  });
});

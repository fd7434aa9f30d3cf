import assert from "node:assert/strict";
import { readCommandLine, UsageError } from "../../tools/command-line.js";
import { COMMAND_LINE, optionsFrom } from "./options";

const ENV = { TURSO_API_TOKEN: "secret\n", TURSO_ORGANIZATION: "acme" };
const GIVEN = ["--throw-away-group", "scratch", "--yes"];

function read(args: string[], env: Record<string, string> = ENV, hasTerminal = false) {
  const line = readCommandLine(COMMAND_LINE, args);
  assert.ok(line !== "help");
  return optionsFrom(line.values, env, hasTerminal);
}

describe("the command line of the live test", () => {
  const mistakes: [string[], Record<string, string>, string][] = [
    [[], ENV, "Name the group to rotate with --throw-away-group."],
    [["--throw-away-group", "a/b"], ENV, '--throw-away-group "a/b" must start with a letter'],
    [GIVEN, { TURSO_API_TOKEN: "x" }, "Name the organization with --organization or in TURSO_ORGANIZATION."],
    [[...GIVEN, "--organization", "a b"], ENV, 'The organization "a b" must start with a letter or a digit'],
    [GIVEN, { TURSO_ORGANIZATION: "acme" }, "Set TURSO_API_TOKEN to a Platform API token."],
    [
      [...GIVEN, "--api-url", "http://example.com"],
      ENV,
      "The API's URL must start with https://: plain http",
    ],
    [[...GIVEN, "--timeout", "2"], ENV, '--timeout must be a duration such as "90d"'],
    [[...GIVEN, "--output", "missing/a.md"], ENV, "The folder of --output missing/a.md does not exist."],
    [
      GIVEN.slice(0, 2),
      ENV,
      "There is no terminal to ask for confirmation on: pass --yes to rotate without it.",
    ],
  ];
  for (const [args, env, sentence] of mistakes)
    it(`rejects ${args.join(" ") || "nothing"}: ${sentence}`, () =>
      assert.throws(
        () => read(args, env),
        (error) => error instanceof UsageError && error.message.startsWith(sentence),
      ));

  it("asks on a terminal, and needs no --yes there", () => {
    assert.equal(read(GIVEN.slice(0, 2), ENV, true).isConfirmed, false);
    assert.equal(read(GIVEN, ENV, true).isConfirmed, true);
  });

  it("reads the API token, the organization and the URL as the package does", () => {
    const { connection, organization, timeoutMs } = read(GIVEN);
    assert.deepEqual(
      [connection.apiUrl, connection.apiToken, organization, timeoutMs],
      ["https://api.turso.tech", "secret", "acme", 120_000],
    );
    const other = read([...GIVEN, "--organization", "b"], {
      ...ENV,
      TURSO_API_BASEURL: "http://127.0.0.1:1",
    });
    assert.deepEqual([other.connection.apiUrl, other.organization], ["http://127.0.0.1:1", "b"]);
  });
});

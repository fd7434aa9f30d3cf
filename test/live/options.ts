/** The command line of `npm run test:live`, and what must be known before any request is sent. */
import { existsSync } from "node:fs";
import path from "node:path";
import { DEFAULT_API_URL, parseApiUrl, type Connection } from "../../src/turso/connection";
import { parseDuration } from "../../src/values/duration";
import { nameProblem } from "../../src/values/scope";
import { UsageError, type Values } from "../../tools/command-line.js";

const USAGE = `Rotates a database and its group at Turso, and measures when which token is rejected.

  npm run test:live -- --organization SLUG --throw-away-group NAME

Every token of the group and of all its databases becomes invalid. The API token is read from TURSO_API_TOKEN.

    --throw-away-group NAME  the group to rotate; whoever uses its tokens loses access
    --organization SLUG      its organization (default: TURSO_ORGANIZATION)
    --yes                    does not ask for confirmation; required where there is no terminal
    --timeout DURATION       how long to watch tokens after each of the two rotations (2m)
    --output FILE            writes the page to FILE instead of standard output
    --api-url URL            another API, such as the emulator's (default: TURSO_API_BASEURL, or ${DEFAULT_API_URL})
    --help                   this text

A group with fewer than two databases gets databases named live-test-…, which are deleted at the end.`;

export const COMMAND_LINE = {
  usage: USAGE,
  options: {
    "throw-away-group": { type: "text" },
    organization: { type: "text" },
    yes: { type: "flag" },
    timeout: { type: "text", default: "2m" },
    output: { type: "text" },
    "api-url": { type: "text" },
  },
} as const;

export interface Options {
  connection: Connection & { apiToken: string };
  organization: string;
  group: string;
  /** Rotates without a question. */
  isConfirmed: boolean;
  timeoutMs: number;
  /** The file for the page; standard output if absent. */
  output: string | undefined;
}

/** @throws UsageError */
export function optionsFrom(
  values: Values<typeof COMMAND_LINE.options>,
  env: Record<string, string | undefined>,
  hasTerminal: boolean,
): Options {
  const setting = (name: string) => env[name]?.trim() || undefined;
  const group = required(values["throw-away-group"], "Name the group to rotate with --throw-away-group.");
  check(nameProblem("--throw-away-group", group));
  const organization = required(
    values.organization ?? setting("TURSO_ORGANIZATION"),
    "Name the organization with --organization or in TURSO_ORGANIZATION.",
  );
  check(nameProblem("the organization", organization));
  const apiToken = required(setting("TURSO_API_TOKEN"), "Set TURSO_API_TOKEN to a Platform API token.");
  const url = parseApiUrl(values["api-url"] ?? setting("TURSO_API_BASEURL") ?? DEFAULT_API_URL);
  if ("problem" in url) throw new UsageError(`The API's URL ${url.problem}.`);
  const timeout = parseDuration("--timeout", values.timeout);
  if ("problem" in timeout) throw new UsageError(`${timeout.problem}.`);
  if (values.output !== undefined && !existsSync(path.dirname(values.output)))
    throw new UsageError(`The folder of --output ${values.output} does not exist.`);
  if (!values.yes && !hasTerminal)
    throw new UsageError("There is no terminal to ask for confirmation on: pass --yes to rotate without it.");
  return {
    connection: { apiUrl: url.url, apiToken, apiTokenOrigin: "the environment's TURSO_API_TOKEN" },
    organization,
    group,
    isConfirmed: values.yes,
    timeoutMs: timeout.ms,
    output: values.output,
  };
}

function required(value: string | undefined, mistake: string): string {
  if (value === undefined) throw new UsageError(mistake);
  return value;
}

function check(problem: string | undefined): void {
  if (problem !== undefined) throw new UsageError(`${problem.charAt(0).toUpperCase()}${problem.slice(1)}.`);
}

import { parseArgs } from "node:util";
import { parseDuration } from "../values/duration";
import { show } from "../values/text";
import { BadInput, readExport, type StackExport } from "./export";
import { pageOf } from "./page/page";
import { reportOn } from "./report";
import { textOf } from "./table";

export const USAGE = `Reports when the tokens of exported stacks were rotated, and what is due. It reads no secrets and sends nothing.

usage: pulumi stack export | pulumi-turso-tokens status [options]
       pulumi-turso-tokens status [options] FILE...

  FILE              what \`pulumi stack export\` printed; several stacks make one report (default: standard input)
  --json            print JSON instead of tables
  --html FILE       write a page with a time line too; \`-\` prints it instead of tables
  --grace DURATION  how late a rotation may be before it is overdue, such as 1d for a nightly \`pulumi up\` (default: none)
  --help            this text

Exit code: 0 if nothing is overdue, unresolved or expired, 1 if something is, 2 for wrong usage or unreadable input.`;

/** A mistake in the command line, as one sentence. */
class UsageError extends Error {}

/** The world around the command. */
export interface World {
  now: Date;
  /** Standard input; undefined if it is a terminal. */
  stdin: (() => Promise<Uint8Array>) | undefined;
  readFile: (name: string) => Uint8Array;
  writeFile: (name: string, text: string) => void;
  print: (text: string) => void;
  printError: (text: string) => void;
}

/** @returns the exit code */
export async function run(argv: readonly string[], world: World): Promise<0 | 1 | 2> {
  try {
    const wanted = read(argv);
    if (wanted === "help") {
      world.print(`${USAGE}\n`);
      return 0;
    }
    return await report(wanted, world);
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof BadInput)) throw error;
    world.printError(`${error.message}${error instanceof UsageError ? " See --help." : ""}\n`);
    return 2;
  }
}

interface Wanted {
  files: readonly string[];
  json: boolean;
  html: string | undefined;
  graceMs: number;
}

function read(argv: readonly string[]): Wanted | "help" {
  const { values, positionals } = parse(argv);
  if (values.help === true) return "help";
  const [command, ...files] = positionals;
  if (command === undefined) throw new UsageError("The command is missing: the only one is status.");
  if (command !== "status") throw new UsageError(`There is no command ${show(command)}: use status.`);
  const { json = false, html, grace } = values;
  if (html === "") throw new UsageError("--html must not be empty.");
  if (json && html === "-") throw new UsageError("--json and --html - cannot both be printed.");
  return { files, json, html, graceMs: grace === undefined ? 0 : milliseconds(grace) };
}

function milliseconds(grace: string): number {
  const parsed = parseDuration("--grace", grace);
  if ("problem" in parsed) throw new UsageError(`${parsed.problem}.`);
  return parsed.ms;
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        help: { type: "boolean", short: "h" },
        json: { type: "boolean" },
        html: { type: "string" },
        grace: { type: "string" },
      },
      allowPositionals: true,
    });
  } catch (error) {
    // Node.js adds a hint on how to quote to its first sentence
    const [sentence = ""] = (error as Error).message.split(/\.(?:\s|$)|\n/);
    throw new UsageError(`${sentence}.`);
  }
}

async function report({ files, json, html, graceMs }: Wanted, world: World): Promise<0 | 1> {
  const found = reportOn(await exportsOf(files, world), { now: world.now, graceMs });
  const page = html === undefined ? undefined : pageOf(found);
  if (page !== undefined && html !== undefined && html !== "-") write(html, page, world);
  if (page !== undefined && html === "-") world.print(page);
  else world.print(json ? `${JSON.stringify(found, null, 2)}\n` : textOf(found));
  return found.ok ? 0 : 1;
}

async function exportsOf(files: readonly string[], { stdin, readFile }: World): Promise<StackExport[]> {
  if (files.length > 0) return files.map((file) => readExport(decode(open(file, readFile)), show(file)));
  if (stdin === undefined)
    throw new UsageError("Pipe the output of `pulumi stack export` into this command, or name its file.");
  return [readExport(decode(await stdin()), "standard input")];
}

function open(name: string, readFile: World["readFile"]): Uint8Array {
  try {
    return readFile(name);
  } catch (error) {
    throw new BadInput(`${show(name)} cannot be read (${codeOf(error)}).`);
  }
}

function write(file: string, page: string, { writeFile }: World): void {
  try {
    writeFile(file, page);
  } catch (error) {
    throw new BadInput(`${show(file)} cannot be written (${codeOf(error)}).`);
  }
}

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? "unknown error";

/** PowerShell redirects output as UTF-16, and other tools add a byte order mark to UTF-8. */
const decode = (bytes: Uint8Array): string =>
  new TextDecoder(bytes[0] === 0xff && bytes[1] === 0xfe ? "utf-16le" : "utf-8").decode(bytes);

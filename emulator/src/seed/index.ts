import { readFileSync } from "node:fs";
import type { Platform } from "../platform";
import { InputError } from "./errors";
import { parseFault, parseSettings, type GroupSeed, type Settings } from "./schema";
import type { Fault } from "../faults";

export { InputError } from "./errors";
export { parseFault } from "./schema";
export type { DatabaseSeed, GroupSeed, Settings } from "./schema";

/**
 * Reads a seed file: the options of `startEmulator` as JSON. An `InputError` says in one sentence what is wrong with it.
 */
export function readSeed(file: string): Settings {
  return parseSettings(parseJson(read(file), file), file);
}

/** Reads a fault in the notation of a seed file. */
export const faultFrom = (text: string, source: string): Fault => parseFault(parseJson(text, source), source);

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new InputError(
      code === "ENOENT" ? `There is no file ${file}.` : `${file} cannot be read: ${String(code)}.`,
    );
  }
}

function parseJson(text: string, source: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    // the engine's message may quote the text over several lines
    const [line = ""] = (error as Error).message.split("\n");
    throw new InputError(`${source} is not valid JSON: ${line.replace(/\.$/, "")}.`);
  }
}

/** Creates groups and their databases. */
export async function populate(platform: Platform, groups: readonly GroupSeed[]): Promise<void> {
  for (const { name, databases = [], ...options } of groups) {
    await named(`group "${name}"`, () => platform.createGroup(name, options));
    for (const { name: database, ...ending } of databases)
      await named(`database "${database}"`, () => platform.createDatabase(database, name, ending));
  }
}

async function named(what: string, create: () => unknown): Promise<void> {
  try {
    await create();
  } catch (error) {
    throw new InputError(`The ${what} cannot be created: ${(error as Error).message}.`);
  }
}

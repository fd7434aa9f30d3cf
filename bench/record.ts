import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { ROOT } from "../tools/stack";
import type { Section } from "./figures";
import { PARTS, type Part } from "./options";
import { markdown } from "./report";

/** A section of the results, and how it was measured. */
export interface Kept {
  section: Section;
  date: string;
  /** The git tree of `src`: commits that do not touch it do not change it. */
  sources: string;
  rounds: number;
  isQuick: boolean;
  seconds: number;
  /** The machine's load average (one minute) before; absent if it was not recorded. */
  load?: number;
}

/** A picture, and what it is drawn from if that is kept beside it. */
export interface Picture {
  file: string;
  svg: string;
  data?: unknown;
}

const FILE = "results.json";

export const sourcesTree = (): string =>
  spawnSync("git", ["rev-parse", "--short", "HEAD:src"], { cwd: ROOT, encoding: "utf8" }).stdout.trim();

/**
 * Writes the results of some parts next to those that were measured before, so that a part can be measured again alone.
 *
 * @returns the names of the files
 */
export async function writeResults(
  folder: string,
  measured: readonly (Kept & { part: Part; picture?: Picture })[],
): Promise<string[]> {
  mkdirSync(folder, { recursive: true });
  const written: string[] = [];
  const write = (name: string, text: string): void => {
    writeFileSync(path.join(folder, name), text);
    written.push(path.join(folder, name));
  };
  const file = path.join(folder, FILE);
  const all = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Partial<Record<Part, Kept>>) : {};
  const { format } = await import("prettier");
  const json = (value: unknown): Promise<string> =>
    format(JSON.stringify(value), { parser: "json", printWidth: 110 });
  for (const { part, picture, ...kept } of measured) {
    all[part] = kept;
    if (picture === undefined) continue;
    write(picture.file, picture.svg);
    if (picture.data !== undefined) write(picture.file.replace(/svg$/, "json"), await json(picture.data));
  }
  const ordered = PARTS.flatMap((part) => (all[part] ? [[part, all[part]] as const] : []));
  write(FILE, await json(Object.fromEntries(ordered)));
  write("RESULTS.md", await markdown(ordered.map(([, kept]) => kept)));
  return written;
}

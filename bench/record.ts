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
  measured: readonly (Kept & { part: Part; svg?: string })[],
): Promise<string[]> {
  mkdirSync(folder, { recursive: true });
  const written: string[] = [];
  const write = (name: string, text: string): void => {
    writeFileSync(path.join(folder, name), text);
    written.push(path.join(folder, name));
  };
  const file = path.join(folder, FILE);
  const all = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Partial<Record<Part, Kept>>) : {};
  for (const { part, svg, ...kept } of measured) {
    all[part] = kept;
    if (svg !== undefined && kept.section.plot !== undefined) write(kept.section.plot, svg);
  }
  const ordered = PARTS.flatMap((part) => (all[part] ? [[part, all[part]] as const] : []));
  const { format } = await import("prettier");
  write(FILE, await format(JSON.stringify(Object.fromEntries(ordered)), { parser: "json", printWidth: 110 }));
  write("RESULTS.md", await markdown(ordered.map(([, kept]) => kept)));
  return written;
}

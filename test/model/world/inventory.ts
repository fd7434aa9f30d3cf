import type { Emulator } from "../../../emulator/src";

export const GROUPS = ["default", "solo", "bare"];
/** The group of each database. */
export const DATABASES: Readonly<Record<string, string>> = {
  app: "default",
  reports: "default",
  lone: "solo",
  extra: "default",
  other: "solo",
};
/** Those that do not exist when a schedule begins. */
const LATER = new Set(["extra", "other"]);

/** In their first order too: a run goes through a listing's databases in turn, so a schedule must not meet that of an earlier one. */
export async function restoreDatabases(platform: Emulator["platform"]): Promise<void> {
  const first = Object.entries(DATABASES).filter(([name]) => !LATER.has(name));
  const names = platform.databases().map(({ name }) => name);
  if (String(names) === String(first.map(([name]) => name))) return;
  for (const name of names) platform.deleteDatabase(name);
  for (const [name, group] of first) await platform.createDatabase(name, group);
}

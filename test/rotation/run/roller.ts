import type { Result } from "../../../src/rotation/next-state";
import { Minter } from "../../../src/rotation/run/mint";
import type { RunSettings, Task } from "../../../src/rotation/run/preflight";
import type { MintSettings } from "../../../src/rotation/state";
import { rollAll } from "../../../src/rotation/run/roll";
import type { Organization } from "./organization";
import { settingsWith } from "./settings";

/** Runs a roll that waits only for a moment. */
export async function roll(
  organization: Organization,
  tasks: readonly Task[],
  changes: Partial<RunSettings> & {
    mints?: boolean;
    parallelism?: number;
    due?: string[];
    settings?: MintSettings;
  } = {},
): Promise<{ results: Map<string, Result>; kinds: Record<string, string>; minter: Minter }> {
  const { mints = true, parallelism = 8, due = [], settings = {}, ...rest } = changes;
  const run = settingsWith(organization.client, [], {
    isList: true,
    verifyTimeoutMs: 20,
    targets: new Set(tasks.map(({ target }) => target.name)),
    ...rest,
  });
  const minter = new Minter(run, { expiration: "90d", ...settings }, (name) => due.includes(name));
  const results = await rollAll(
    { ...run, minter: mints ? minter : undefined },
    tasks,
    parallelism,
    () => undefined,
  );
  const kinds = Object.fromEntries([...results].map(([name, { kind }]) => [name, kind]));
  return { results, kinds, minter };
}

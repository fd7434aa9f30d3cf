#!/usr/bin/env node
import { readOptions, UsageError, USAGE } from "./command-line/options";
import { startEmulator, type Emulator, type EmulatorOptions, type LogEntry } from "./index";
import { InputError } from "./seed";

async function start(options: EmulatorOptions): Promise<Emulator> {
  try {
    return await startEmulator({ ...options, onRequest });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EADDRINUSE") throw new InputError(`Port ${options.port ?? 0} is in use.`);
    if (code === "EACCES") throw new InputError(`This user may not listen on port ${options.port ?? 0}.`);
    throw error;
  }
}

function greeting({ url, organization, apiToken, platform }: Emulator): string {
  const hosts = platform
    .databases()
    .map(({ name, hostname, group }) => `  ${group.name}/${name}  http://${hostname}`);
  return [
    `Turso emulator on ${url}, organization ${organization}, API token ${apiToken}`,
    ...hosts,
    "",
    "In the shell of your program:",
    `export TURSO_API_BASEURL=${url} TURSO_API_TOKEN=${apiToken} TURSO_ORGANIZATION=${organization}`,
    "What was rotated:",
    `curl ${url}/_emulator/rotations`,
    "",
  ].join("\n");
}

function onRequest({ at, plane, database, method, path, status, fault, authorization }: LogEntry): void {
  const where = database === undefined ? plane : `${plane} ${database}`;
  const parts = [
    new Date(at).toISOString(),
    where,
    method,
    path,
    status || "no answer",
    authorization,
    fault,
  ];
  console.log(parts.filter((part) => part !== undefined).join("  "));
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options === "help") {
    console.log(USAGE);
    return;
  }
  const emulator = await start(options);
  console.log(greeting(emulator));
  const stop = (): void => {
    void emulator.close();
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, stop);
}

/** Exit code 2 is a mistake in the command line; 1 is anything that it names and that cannot be used. */
main().catch((error: unknown) => {
  const isUsage = error instanceof UsageError;
  if (isUsage) console.error(`${error.message} See --help.`);
  else console.error(error instanceof InputError ? error.message : error);
  process.exitCode = isUsage ? 2 : 1;
});

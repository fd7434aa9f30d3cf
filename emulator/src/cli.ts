import { parseArgs } from "node:util";
import {
  requireGeneration,
  startEmulator,
  type Emulator,
  type LogEntry,
  type ServerGeneration,
} from "./index";

const USAGE = `Runs Turso on loopback: a control plane, and a data plane for each database.

usage: npm run emulator -- [options]

  --port N                     port of the control plane (default: the system chooses)
  --organization SLUG          the organization (default: acme)
  --group NAME                 the group of the databases (default: default)
  --database NAME              a database to create; may be repeated (default: app, reports)
  --server-generation NAME     what rotating a database does (default: current):
                                 current           invalidates the tokens of that database only
                                 legacy-group      invalidates every token of its group
                                 legacy-dedicated  is refused with 400
  --death-delay SECONDS        how long old tokens stay accepted after a rotation (default: 0)
  --alternating-edges SECONDS  how long, after that, every other request with an old token is accepted (default: 0)
  --rate-limit N               requests per second that the control plane answers before 429 (default: no limit)
  --help                       this text

Ctrl-C stops it; nothing is kept.`;

/** An invalid command line: reported in one sentence, without a stack trace. */
class UsageError extends Error {}

interface Arguments {
  port: number;
  organization: string;
  group: string;
  databases: string[];
  serverGeneration: ServerGeneration;
  deathDelayMs: number;
  alternatingEdgesMs: number;
  requestsPerSecond: number | undefined;
}

function parse(argv: string[]): Arguments | "help" {
  const { values } = parseCommandLine(argv);
  if (values.help) return "help";
  const port = values.port;
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65535) {
    throw new UsageError(`--port must be a number from 0 to 65535, not "${port}".`);
  }
  const { organization, group, database: databases } = values;
  if (organization === "") throw new UsageError("--organization must not be empty.");
  return {
    port: Number(port),
    organization,
    group,
    databases,
    serverGeneration: generation(values["server-generation"]),
    deathDelayMs: milliseconds("--death-delay", values["death-delay"]),
    alternatingEdgesMs: milliseconds("--alternating-edges", values["alternating-edges"]),
    requestsPerSecond: rate(values["rate-limit"]),
  };
}

function generation(text: string): ServerGeneration {
  try {
    return requireGeneration(text);
  } catch (error) {
    throw new UsageError(`--server-generation: ${(error as Error).message}`);
  }
}

function milliseconds(flag: string, text: string): number {
  if (/^\d{1,6}(\.\d+)?$/.test(text)) return Number(text) * 1000;
  throw new UsageError(`${flag} must be a number of seconds, not "${text}".`);
}

function rate(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new UsageError(`--rate-limit must be a number of requests per second, not "${text}".`);
}

function parseCommandLine(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        help: { type: "boolean", short: "h", default: false },
        port: { type: "string", default: "0" },
        organization: { type: "string", default: "acme" },
        group: { type: "string", default: "default" },
        database: { type: "string", multiple: true, default: ["app", "reports"] },
        "server-generation": { type: "string", default: "current" },
        "death-delay": { type: "string", default: "0" },
        "alternating-edges": { type: "string", default: "0" },
        "rate-limit": { type: "string" },
      },
    });
  } catch (error) {
    const [sentence] = (error as Error).message.split(/\.(?:\s|$)/);
    throw new UsageError(`${sentence}.`);
  }
}

async function start({ port, organization, group, databases, ...rules }: Arguments): Promise<Emulator> {
  const emulator = await startEmulator({ port, organization, ...rules, onRequest }).catch(
    (error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === "EADDRINUSE")
        throw new UsageError(`Port ${port} is in use.`);
      throw error;
    },
  );
  try {
    emulator.platform.createGroup(group);
    for (const database of databases) await emulator.platform.createDatabase(database, group);
  } catch (error) {
    await emulator.close();
    throw new UsageError(
      `Could not create ${group} and ${databases.join(", ")}: ${(error as Error).message}.`,
    );
  }
  return emulator;
}

function greeting({ url, organization, apiToken, platform }: Emulator): string {
  const hosts = platform
    .databases()
    .map(({ name, hostname, group }) => `  ${group.name}/${name}  http://${hostname}`);
  return [
    `Turso emulator on ${url}, organization ${organization}, API token ${apiToken}`,
    ...hosts,
    "",
    `export TURSO_API_BASEURL=${url} TURSO_API_TOKEN=${apiToken} TURSO_ORGANIZATION=${organization}`,
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
  const parsed = parse(process.argv.slice(2));
  if (parsed === "help") {
    console.log(USAGE);
    return;
  }
  const emulator = await start(parsed);
  console.log(greeting(emulator));
  const stop = (): void => {
    void emulator.close();
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, stop);
}

main().catch((error: unknown) => {
  console.error(error instanceof UsageError ? `${error.message} See --help.` : error);
  process.exitCode = error instanceof UsageError ? 2 : 1;
});

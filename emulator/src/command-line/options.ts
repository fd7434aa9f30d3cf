import { parseArgs } from "node:util";
import type { EmulatorOptions } from "../index";
import { requireGeneration, type ServerGeneration } from "../platform";
import { faultFrom, readSeed, type GroupSeed, type Settings } from "../seed";

export const USAGE = `Runs Turso on loopback: a control plane, and a data plane for each database.

usage: npx turso-token-emulator [options]

  --seed FILE                  a JSON file with groups, databases, faults and the settings below (see README)
  --port N                     port of the control plane (default: the system chooses)
  --organization SLUG          the organization (default: acme)
  --api-token TEXT             the API token to accept (default: a random one)
  --group NAME[=GENERATION]    a group, and the generation of its servers; may be repeated (default: default)
  --database [GROUP/]NAME      a database, in the first group unless it names another; may be repeated
                               (default without a seed file: app, reports)
  --server-generation NAME     what rotating a database does (default: current):
                                 current           invalidates the tokens of that database only
                                 legacy-group      invalidates every token of its group
                                 legacy-dedicated  is refused with 400
  --death-delay SECONDS        how long old tokens stay accepted after a rotation (default: 0)
  --alternating-edges SECONDS  how long, after that, every other request with an old token is accepted (default: 0)
  --rate-limit N               requests per second that the control plane answers before 429 (default: no limit)
  --fault JSON                 a fault as in a seed file; may be repeated. For example, the first rotation takes effect
                               without an answer: '{"pattern":"auth/rotate$","when":"after","action":{"type":"drop"}}'
  --help                       this text

An option takes precedence over the seed file. Groups, databases and faults are added to those of the file.
Ctrl-C stops it; nothing is kept.`;

/** An invalid command line: reported in one sentence, without a stack trace. */
export class UsageError extends Error {}

/** The options of `startEmulator` that a command line and its seed file ask for. */
export function readOptions(argv: readonly string[]): EmulatorOptions | "help" {
  const values = parse(argv);
  if (values.help === true) return "help";
  for (const name of ["seed", "organization", "api-token"] as const)
    if (values[name] === "") throw new UsageError(`--${name} must not be empty.`);
  const given = {
    port: port(values.port),
    organization: values.organization,
    apiToken: values["api-token"],
    serverGeneration: generation("--server-generation", values["server-generation"]),
    deathDelayMs: milliseconds("--death-delay", values["death-delay"]),
    alternatingEdgesMs: milliseconds("--alternating-edges", values["alternating-edges"]),
    requestsPerSecond: rate(values["rate-limit"]),
  };
  const faults = (values.fault ?? []).map((text) => faultFrom(text, "--fault"));
  const seed: Settings = values.seed === undefined ? {} : readSeed(values.seed);
  const set = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return {
    ...seed,
    ...set,
    groups: groups(seed.groups ?? [], values.group ?? [], values.database),
    faults: [...(seed.faults ?? []), ...faults],
  };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        help: { type: "boolean", short: "h" },
        seed: { type: "string" },
        port: { type: "string" },
        organization: { type: "string" },
        "api-token": { type: "string" },
        group: { type: "string", multiple: true },
        database: { type: "string", multiple: true },
        "server-generation": { type: "string" },
        "death-delay": { type: "string" },
        "alternating-edges": { type: "string" },
        "rate-limit": { type: "string" },
        fault: { type: "string", multiple: true },
      },
    }).values;
  } catch (error) {
    const [sentence] = (error as Error).message.split(/\.(?:\s|$)/);
    throw new UsageError(`${sentence}.`);
  }
}

/** The groups of the seed file with those of the command line, and the databases in their groups. */
function groups(
  seeded: readonly GroupSeed[],
  groupTexts: readonly string[],
  databaseTexts: readonly string[] | undefined,
): GroupSeed[] {
  const all = new Map(seeded.map((each) => [each.name, { ...each, databases: [...(each.databases ?? [])] }]));
  const ensure = (name: string) => {
    const group = all.get(name) ?? { name, databases: [] };
    all.set(name, group);
    return group;
  };
  for (const text of groupTexts) {
    const [name = "", own] = text.split("=", 2);
    const serverGeneration = generation(`--group ${name}`, own);
    Object.assign(ensure(name), serverGeneration && { serverGeneration });
  }
  const first = all.keys().next().value ?? ensure("default").name;
  for (const text of databaseTexts ?? (seeded.length > 0 ? [] : ["app", "reports"])) {
    const slash = text.indexOf("/");
    ensure(slash < 0 ? first : text.slice(0, slash)).databases.push({ name: text.slice(slash + 1) });
  }
  return [...all.values()];
}

function port(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65535) return Number(text);
  throw new UsageError(`--port must be a number from 0 to 65535, not "${text}".`);
}

function generation(flag: string, text: string | undefined): ServerGeneration | undefined {
  if (text === undefined) return undefined;
  try {
    return requireGeneration(text);
  } catch (error) {
    throw new UsageError(`${flag}: ${(error as Error).message}`);
  }
}

function milliseconds(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,6}(\.\d+)?$/.test(text)) return Number(text) * 1000;
  throw new UsageError(`${flag} must be a number of seconds, not "${text}".`);
}

function rate(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new UsageError(`--rate-limit must be a number of requests per second, not "${text}".`);
}

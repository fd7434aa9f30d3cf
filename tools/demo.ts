/** `npm start`: rotates a database with the real CLI and the real libSQL client, against an emulated Turso on loopback. */
import { createClient, LibsqlError } from "@libsql/client";
import path from "node:path";
import { startEmulator, type Emulator } from "../emulator/src";
import { runTool } from "./command-line.js";
import { Stack } from "./stack";

/** A request to the API, with the time of its response. */
interface Answer {
  at: number;
  method: string;
  path: string;
}

const seen: [step: string, result: string][] = [];
const start = Date.now();

function say(line: string): void {
  const at = `${((Date.now() - start) / 1000).toFixed(0)} s`.padStart(5);
  console.log(`${at}  ${line}`);
}

/** Records the result of a step, and stops the demonstration if it is not as expected. */
function expect(step: string, result: string, asExpected: boolean): void {
  say(`${asExpected ? "✓" : "✗"} ${step}: ${result}`);
  seen.push([step, result]);
  if (!asExpected) throw new Error(`Unexpected result: ${step}: ${result}`);
}

/** Runs a query with a token, through the real client. */
async function tryToken(hostname: string, authToken: string): Promise<{ accepted: boolean; words: string }> {
  const client = createClient({ url: `http://${hostname}`, authToken });
  try {
    const { rows } = await client.execute("select count(*) as orders from orders");
    return { accepted: true, words: `${Number(rows[0]?.["orders"])} orders read` };
  } catch (error) {
    if (!(error instanceof LibsqlError)) throw error;
    return { accepted: false, words: `LibsqlError ${error.message}` };
  } finally {
    client.close();
  }
}

async function demo(emulator: Emulator, stack: Stack, answers: Answer[]): Promise<void> {
  say(
    `Emulated Turso at ${emulator.url}, organization "${emulator.organization}": group "default" with databases "app" and "reports"`,
  );
  const { hostname } = emulator.platform.database("app");
  const leaked = await emulator.platform.mintDatabaseToken("app", {});
  const seed = createClient({ url: `http://${hostname}`, authToken: leaked });
  await seed.migrate([
    "create table orders (id integer primary key)",
    "insert into orders values (1), (2), (3)",
  ]);
  seed.close();
  const before = await tryToken(hostname, leaked);
  expect("a leaked token", before.words, before.accepted);

  const pulumi = async (...args: string[]) => {
    say(`$ pulumi ${args.join(" ")}`);
    answers.length = 0;
    const { stdout } = await stack.must(...args);
    for (const line of stdout.split("\n"))
      if (/^ {4}(warning: )?acme\//.test(line)) say(`    ${line.trim()}`);
  };
  const output = async () => String((await stack.outputs())["token"]);

  await stack.init(
    {
      "turso:apiUrl": emulator.url,
      "turso:organization": emulator.organization,
      group: "default",
      trigger: "2026-11",
    },
    { "turso:apiToken": emulator.apiToken },
  );
  await pulumi("up", "--yes", "--skip-preview");
  expectOneRotation("first up", answers);
  const dead = await tryToken(hostname, leaked);
  expect("the leaked token after the rotation", dead.words, !dead.accepted);
  const first = await output();
  const alive = await tryToken(hostname, first);
  expect("the new token from the stack's output", alive.words, alive.accepted);

  await pulumi("up", "--yes", "--skip-preview");
  expect("up again, nothing changed", `${answers.length} API calls`, answers.length === 0);

  await stack.must("config", "set", "trigger", "2026-12");
  await pulumi("preview");
  const changes = answers.filter(({ method }) => method !== "GET").length;
  expect(
    "preview of a changed trigger",
    `${answers.length} lookups, ${changes} changes`,
    changes === 0 && answers.length > 0,
  );
  const spared = await tryToken(hostname, first);
  expect("the same token after the preview", spared.words, spared.accepted);

  await pulumi("up", "--yes", "--skip-preview");
  expectOneRotation("up with the changed trigger", answers);
  const gap = timeWithoutToken(answers);
  expect("time without a valid token", `${(gap / 1000).toFixed(2)} s`, gap < 10_000);
  const gone = await tryToken(hostname, first);
  expect("the previous token", gone.words, !gone.accepted);
  const fresh = await tryToken(hostname, await output());
  expect("the new token from the stack's output", fresh.words, fresh.accepted);
}

const isRotation = ({ path }: Answer): boolean => path.endsWith("/auth/rotate");
/** Matches the token for the consumers, but not canary tokens, which are read-only, nor the one that shows whether the API mints. */
const isMint = ({ path }: Answer): boolean =>
  path.includes("/auth/tokens") && !/authorization=read-only|expiration=1m&/.test(path);

function expectOneRotation(step: string, answers: Answer[]): void {
  const [rotations, mints] = [answers.filter(isRotation).length, answers.filter(isMint).length];
  const minted = `${mints} token${mints === 1 ? "" : "s"} minted`;
  expect(
    step,
    `${rotations} rotation${rotations === 1 ? "" : "s"}, ${minted}`,
    rotations === 1 && mints === 1,
  );
}

/** The dark window as a client can measure it: from the response to the rotation to the response to the mint, in ms. */
function timeWithoutToken(answers: Answer[]): number {
  const rotated = answers.find(isRotation);
  const minted = rotated && answers.find((answer) => isMint(answer) && answer.at >= rotated.at);
  if (rotated === undefined || minted === undefined)
    throw new Error("There was no rotation followed by a mint.");
  return minted.at - rotated.at;
}

function summary(): string {
  const width = Math.max(...seen.map(([step]) => step.length));
  return [
    "",
    ...seen.map(([step, result]) => `  ${step.padEnd(width)}  ${result}`),
    "",
    'To rotate in your own organization (README, "Your first rotation"):',
    "  npx pulumi config set turso:organization SLUG",
    "  npx pulumi config set --secret turso:apiToken",
    "  npx pulumi config set group default",
    "  npx pulumi config set trigger 2026-11",
    "  npx pulumi preview",
  ].join("\n");
}

async function main(): Promise<void> {
  let stack: Stack | undefined;
  const stop = () => stack?.close();
  process.once("exit", stop);
  for (const [signal, code] of Object.entries({ SIGHUP: 129, SIGINT: 130, SIGTERM: 143 }))
    process.once(signal, () => {
      console.error(`\nStopped by ${signal}: nothing is left running.`);
      process.exit(code);
    });
  const answers: Answer[] = [];
  const emulator = await startEmulator({
    organization: "acme",
    onRequest: ({ plane, method, path }) => {
      if (plane === "control") answers.push({ at: Date.now(), method, path });
    },
  });
  try {
    stack = new Stack({
      copy: {
        from: "examples/quickstart",
        files: ["Pulumi.yaml", "package.json", "tsconfig.json", "index.ts"],
      },
    });
    // removed with the stack's folder, even if the CLI is stopped before it removes its temporary files
    stack.env["TMPDIR"] = path.join(stack.folder, "tmp");
    emulator.platform.createGroup("default");
    for (const name of ["app", "reports"]) await emulator.platform.createDatabase(name, "default");
    await demo(emulator, stack, answers);
    console.log(summary());
  } finally {
    stop();
    await emulator.close();
  }
}

const USAGE = `Shows the package at work: the real Pulumi CLI and libSQL client, against an emulated Turso on loopback.

  npm start`;

void runTool({ usage: USAGE, options: {} }, () =>
  main().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }),
);

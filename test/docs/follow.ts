import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { mkdirSync } from "node:fs";
import path from "node:path";
import { Stack } from "../../tools/stack";
import { PAGES, ROOT, blocksOf, commandsOf, isElsewhere, type Block } from "./markdown";
import { blocksToFollow, type PageSession } from "./sessions";
import { assertShown } from "./shown";

/** Starts the emulator with the page's command, and waits for the line that the user has to paste. */
async function startEmulator(page: string): Promise<{ child: ChildProcess; line: string }> {
  const { codes = [] } = PAGES.find(({ file }) => file === page) ?? {};
  const command = [...codes, ...blocksOf(page, "sh").flatMap(commandsOf)].find((code) =>
    code.startsWith("npm run emulator -- "),
  );
  const args = command?.split(" -- ")[1]?.split(" ") ?? [];
  const child = spawn(process.execPath, ["-r", "ts-node/register", "emulator/src/cli.ts", ...args], {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const line = await new Promise<string>((resolve, reject) => {
    let printed = "";
    child.stdout.on("data", (chunk) => {
      printed += String(chunk);
      const found = /^export TURSO_API_BASEURL=.*$/m.exec(printed);
      if (found) resolve(found[0]);
    });
    child.on("close", () => reject(new Error(`The emulator exited: ${printed}`)));
  });
  return { child, line };
}

/** Replaces what a user does interactively: confirms an update, and types the API token. Uses the CLI on PATH. */
const USER = `
npx() {
  [ "$1" = pulumi ] || { command npx "$@"; return; }
  "$@"
}
pulumi() {
  case "$1 $2 $3 $*" in
    up*) set -- "$@" --yes ;;
    "config set --secret"*) [ $# -ne 4 ] || { printf %s "$TURSO_API_TOKEN" | command pulumi "$@" --non-interactive; return; } ;;
  esac
  command pulumi "$@" --non-interactive
}`;

const marker = (index: number): string => `@@ block ${index}`;

/** Converts the page to a script that prints a marker before each block's commands. */
function script(session: PageSession, blocks: Block[], pasted: string): string {
  const lines = ["set -eo pipefail", USER, pasted];
  let hasStack = false;
  for (const [index, block] of blocks.entries()) {
    if (block.language !== "sh") continue;
    const commands = commandsOf(block).filter((command) => !isElsewhere(command));
    const makesStack = commands.some((command) => command.includes("stack init"));
    // a section for a different reader starts with a new backend
    if (makesStack && hasStack) lines.push("export PULUMI_BACKEND_URL=file://$(mktemp -d)");
    hasStack ||= makesStack;
    lines.push(`echo "${marker(index)}"`, ...commands.map((command) => command.replace(/\bSLUG\b/, "acme")));
    if (index === 0 && session.given !== undefined) lines.push(session.given);
  }
  return lines.join("\n");
}

/** Runs a script and returns the output of each block. */
async function run(stack: Stack, text: string): Promise<Map<number, string>> {
  const temporary = path.join(stack.folder, "tmp");
  mkdirSync(temporary, { recursive: true });
  const env = { ...stack.env, PULUMI_BACKEND_URL: undefined, PULUMI_CONFIG_PASSPHRASE: undefined };
  const child = spawn("bash", ["-c", `exec 2>&1\n${text}`], { cwd: stack.project, env });
  let printed = "";
  child.stdout.on("data", (chunk) => (printed += String(chunk)));
  const code = await new Promise((resolve) => child.on("close", resolve));
  assert.equal(code, 0, `${text}\n\n${printed}`);
  const parts = printed.split(/^@@ block (\d+)\n/m).slice(1);
  return new Map(
    parts.flatMap((part, i) => (i % 2 === 0 ? [[Number(part), parts[i + 1] ?? ""] as const] : [])),
  );
}

/** Runs a page's commands in sequence and compares their output with what the page shows. */
export async function follow(session: PageSession): Promise<void> {
  const { child, line } = await startEmulator(session.page);
  const programs = (await session.programs?.()) ?? [];
  const stack = new Stack({ copy: session.copy, programs, env: (await session.env?.()) ?? {} });
  try {
    if (session.program !== undefined) {
      stack.writeFile("package.json", "{}"); // which `npm install` writes
      stack.writeFile(session.program, blocksOf(session.page, "ts")[0]?.text ?? "");
    }
    const blocks = blocksToFollow(session);
    const printed = await run(stack, script(session, blocks, line));
    let output: string | undefined;
    for (const [index, block] of blocks.entries())
      if (block.language === "sh")
        output = commandsOf(block).every(isElsewhere) ? undefined : printed.get(index);
      else if (output !== undefined) assertShown(block.text, output, block.where);
  } finally {
    stack.close();
    child.removeAllListeners("close");
    child.kill();
  }
}

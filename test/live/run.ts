/** `npm run test:live`: measures what a rotation does at Turso. */
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createInterface } from "node:readline/promises";
import { runTool } from "../../tools/command-line.js";
import { liveTest, paceFor } from "./live-test";
import { COMMAND_LINE, optionsFrom, type Options } from "./options";

const say = (line: string): void => console.error(`live test: ${line}`);

/** A signal that aborts on Ctrl-C, and the process's exit code then. */
function interruption(): { signal: AbortSignal; exitCode: () => number | undefined } {
  const controller = new AbortController();
  let exitCode: number | undefined;
  for (const [name, code] of Object.entries({ SIGINT: 130, SIGTERM: 143, SIGHUP: 129 }))
    process.on(name, () => {
      if (exitCode === undefined) say("stopping, after the databases that it created are deleted");
      exitCode ??= code;
      controller.abort();
    });
  return { signal: controller.signal, exitCode: () => exitCode };
}

async function confirm(question: string, signal: AbortSignal): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  // readline takes Ctrl-C from the terminal before it becomes a signal
  terminal.on("SIGINT", () => process.emit("SIGINT"));
  try {
    // Ctrl-D and a terminal that closes are no answer, which is not the group's name
    const answer = terminal.question(question, { signal }).catch(() => {
      process.stderr.write("\n");
      return "";
    });
    return await Promise.race([answer, once(terminal, "close").then(() => "")]);
  } finally {
    terminal.close();
  }
}

async function main(options: Options): Promise<void> {
  const { signal, exitCode } = interruption();
  const { page, problem } = await liveTest(options, {
    say,
    confirm: (question) => confirm(question, signal),
    signal,
    clock: () => new Date(),
    pace: paceFor(options.timeoutMs),
  });
  if (page !== undefined && options.output !== undefined) {
    writeFileSync(options.output, page);
    say(`wrote ${options.output}`);
  } else if (page !== undefined) process.stdout.write(page);
  if (problem !== undefined) console.error(problem);
  process.exitCode = exitCode() ?? (problem === undefined ? 0 : 1);
}

void runTool(COMMAND_LINE, (values) => main(optionsFrom(values, process.env, process.stdin.isTTY)));

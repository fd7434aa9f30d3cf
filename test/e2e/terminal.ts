import { Terminal as Screen } from "@xterm/headless";
import { spawn } from "@lydell/node-pty";
import { setTimeout as sleep } from "node:timers/promises";

const COLUMNS = 80;
const ROWS = 60;
/** A prompt is written before the program listens to single keys. */
const BEFORE_TYPING_MS = 300;

/** Keys to type once a text has appeared. */
export interface Typing {
  after: RegExp;
  keys: string[];
}

export interface TerminalSession {
  code: number;
  /** The final content of the terminal including its scrollback. A wrapped line counts as one. */
  lines: string[];
}

/** Runs a command in an 80-column terminal. */
export async function inTerminal(
  [file = "", ...args]: string[],
  { cwd, env, typing }: { cwd: string; env: Record<string, string | undefined>; typing?: Typing | undefined },
): Promise<TerminalSession> {
  const screen = new Screen({ cols: COLUMNS, rows: ROWS, scrollback: 10_000, allowProposedApi: true });
  // node-pty would set an undefined variable to the text "undefined"
  const defined = Object.entries({ ...env, TERM: "xterm-256color" }).filter(
    ([, value]) => value !== undefined,
  );
  const child = spawn(file, args, { cols: COLUMNS, rows: ROWS, cwd, env: Object.fromEntries(defined) });
  // a program may query its terminal, for example for the cursor position
  screen.onData((response) => child.write(response));
  let [seen, left] = ["", typing];
  const type = async (keys: string[]) => {
    for (const key of keys) {
      await sleep(BEFORE_TYPING_MS);
      child.write(key);
    }
  };
  child.onData((data) => {
    screen.write(data);
    seen += data;
    if (left?.after.test(seen) !== true) return;
    void type(left.keys);
    left = undefined;
  });
  const code = await new Promise<number>((resolve) => child.onExit(({ exitCode }) => resolve(exitCode)));
  await new Promise<void>((resolve) => screen.write("", resolve));
  const lines = logicalLines(screen);
  screen.dispose();
  return { code, lines };
}

function logicalLines({ buffer: { active } }: Screen): string[] {
  const lines: string[] = [];
  for (let row = 0; row < active.length; row += 1) {
    const line = active.getLine(row);
    const wrapsOn = active.getLine(row + 1)?.isWrapped === true;
    const text = line?.translateToString(!wrapsOn) ?? "";
    if (line?.isWrapped === true) lines.push((lines.pop() ?? "") + text);
    else lines.push(text);
  }
  while (lines.at(-1) === "") lines.pop();
  return lines;
}

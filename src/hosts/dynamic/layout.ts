import { openSync } from "node:fs";
import { WriteStream } from "node:tty";

/** What the engine writes before a line at most: `    error: `, or `        * ` and some room. */
const MARGIN = 12;
/** Longer lines are hard to read, however wide the terminal is. */
const WIDEST = 110;

/**
 * How wide the terminal is in which the CLI was started. The engine passes a provider's messages on as they are, and a
 * terminal breaks them in the middle of words. Undefined where there is no terminal, as in CI: a message is a line then.
 */
export function terminalWidth(): number | undefined {
  try {
    const terminal = new WriteStream(openSync("/dev/tty", "w"));
    const { columns } = terminal;
    terminal.destroy();
    return columns > 0 ? columns : undefined;
  } catch {
    return undefined;
  }
}

/** Breaks a message between words, so that it fits. */
export function layOut(message: string, columns: number | undefined): string {
  if (columns === undefined) return message;
  const most = Math.max(20, Math.min(columns, WIDEST) - MARGIN);
  const lines = [""];
  for (const word of message.split(" ")) {
    const line = lines.at(-1) ?? "";
    if (line === "") lines[lines.length - 1] = word;
    else if (line.length + 1 + word.length <= most) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines.join("\n");
}

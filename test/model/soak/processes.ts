import { fork, type ChildProcess } from "node:child_process";
import path from "node:path";
import type { Block, Report, Violation } from "./block";

/** Beside this file, compiled or not. */
const WORKER = path.join(__dirname, `worker${path.extname(__filename)}`);

/** Fewer and cheaper garbage collections: a schedule leaves many short-lived objects. */
const OPTIONS = ["--max-semi-space-size=32"];

export interface Soak {
  jobs: number;
  /** The next block to play; undefined: there is none left. */
  next: () => Block | undefined;
  onPlayed: (violation: Violation | undefined) => void;
  onEnd: (block: Block) => void;
  /** Ends the soak early. */
  signal: AbortSignal;
}

/** Plays blocks in several processes, each with one block at a time, until none is left. @throws Error if a process ends by itself */
export async function playInProcesses({ jobs, ...soak }: Soak): Promise<void> {
  await Promise.all(Array.from({ length: jobs }, () => playInProcess(soak)));
}

function playInProcess({ next, onPlayed, onEnd, signal }: Omit<Soak, "jobs">): Promise<void> {
  return new Promise((resolve, reject) => {
    const child: ChildProcess = fork(WORKER, { execArgv: [...process.execArgv, ...OPTIONS] });
    let block: Block | undefined;
    let isOver = false;
    const end = (): void => {
      isOver = true;
      child.kill("SIGKILL");
      resolve();
    };
    signal.addEventListener("abort", end, { once: true });
    child.on("message", (report: Report) => {
      if (isOver) return;
      if (report.type === "played") {
        onPlayed(report.violation);
        return;
      }
      if (block) onEnd(block);
      block = isOver ? undefined : next();
      if (block) child.send(block);
      else end();
    });
    child.on("exit", (code, killedBy) => {
      if (!isOver)
        reject(new Error(`A process ended (${code ?? killedBy}) while it played ${textOf(block)}.`));
    });
  });
}

const textOf = (block: Block | undefined): string => (block ? `seed ${block.seed}` : "nothing");

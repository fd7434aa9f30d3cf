import { spawn, type ChildProcess } from "node:child_process";
import path from "node:path";
import { createInterface } from "node:readline";
import { ROOT } from "../tools/stack";
import { atEnd } from "./cleanup";
import type { LoopKind, LoopOrder, LoopResult } from "./loops";
import type { Hello, Tally } from "./protocol";

/** The round-trip time of each request. */
export const LATENCY_MS = 50;

const script = (name: string): string[] => ["-r", "ts-node/register", path.join(__dirname, name)];

/** The emulator in a separate process, so that it shares no event loop with what is measured. */
export class EmulatorProcess {
  private constructor(
    private readonly child: ChildProcess,
    private readonly nextLine: () => Promise<string>,
    readonly hello: Hello,
    private readonly forget: () => void,
  ) {}

  static async start(databases: number): Promise<EmulatorProcess> {
    const child = spawn(process.execPath, [...script("server.ts"), String(databases), String(LATENCY_MS)], {
      cwd: ROOT,
      stdio: ["pipe", "pipe", "inherit"],
    });
    const forget = atEnd(() => child.kill("SIGTERM"));
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const nextLine = async (): Promise<string> => {
      const line = await lines.next();
      if (line.done) throw new Error("The emulator's process exited unexpectedly.");
      return line.value;
    };
    const hello = JSON.parse(await nextLine()) as Hello;
    return new EmulatorProcess(child, nextLine, hello, forget);
  }

  /** Runs a body against a fresh emulator with a number of databases: the length of listings depends on it. */
  static async with<T>(databases: number, body: (emulator: EmulatorProcess) => Promise<T>): Promise<T> {
    const emulator = await EmulatorProcess.start(databases);
    try {
      return await body(emulator);
    } finally {
      await emulator.close();
    }
  }

  /** The requests since the last call of this method. */
  async take(): Promise<Tally> {
    this.child.stdin?.write("\n");
    return JSON.parse(await this.nextLine()) as Tally;
  }

  /** Runs a plain loop in a fresh process, which measures the time from its first request to its last response. */
  async loop(kind: LoopKind, parallelism = 1): Promise<LoopResult & { tally: Tally }> {
    await this.take();
    const order: LoopOrder = { kind, parallelism, ...this.hello };
    const child = spawn(process.execPath, script("loops.ts"), {
      cwd: ROOT,
      stdio: ["pipe", "pipe", "inherit"],
    });
    const forget = atEnd(() => child.kill("SIGKILL"));
    child.stdin.end(JSON.stringify(order));
    let output = "";
    child.stdout.on("data", (chunk) => (output += String(chunk)));
    const code = await new Promise<number | null>((resolve, reject) => {
      child.on("error", reject);
      child.on("close", resolve);
    });
    forget();
    if (code !== 0) throw new Error(`The loop "${kind}" exited with code ${String(code)}.`);
    return { ...(JSON.parse(output) as LoopResult), tally: await this.take() };
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.child.once("close", resolve));
    this.child.stdin?.end();
    await closed;
    this.forget();
  }
}

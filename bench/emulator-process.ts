import { spawn, type ChildProcess } from "node:child_process";
import path from "node:path";
import { createInterface } from "node:readline";
import { ROOT } from "../tools/stack";
import { atEnd } from "./cleanup";
import type { LoopKind, LoopOrder, LoopResult } from "./loops";
import type { Command, Hello, Tally, World } from "./protocol";

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

  static async start(world: Omit<World, "latencyMs">): Promise<EmulatorProcess> {
    const order = JSON.stringify({ ...world, latencyMs: LATENCY_MS });
    const child = spawn(process.execPath, [...script("server.ts"), order], {
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

  /**
   * Runs a body against a fresh emulator.
   *
   * @param world what it emulates; a number: that many databases in one group
   */
  static async with<T>(
    world: number | Omit<World, "latencyMs">,
    body: (emulator: EmulatorProcess) => Promise<T>,
  ): Promise<T> {
    const emulator = await EmulatorProcess.start(typeof world === "number" ? { databases: world } : world);
    try {
      return await body(emulator);
    } finally {
      await emulator.close();
    }
  }

  /** The requests since the last call of this method. */
  take(): Promise<Tally> {
    return this.command("take");
  }

  async command(command: Command): Promise<Tally> {
    this.child.stdin?.write(`${command}\n`);
    return JSON.parse(await this.nextLine()) as Tally;
  }

  /**
   * Runs a loop in a fresh process, which measures the time from its first request to its last response.
   *
   * @param most how many of the databases it is for
   */
  async loop(kind: LoopKind, parallelism = 1, most = Infinity): Promise<LoopResult & { tally: Tally }> {
    await this.take();
    const names = this.hello.names.slice(0, most);
    const order: LoopOrder = { kind, parallelism, ...this.hello, names };
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

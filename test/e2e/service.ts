import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ROOT } from "../../tools/stack";

const CLIENTS = 4;

interface Served {
  at: number;
  ms: number;
  status: number;
}

/** A server of examples/deliver in a separate process, and clients that send requests continuously. */
export class Service {
  readonly served: Served[] = [];
  private stopped = false;
  private readonly clients: Promise<void>[];

  private constructor(
    readonly process: ChildProcess,
    private readonly url: string,
  ) {
    this.clients = Array.from({ length: CLIENTS }, () => this.sendRequests());
  }

  /** @param cwd whose packages the server uses */
  static async start(
    env: Record<string, string>,
    file = path.join(ROOT, "examples/deliver/server.ts"),
    cwd = ROOT,
  ): Promise<Service> {
    const child = spawn(process.execPath, ["-r", "ts-node/register/transpile-only", file], {
      cwd,
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [line] = (await once(child.stdout, "data")) as [Buffer];
    const url = /http:\S+/.exec(line.toString())?.[0];
    assert.ok(url, line.toString());
    return new Service(child, url);
  }

  /** Statistics of the requests that started after a time. */
  since(start: number): { all: number; failed: number; slowestMs: number; statuses: number[] } {
    const some = this.served.filter(({ at }) => at >= start);
    const failed = some.filter(({ status }) => status !== 200);
    return {
      all: some.length,
      failed: failed.length,
      slowestMs: Math.round(Math.max(0, ...some.map(({ ms }) => ms))),
      statuses: [...new Set(failed.map(({ status }) => status))],
    };
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await Promise.all(this.clients);
    this.process.kill();
    if (this.process.exitCode === null && this.process.signalCode === null) await once(this.process, "exit");
  }

  private async sendRequests(): Promise<void> {
    while (!this.stopped) {
      const at = Date.now();
      const status = await fetch(this.url).then(
        async (response) => (await response.text(), response.status),
        () => 0,
      );
      this.served.push({ at, ms: Date.now() - at, status });
      await sleep(20);
    }
  }
}

/** Prints what the clients of a service noticed. */
export function report(what: string, { all, failed, slowestMs }: ReturnType<Service["since"]>): void {
  console.log(`      ${what}: ${failed} of ${all} requests failed, the slowest took ${slowestMs} ms`);
}

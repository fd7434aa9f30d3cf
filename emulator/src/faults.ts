import type { FastifyReply } from "fastify";
import type { LogEntry, Plane } from "./log";

export type FaultAction =
  | { type: "drop" }
  | { type: "delay"; ms: number }
  | {
      type: "status";
      status: number;
      body?: string | undefined;
      headers?: Record<string, string> | undefined;
      /** How long the answer takes. */
      delayMs?: number | undefined;
    }
  | { type: "truncate" }
  | { type: "hang" };

export interface Fault {
  /** Any method by default. */
  method?: string;
  /** A string is the whole path without its query; a RegExp is tried on path and query. */
  path: string | RegExp;
  plane?: Plane;
  /** A database by its name; on the data plane only. */
  database?: string;
  /** Before or after the request takes effect. */
  when: "before" | "after";
  action: FaultAction;
  /** How many requests it applies to; 1 by default. */
  times?: number;
  /** How many matching requests it lets through first. */
  skip?: number;
}

interface ArmedFault extends Fault {
  left: number;
  toSkip: number;
}

/** What a fault does to an answer: leaves it unchanged, replaces it, or takes the connection away from the framework. */
export type FaultEffect =
  { type: "continue" } | { type: "replace"; body: string; contentType: string } | { type: "gone" };

export class Faults {
  readonly #armed: ArmedFault[] = [];
  readonly #sleepers = new Set<() => void>();

  add(fault: Fault): void {
    this.#armed.push({ ...fault, left: fault.times ?? 1, toSkip: fault.skip ?? 0 });
  }

  /** Those that still apply to a request, as JSON. */
  list(): object[] {
    return this.#armed
      .filter(({ left }) => left > 0)
      .map(({ path, method, plane, database, when, action, left, toSkip }) => ({
        ...(typeof path === "string" ? { path } : { pattern: path.source }),
        method,
        plane,
        database,
        when,
        action,
        times: left === Infinity ? "always" : left,
        skip: toSkip,
      }));
  }

  clear(): void {
    this.#armed.length = 0;
  }

  /** The first fault that applies to this request. Call it once per request and phase, because it counts. */
  take(
    when: Fault["when"],
    request: Pick<LogEntry, "plane" | "method" | "path" | "database">,
  ): Fault | undefined {
    for (const fault of this.#armed) {
      if (fault.when !== when || fault.left <= 0 || !matches(fault, request)) continue;
      if (fault.toSkip > 0) {
        fault.toSkip -= 1;
        continue;
      }
      fault.left -= 1;
      return fault;
    }
    return undefined;
  }

  async apply(action: FaultAction, reply: FastifyReply, payload: string): Promise<FaultEffect> {
    switch (action.type) {
      case "delay":
        await this.sleep(action.ms);
        return { type: "continue" };
      case "status": {
        const body = action.body ?? JSON.stringify({ error: `fault: status ${action.status}` });
        if (action.delayMs !== undefined) await this.sleep(action.delayMs);
        reply.code(action.status).removeHeader("content-length");
        reply.header("content-type", body.startsWith("{") ? "application/json" : "text/plain");
        reply.headers(action.headers ?? {});
        return { type: "replace", body, contentType: String(reply.getHeader("content-type")) };
      }
      case "truncate":
        await truncate(reply, payload);
        return { type: "gone" };
      case "drop":
        reply.raw.socket?.destroy();
        return { type: "gone" };
      case "hang":
        return { type: "gone" };
    }
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.#sleepers.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, ms);
      this.#sleepers.add(wake);
    });
  }

  /** Ends every delay immediately, so that closing does not wait for them. */
  wakeAll(): void {
    for (const wake of [...this.#sleepers]) wake();
  }
}

function matches(fault: Fault, request: Pick<LogEntry, "plane" | "method" | "path" | "database">): boolean {
  if (fault.plane !== undefined && fault.plane !== request.plane) return false;
  if (fault.database !== undefined && fault.database !== request.database) return false;
  if (fault.method !== undefined && fault.method.toUpperCase() !== request.method) return false;
  if (typeof fault.path === "string") return fault.path === request.path.split("?", 1)[0];
  // A global or sticky expression would remember its last match.
  return new RegExp(fault.path.source, fault.path.flags.replace(/[gy]/g, "")).test(request.path);
}

/** Promises more bytes than it sends, then cuts the connection, once the bytes are out. */
async function truncate(reply: FastifyReply, payload: string): Promise<void> {
  const whole = Buffer.from(payload);
  const part = whole.subarray(0, Math.ceil(whole.length / 2));
  const headers = { ...reply.getHeaders(), "content-length": String(whole.length + 16) };
  reply.raw.writeHead(reply.statusCode, headers as Record<string, string>);
  reply.raw.flushHeaders();
  await new Promise<void>((resolve) => {
    reply.raw.write(part.length > 0 ? part : " ", () => resolve());
    reply.raw.once("close", () => resolve());
  });
  reply.raw.socket?.destroy();
}

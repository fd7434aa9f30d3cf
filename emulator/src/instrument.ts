import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { ApiError } from "./errors";
import type { Faults } from "./faults";
import type { LogEntry, Plane, RequestLog } from "./log";

declare module "fastify" {
  interface FastifyRequest {
    entry: LogEntry;
  }
}

export interface Instruments {
  log: RequestLog;
  faults: Faults;
  latencyMs: number;
  now: () => number;
}

/** Neither resolves nor rejects: the socket has been taken from the framework, which must not touch it again. */
const never = (): Promise<never> => new Promise(() => {});

/** The log, the faults and the latency, the same on both planes; and every error as `{"error": text}`. */
export function instrument(
  app: FastifyInstance,
  plane: Plane,
  instruments: Instruments,
  databaseOf?: (request: FastifyRequest) => string | undefined,
): void {
  const { log, faults } = instruments;
  const contentTypes = new WeakMap<FastifyRequest, string>();

  app.addHook("onRequest", async (request, reply) => {
    const { method } = request;
    const database = databaseOf?.(request);
    const entry: LogEntry = { at: instruments.now(), plane, method, path: request.url, status: 0 };
    if (database !== undefined) entry.database = database;
    if (plane === "control") entry.changed = false;
    request.entry = entry;
    log.arrived(entry, request.headers.authorization);
    return meet("before", request, reply, "");
  });

  app.addHook("onSend", async (request, reply, payload) => {
    const { entry } = request;
    if (instruments.latencyMs > 0) await faults.sleep(instruments.latencyMs);
    const text = typeof payload === "string" ? payload : "";
    // An answer that a fault made before the change must not meet a second one on its way out.
    const replaced = entry.fault?.startsWith("before status")
      ? undefined
      : await meet("after", request, reply, text);
    // The framework adds a charset, which a libSQL server does not send: the official client compares the whole header.
    const type = reply.getHeader("content-type");
    const plain = typeof type === "string" ? type.replace(/; charset=utf-8$/i, "") : undefined;
    const exact = contentTypes.get(request) ?? plain;
    if (exact !== undefined) reply.header("content-type", exact);
    entry.status = reply.statusCode;
    log.finished(entry);
    return typeof replaced === "string" ? replaced : payload;
  });

  async function meet(
    when: "before" | "after",
    request: FastifyRequest,
    reply: FastifyReply,
    payload: string,
  ): Promise<unknown> {
    const { entry } = request;
    const fault = faults.take(when, entry);
    if (fault === undefined) return undefined;
    entry.fault = `${when} ${fault.action.type}`;
    if (fault.action.type === "truncate") entry.status = reply.statusCode;
    const outcome = await faults.apply(fault.action, reply, payload);
    if (outcome.type === "gone") {
      log.finished(entry);
      return never();
    }
    if (outcome.type === "continue") return undefined;
    contentTypes.set(request, outcome.contentType);
    return when === "before" ? reply.send(outcome.body) : outcome.body;
  }

  speakJson(app, "not found");
}

/** Reads every body as JSON, and answers every error as `{"error": text}`. */
export function speakJson(app: FastifyInstance, notFound: string): void {
  app.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => {
    const status = error instanceof ApiError ? error.status : (error.statusCode ?? 500);
    return sendJson(reply, status, { error: error.message });
  });
  app.setNotFoundHandler((_request, reply) => sendJson(reply, 404, { error: notFound }));

  // The official client sends its JSON as text/plain, and some send a JSON type with no body at all.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "string" }, (_request, body, done) => {
    try {
      done(null, body.length === 0 ? undefined : JSON.parse(body.toString()));
    } catch {
      done(new ApiError(400, "the request body is not JSON"), undefined);
    }
  });
}

export function sendJson(reply: FastifyReply, status: number, body: unknown): FastifyReply {
  return reply.code(status).header("content-type", "application/json").send(JSON.stringify(body));
}

import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { answerDirectly, type DirectAnswer, type DirectRequest } from "../direct";
import { instrument, sendJson, type Instruments } from "../instrument";
import type { Hosting, Platform } from "../platform";
import { admit, portOf } from "./admission";
import type { Access } from "./authorizer";
import { checkBatch, type Batch } from "./batch";
import { cursorEntries, cursorHead, cutAfter } from "./cursor";
import { ProtocolError, required, StreamExpired, WriteForbidden } from "./errors";
import { answer, type Session, type StreamRequest, type StreamResult } from "./hrana";
import { ConnectionPool, Storage } from "./storage";
import { Streams, type Stream } from "./streams";

interface Host {
  databaseName: string;
  server: Server;
  pool: ConnectionPool;
  streams: Streams;
}

interface PipelineBody {
  baton?: string | null;
  requests?: StreamRequest[];
}

interface CursorBody {
  baton?: string | null;
  batch?: Batch;
}

export interface Times {
  /** How long a stream may be idle. */
  streamExpiryMs: number;
  /** How long a statement waits for the lock of another stream. */
  busyTimeoutMs: number;
}

/** A request that was admitted to a database, on a stream that it holds until it is answered. */
interface Exchange {
  host: Host;
  stream: Stream;
  session: Session;
}

const LOOPBACK = "127.0.0.1";
const KEEP_ALIVE_MS = 72_000;

/**
 * Each database has a port, and all ports share one router, because a listener costs little and a router does not.
 * The port that received a request identifies the database.
 */
export class DataPlane implements Hosting {
  readonly #hosts = new Map<number, Host>();
  readonly #storage: Storage;
  readonly #app: FastifyInstance;

  constructor(
    private readonly platform: () => Platform,
    instruments: Instruments,
    private readonly times: Times,
  ) {
    this.#storage = new Storage(times.busyTimeoutMs);
    this.#app = fastify({ logger: false, bodyLimit: 16 << 20 });
    instrument(this.#app, "data", instruments, (request) => this.#host(request)?.databaseName);
    for (const version of [2, 3] as const) {
      this.#app.get(`/v${version}`, (_request, reply) =>
        reply.type("text/plain").send("Hello, this is HTTP API v2 (Hrana over HTTP)"),
      );
      this.#app.post(`/v${version}/pipeline`, async (request, reply) => {
        await this.#pipeline(version, request, reply);
        return reply;
      });
    }
    this.#app.post("/v3/cursor", async (request, reply) => {
      await this.#cursor(request, reply);
      return reply;
    });
  }

  /** Answers a request without a connection, as the database whose port is in the URL does. */
  answer(request: DirectRequest): Promise<DirectAnswer> {
    return answerDirectly(this.#app, request);
  }

  async ready(): Promise<void> {
    await this.#app.ready();
  }

  async open(databaseName: string): Promise<string> {
    const server = createServer((request, response) => this.#app.routing(request, response));
    // The default of 5 seconds would cut connections that a client is about to use again.
    server.keepAliveTimeout = KEEP_ALIVE_MS;
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(0, LOOPBACK, resolve);
    });
    const { port } = server.address() as AddressInfo;
    const pool = new ConnectionPool(this.#storage);
    this.#hosts.set(port, {
      databaseName,
      server,
      pool,
      streams: new Streams(pool, this.times.streamExpiryMs),
    });
    return `${LOOPBACK}:${port}`;
  }

  /** The port stays open and answers that the namespace is gone, as a name under a wildcard DNS entry would. */
  discard(databaseName: string): void {
    for (const host of this.#hosts.values()) {
      if (host.databaseName !== databaseName) continue;
      host.streams.close();
      host.pool.close();
    }
  }

  async clear(): Promise<void> {
    const hosts = [...this.#hosts.values()];
    this.#hosts.clear();
    const closed = hosts.map(({ server, streams, pool }) => {
      const done = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      streams.close();
      pool.close();
      return done;
    });
    await Promise.all(closed);
  }

  async close(): Promise<void> {
    await this.clear();
    await this.#app.close();
    this.#storage.close();
  }

  #host(request: FastifyRequest): Host | undefined {
    return this.#hosts.get(portOf(request));
  }

  async #pipeline(version: 2 | 3, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const { baton, requests } = (request.body ?? {}) as PipelineBody;
    await this.#exchange(version, baton, request, reply, async ({ host, stream, session }) => {
      const results = await answerAll(requests, stream, session);
      sendJson(reply, 200, { baton: host.streams.release(stream), base_url: null, results });
    });
  }

  /**
   * The lines are sent once the batch has ended, so that a fault "after" meets a request that has had its effect.
   * A client cannot tell the difference, except that it waits longer for the first line.
   */
  async #cursor(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const { baton, batch } = (request.body ?? {}) as CursorBody;
    await this.#exchange(3, baton, request, reply, async ({ host, stream, session }) => {
      const program = required(batch, "batch");
      checkBatch(program, session);
      reply.type("text/plain");
      try {
        const entries = await cursorEntries(program, session);
        reply.send(cursorHead(host.streams.release(stream)) + entries);
      } catch (error) {
        if (!(error instanceof WriteForbidden)) throw error;
        // The status and the first line precede the batch, so a refusal can only cut the connection.
        const head = cursorHead(host.streams.release(stream));
        host.streams.abandon(stream);
        reply.send(Readable.from(cutAfter(head)));
      }
    });
  }

  /** Admits a request, gives it its stream, and answers what is wrong with the request as a whole. */
  async #exchange(
    version: 2 | 3,
    baton: string | null | undefined,
    request: FastifyRequest,
    reply: FastifyReply,
    work: (exchange: Exchange) => Promise<void>,
  ): Promise<void> {
    const host = this.#host(request);
    const access = await admit(this.platform(), host?.databaseName, request, reply);
    if (access === null || host === undefined) return;
    let stream: Stream | undefined;
    try {
      stream = host.streams.acquire(baton);
      await work({ host, stream, session: sessionOf(stream, version, access) });
    } catch (error) {
      if (stream !== undefined) host.streams.abandon(stream);
      refuse(error, host, reply);
    }
  }
}

function sessionOf(stream: Stream, version: 2 | 3, access: () => Access): Session {
  return { version, access, storedSql: stream.storedSql, connection: () => stream.connection() };
}

async function answerAll(
  requests: StreamRequest[] | undefined,
  stream: Stream,
  session: Session,
): Promise<StreamResult[]> {
  const results: StreamResult[] = [];
  for (const each of required(requests, "requests")) {
    if (each.type === "close") {
      stream.end("closed");
      results.push({ type: "ok", response: { type: "close" } });
    } else {
      results.push(await answer(each, session));
    }
  }
  return results;
}

function refuse(error: unknown, host: Host, reply: FastifyReply): void {
  if (error instanceof ProtocolError) {
    reply.code(400).type("text/plain").send(error.message);
  } else if (error instanceof StreamExpired) {
    sendJson(reply, 400, { message: error.message, code: "STREAM_EXPIRED" });
  } else if (error instanceof WriteForbidden) {
    const session = "Current session doesn't not have Write permission to namespace";
    sendJson(reply, 403, { error: `Authorization forbidden: ${session} ${host.databaseName}` });
  } else {
    throw error;
  }
}

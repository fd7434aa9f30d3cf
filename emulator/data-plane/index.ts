import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { answer, ProtocolError, type StreamRequest, type StreamResult } from "./hrana";
import { instrument, sendJson, type Instruments } from "../instrument";
import type { Hosting, Platform } from "../platform";
import { WriteForbidden, type Access } from "./sql";
import { ConnectionPool, Storage } from "./storage";
import { StreamExpired, Streams, type Stream } from "./streams";

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

export interface Times {
  /** How long a stream may be left alone. */
  streamExpiryMs: number;
  /** How long a statement waits for the lock of another stream. */
  busyTimeoutMs: number;
}

/** Who is asking, and of which database; null once the answer has been given. */
interface Admission {
  host: Host;
  access: () => Access;
}

const LOOPBACK = "127.0.0.1";
const KEEP_ALIVE_MS = 72_000;

/**
 * A port for each database, all in front of one router: a listener costs little, a thousand routers would not.
 * The port that a request came in by tells the database.
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

  /** The port stays open and says that the namespace is gone, as a name under a wildcard DNS entry would. */
  discard(databaseName: string): void {
    for (const host of this.#hosts.values()) {
      if (host.databaseName !== databaseName) continue;
      host.streams.close();
      host.pool.close();
    }
  }

  async close(): Promise<void> {
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
    await this.#app.close();
    this.#storage.close();
  }

  #host(request: FastifyRequest): Host | undefined {
    return this.#hosts.get(request.socket.localPort ?? 0);
  }

  async #pipeline(version: 2 | 3, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const admission = await this.#admit(request, reply);
    if (admission === null) return;
    const { host, access } = admission;
    const { baton, requests } = (request.body ?? {}) as PipelineBody;
    let stream: Stream | undefined;
    try {
      if (!Array.isArray(requests)) {
        throw new ProtocolError("Cannot deserialize client message from JSON: missing field `requests`");
      }
      stream = host.streams.acquire(baton);
      const results = await this.#answerAll(requests, stream, version, access);
      sendJson(reply, 200, { baton: host.streams.release(stream), base_url: null, results });
    } catch (error) {
      if (stream !== undefined) host.streams.abandon(stream);
      this.#refuse(error, host, reply);
    }
  }

  async #answerAll(
    requests: StreamRequest[],
    stream: Stream,
    version: 2 | 3,
    access: () => Access,
  ): Promise<StreamResult[]> {
    const session = { version, access, storedSql: stream.storedSql, connection: () => stream.connection() };
    const results: StreamResult[] = [];
    for (const each of requests) {
      if (each.type === "close") {
        stream.end("closed");
        results.push({ type: "ok", response: { type: "close" } });
      } else {
        results.push(await answer(each, session));
      }
    }
    return results;
  }

  #refuse(error: unknown, host: Host, reply: FastifyReply): void {
    if (error instanceof ProtocolError) {
      reply.code(400).type("text/plain").send(error.message);
    } else if (error instanceof StreamExpired) {
      sendJson(reply, 500, { message: error.message, code: "STREAM_EXPIRED" });
    } else if (error instanceof WriteForbidden) {
      const session = "Current session doesn't not have Write permission to namespace";
      sendJson(reply, 403, { error: `Authorization forbidden: ${session} ${host.databaseName}` });
    } else {
      throw error;
    }
  }

  async #admit(request: FastifyRequest, reply: FastifyReply): Promise<Admission | null> {
    const unauthorized = (reason: string): null => {
      sendJson(reply, 401, { error: `Unauthorized: \`${reason}\`` });
      return null;
    };
    const host = this.#host(request);
    const database = host && this.platform().findDatabase(host.databaseName);
    const unknown = (): null => {
      sendJson(reply, 404, { error: `Namespace \`${host?.databaseName}\` doesn't exist` });
      return null;
    };
    // A database that was deleted and created again lives at another port.
    if (
      host === undefined ||
      database === undefined ||
      !database.hostname.endsWith(`:${request.socket.localPort}`)
    ) {
      return unknown();
    }
    const { authorization } = request.headers;
    if (authorization === undefined) return unauthorized("Expected authorization header but none given");
    const token = /^Bearer +(.*)$/i.exec(authorization)?.[1]?.trim() ?? "";
    const { state, readOnly } = await this.platform().inspect(database, token);
    if (state === "invalid") return unauthorized("The JWT is invalid");
    if (state === "expired") return unauthorized("The JWT has expired");
    if (state === "other-database") return unknown();
    const access = (): Access => ({
      read: database.blockReads ? "blocked" : "allowed",
      write: readOnly ? "forbidden" : database.blockWrites ? "blocked" : "allowed",
    });
    return { host, access };
  }
}

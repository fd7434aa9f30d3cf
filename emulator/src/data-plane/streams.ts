import { randomUUID } from "node:crypto";
import { ProtocolError, StreamExpired } from "./errors";
import type { SqlConnection } from "./sql";
import type { ConnectionPool } from "./storage";

/** An interactive session over several HTTP requests. The latest baton gives access to its one connection. */
export class Stream {
  readonly id = randomUUID();
  readonly storedSql = new Map<number, string>();
  state: "acquired" | "available" | "expired" | "closed" = "acquired";
  sequence = 0;
  timer: NodeJS.Timeout | undefined;
  #connection: SqlConnection | undefined;

  constructor(private readonly pool: ConnectionPool) {}

  connection(): SqlConnection {
    if (this.state === "closed") throw new ProtocolError("Stream for this baton was closed");
    return (this.#connection ??= this.pool.acquire());
  }

  end(state: "expired" | "closed"): void {
    this.state = state;
    clearTimeout(this.timer);
    if (this.#connection !== undefined) this.pool.release(this.#connection);
    this.#connection = undefined;
  }
}

/** The streams of one database. */
export class Streams {
  readonly #streams = new Map<string, Stream>();

  constructor(
    private readonly pool: ConnectionPool,
    private readonly expiryMs: number,
  ) {}

  acquire(baton: string | null | undefined): Stream {
    if (baton === null || baton === undefined) {
      const stream = new Stream(this.pool);
      this.#streams.set(stream.id, stream);
      return stream;
    }
    const [id = "", sequence] = Buffer.from(baton, "base64").toString().split("/");
    const stream = this.#streams.get(id);
    if (stream === undefined) throw new ProtocolError("Received an invalid baton");
    if (stream.state === "expired") throw new StreamExpired();
    if (stream.state !== "available" || String(stream.sequence) !== sequence) {
      throw new ProtocolError("Received a baton that has already been used");
    }
    clearTimeout(stream.timer);
    stream.state = "acquired";
    stream.sequence += 1;
    return stream;
  }

  /** The baton for the next request, or null if the stream is closed. */
  release(stream: Stream): string | null {
    if (stream.state !== "acquired") {
      this.#streams.delete(stream.id);
      return null;
    }
    stream.state = "available";
    stream.timer = setTimeout(() => stream.end("expired"), this.expiryMs);
    stream.timer.unref();
    return Buffer.from(`${stream.id}/${stream.sequence}`).toString("base64");
  }

  /** Ends a stream whose client gets no baton, as after an error of the protocol. */
  abandon(stream: Stream): void {
    stream.end("closed");
    this.#streams.delete(stream.id);
  }

  close(): void {
    for (const stream of this.#streams.values()) stream.end("closed");
    this.#streams.clear();
  }
}

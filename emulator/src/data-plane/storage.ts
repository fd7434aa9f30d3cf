import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SqlConnection } from "./sql";

/** How many idle connections all databases keep together: opening one costs more than a request does. */
const IDLE_CONNECTIONS = 256;

/**
 * The files of the databases, in a temporary folder that is removed with the emulator. They are files because only a
 * file in WAL mode lets readers continue while a transaction writes, as a libSQL server does.
 */
export class Storage {
  #folder: string | undefined;
  #files = 0;
  /** The pool of each idle connection, the longest idle first. The first ones are evicted when there are too many. */
  readonly #idle = new Map<SqlConnection, ConnectionPool>();
  readonly #removeAtExit = (): void => this.#remove();

  createFile(): string {
    if (this.#folder === undefined) {
      this.#folder = mkdtempSync(join(tmpdir(), "turso-emulator-"));
      process.once("exit", this.#removeAtExit);
    }
    return join(this.#folder, `${++this.#files}.db`);
  }

  park(connection: SqlConnection, pool: ConnectionPool): void {
    this.#idle.set(connection, pool);
    const [eldest] = this.#idle;
    if (eldest === undefined || this.#idle.size <= IDLE_CONNECTIONS) return;
    this.unpark(eldest[0]);
    eldest[1].evict(eldest[0]);
  }

  unpark(connection: SqlConnection): void {
    this.#idle.delete(connection);
  }

  constructor(readonly busyTimeoutMs: number) {}

  close(): void {
    process.removeListener("exit", this.#removeAtExit);
    this.#remove();
  }

  #remove(): void {
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true });
    this.#folder = undefined;
  }
}

/** The connections of one database. */
export class ConnectionPool {
  #path: string | undefined;
  readonly #idle = new Set<SqlConnection>();
  readonly #busy = new Set<SqlConnection>();

  constructor(private readonly storage: Storage) {}

  acquire(): SqlConnection {
    const [idle] = this.#idle;
    const connection =
      idle ?? new SqlConnection((this.#path ??= this.storage.createFile()), this.storage.busyTimeoutMs);
    this.#idle.delete(connection);
    this.storage.unpark(connection);
    this.#busy.add(connection);
    return connection;
  }

  release(connection: SqlConnection): void {
    // Closed already, together with its database.
    if (!this.#busy.delete(connection)) return;
    connection.rollback();
    this.#idle.add(connection);
    this.storage.park(connection, this);
  }

  evict(connection: SqlConnection): void {
    if (this.#idle.delete(connection)) connection.close();
  }

  close(): void {
    for (const connection of this.#idle) this.storage.unpark(connection);
    for (const connection of [...this.#idle, ...this.#busy]) connection.close();
    this.#idle.clear();
    this.#busy.clear();
    const path = this.#path;
    this.#path = undefined;
    if (path !== undefined) for (const suffix of ["", "-wal", "-shm"]) rmSync(path + suffix, { force: true });
  }
}

import { readFile } from "node:fs/promises";
import { watchFile } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** What this file needs of a driver's client: `@libsql/client` and `@tursodatabase/serverless/compat` have it. */
export interface Client {
  execute(sql: string): Promise<{ rows: ArrayLike<Record<string, unknown>> }>;
}

export interface DatabaseOptions {
  /** Opens a client with a token. Both drivers take the token when they are opened, so a new token needs a new client. */
  open: (authToken: string) => Client;
  /** The file that contains the token. */
  tokenFile: string;
  /** How long a rejected query waits for a new token. With 0 it checks the file once. */
  waitMs: number;
}

const POLL_INTERVAL_MS = 50;

/** A database whose token changes while in use. It is read from a file, and read again when the database rejects it. */
export class Database {
  #token = "";
  #client: Client | undefined;
  #reload: Promise<void> | undefined;

  constructor(private readonly options: DatabaseOptions) {
    // switches to a renewed token before the old one expires; polls, because some file systems report no changes
    watchFile(options.tokenFile, { interval: 500, persistent: false }, () => {
      this.#load().catch((error: unknown) => console.error(`Keeping the current token: ${String(error)}`));
    });
  }

  async execute(sql: string): ReturnType<Client["execute"]> {
    if (this.#client === undefined) await this.#load();
    const used = this.#token;
    try {
      return await (this.#client as Client).execute(sql);
    } catch (error) {
      if (!isRejected(error)) throw error;
      // rejected before it ran, so a retry cannot run it twice; a transaction would have to be retried as a whole
      await this.#waitForNewToken(used);
      return (this.#client as Client).execute(sql);
    }
  }

  /** Waits for a token that differs from the rejected one. Concurrent rejected queries share one wait. */
  async #waitForNewToken(rejected: string): Promise<void> {
    if (this.#token !== rejected) return;
    await (this.#reload ??= this.#poll(rejected).finally(() => (this.#reload = undefined)));
  }

  async #poll(rejected: string): Promise<void> {
    const giveUpAt = Date.now() + this.options.waitMs;
    await this.#load();
    while (this.#token === rejected && Date.now() < giveUpAt) {
      await sleep(POLL_INTERVAL_MS);
      await this.#load();
    }
  }

  async #load(): Promise<void> {
    const token = (await readFile(this.options.tokenFile, "utf8")).trim();
    if (token === this.#token && this.#client !== undefined) return;
    // the old client stays open, so that queries in progress can finish
    this.#client = this.options.open(token);
    this.#token = token;
  }
}

/** `SERVER_ERROR: Server returned HTTP status 401` of one driver, and `HTTP error! status: 401` of the other. */
const isRejected = (error: unknown): boolean => error instanceof Error && /status:? 401$/.test(error.message);

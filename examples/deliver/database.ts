import { createClient, LibsqlError, type Client, type InStatement, type ResultSet } from "@libsql/client";
import { readFile } from "node:fs/promises";
import { watchFile } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

export interface DatabaseOptions {
  url: string;
  /** The file that the token is in. */
  tokenFile: string;
  /** How long a refused query waits for another token to come; 0: it looks once, and fails. */
  waitMs: number;
}

const LOOK_EVERY_MS = 50;

/** A database whose token changes while it is in use: read from a file, and again when the database refuses it. */
export class Database {
  #token = "";
  #client: Client | undefined;
  #reload: Promise<void> | undefined;

  constructor(private readonly options: DatabaseOptions) {
    // a renewed token is taken up before the old one expires; polled, since some file systems tell of no change
    watchFile(options.tokenFile, { interval: 500, persistent: false }, () => {
      this.#take().catch((error: unknown) => console.error(`The token stays as it is: ${String(error)}`));
    });
  }

  async execute(statement: InStatement): Promise<ResultSet> {
    if (this.#client === undefined) await this.#take();
    const used = this.#token;
    try {
      return await (this.#client as Client).execute(statement);
    } catch (error) {
      if (!isRefused(error)) throw error;
      // refused before it ran, so trying again cannot do it twice; of a transaction, all of it would have to be repeated
      await this.#takeOther(used);
      return (this.#client as Client).execute(statement);
    }
  }

  /** Waits for another token than the one that was refused; all refused queries wait together. */
  async #takeOther(refused: string): Promise<void> {
    if (this.#token !== refused) return;
    await (this.#reload ??= this.#poll(refused).finally(() => (this.#reload = undefined)));
  }

  async #poll(refused: string): Promise<void> {
    const giveUpAt = Date.now() + this.options.waitMs;
    await this.#take();
    while (this.#token === refused && Date.now() < giveUpAt) {
      await sleep(LOOK_EVERY_MS);
      await this.#take();
    }
  }

  async #take(): Promise<void> {
    const token = (await readFile(this.options.tokenFile, "utf8")).trim();
    if (token === this.#token && this.#client !== undefined) return;
    // the old client is not closed: queries that are under way end with it
    this.#client = createClient({ url: this.options.url, authToken: token });
    this.#token = token;
  }
}

function isRefused(error: unknown): boolean {
  const cause = error instanceof LibsqlError ? (error.cause as { status?: unknown } | undefined) : undefined;
  return cause?.status === 401;
}

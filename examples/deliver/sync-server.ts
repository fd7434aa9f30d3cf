/**
 * A small service with a local copy of its database. Each request records an order in the copy and pushes it. While the
 * database rejects the token, the answer is 503; the copy keeps the order, and the next push sends it.
 */
import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { serve } from "./serve";

const {
  DATABASE_URL: url,
  TOKEN_FILE: tokenFile,
  LOCAL_COPY: localCopy = "orders.db",
  TOKEN_WAIT_MS: waitMs = "0",
} = process.env;
if (url === undefined || tokenFile === undefined)
  throw new Error("Set DATABASE_URL (libsql://…) and TOKEN_FILE (the file written by the Pulumi program).");

const RETRY_INTERVAL_MS = 100;

async function open(databaseUrl: string, file: string) {
  // an ES module, which a CommonJS program loads this way
  const { connect } = await import("@tursodatabase/sync");
  let isOpen = false;
  const database = await connect({
    path: localCopy,
    // without a URL the copy opens without the network, so the service also starts while its token is rejected
    url: () => (isOpen ? databaseUrl : null),
    // called for every request to the database, so a new token needs neither a new client nor a restart
    authToken: async () => (await readFile(file, "utf8")).trim(),
  });
  await database.exec("create table if not exists orders (id integer primary key, at text)");
  isOpen = true;
  return database;
}

/** `… unexpected http response: status=401, body=…` */
const isRejected = (error: unknown): boolean =>
  error instanceof Error && /\bstatus=401\b/.test(error.message);

open(url, tokenFile).then(
  (database) => {
    /** Sends all that is in the copy and not yet in the database, also what a rejected push left there. */
    async function push(giveUpAt: number): Promise<void> {
      for (;;)
        try {
          await database.push();
          return;
        } catch (error) {
          if (!isRejected(error) || Date.now() >= giveUpAt) throw error;
          await sleep(RETRY_INTERVAL_MS);
        }
    }
    async function order(): Promise<string> {
      await database.exec("insert into orders (at) values (datetime())");
      await push(Date.now() + Number(waitMs));
      return "recorded";
    }
    // one order after the other, whatever became of those before
    let last: Promise<unknown> = Promise.resolve();
    serve(() => {
      const mine = last.then(order, order);
      last = mine;
      return mine;
    });
  },
  (error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  },
);

/** A small service that survives rotations: GET / returns the number of orders, or 503 while the database rejects its token. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import * as libsql from "@libsql/client";
import * as serverless from "@tursodatabase/serverless/compat";
import { Database } from "./database";

const {
  DATABASE_URL: url,
  TOKEN_FILE: tokenFile,
  TOKEN_WAIT_MS: waitMs = "0",
  DRIVER: driver = "libsql",
  PORT: port = "0",
} = process.env;
if (url === undefined || tokenFile === undefined)
  throw new Error("Set DATABASE_URL (libsql://…) and TOKEN_FILE (the file written by the Pulumi program).");

const { createClient } = driver === "serverless" ? serverless : libsql;
const database = new Database({
  open: (authToken) => createClient({ url, authToken }),
  tokenFile,
  waitMs: Number(waitMs),
});

const server = createServer((_request, response) => {
  database.execute("select count(*) as orders from orders").then(
    ({ rows }) => response.end(`${Number(rows[0]?.["orders"])}\n`),
    (error: unknown) => {
      response.statusCode = 503;
      response.end(`${error instanceof Error ? error.message : "unknown error"}\n`);
    },
  );
});

server.listen(Number(port), "127.0.0.1", () => {
  console.log(`listening on http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});

for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.once(signal, () => server.close(() => process.exit()));

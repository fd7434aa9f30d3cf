/** A small service that survives rotations: GET / returns the number of orders, or 503 while the database rejects its token. */
import { Database } from "./database";
import { serve } from "./serve";

const {
  DATABASE_URL: url,
  TOKEN_FILE: tokenFile,
  TOKEN_WAIT_MS: waitMs = "0",
  DRIVER: driver = "libsql",
} = process.env;
if (url === undefined || tokenFile === undefined)
  throw new Error("Set DATABASE_URL (libsql://…) and TOKEN_FILE (the file written by the Pulumi program).");

// `import()` because TypeScript before 5.8 does not load the types of @libsql/client in a CommonJS program otherwise
const loaded =
  driver === "serverless" ? import("@tursodatabase/serverless/compat") : import("@libsql/client");

loaded.then(
  ({ createClient }) => {
    const database = new Database({
      open: (authToken) => createClient({ url, authToken }),
      tokenFile,
      waitMs: Number(waitMs),
    });
    serve(async () => {
      const { rows } = await database.execute("select count(*) as orders from orders");
      return String(Number(rows[0]?.["orders"]));
    });
  },
  (error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  },
);

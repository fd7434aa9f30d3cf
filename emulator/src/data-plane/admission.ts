import type { FastifyReply, FastifyRequest } from "fastify";
import { sendJson } from "../instrument";
import type { Database, Inspection, Platform } from "../platform";
import type { Access } from "./authorizer";

/** The port that received a request; one that came without a connection names it in its Host. */
export const portOf = ({ socket, host }: FastifyRequest): number =>
  socket.localPort ?? Number(host.split(":").at(-1));

/**
 * Decides whether a request may use a database. A refused request is answered here, and the result is null. The checks
 * have the order of a libSQL server: it looks up the database before it checks the token.
 */
export async function admit(
  platform: Platform,
  databaseName: string | undefined,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<(() => Access) | null> {
  const refuse = (status: number, error: string): null => {
    sendJson(reply, status, { error });
    return null;
  };
  const unauthorized = (reason: string): null => refuse(401, `Unauthorized: \`${reason}\``);
  const unknown = (): null => refuse(404, `Namespace \`${databaseName}\` doesn't exist`);

  const database = databaseName === undefined ? undefined : platform.findDatabase(databaseName);
  // A database that was deleted and created again has a different port.
  if (database?.hostname.endsWith(`:${portOf(request)}`) !== true) return unknown();
  if (!platform.admits(database, request.ip)) return refuse(403, "access to it is blocked");
  const { authorization } = request.headers;
  if (authorization === undefined) return unauthorized("Expected authorization header but none given");
  const token = /^Bearer +(.*)$/i.exec(authorization)?.[1]?.trim() ?? "";
  const inspection = await platform.inspect(database, token);
  switch (inspection.state) {
    case "invalid":
      return unauthorized("The JWT is invalid");
    case "expired":
      return unauthorized("The JWT has expired");
    case "other-database":
      return unknown();
    case "valid":
      return () => accessTo(database, inspection);
  }
}

/** Read anew for each statement, because a database can be blocked between two of them. */
function accessTo(database: Database, { readOnly, permissions }: Inspection): Access {
  return {
    read: database.blockReads ? "blocked" : "allowed",
    write: readOnly ? "forbidden" : database.blockWrites ? "blocked" : "allowed",
    permissions,
  };
}

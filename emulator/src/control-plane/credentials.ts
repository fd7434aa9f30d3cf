import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { ApiError } from "../errors";
import { parsePermissions } from "../permissions";
import type { MintOptions } from "../platform";
import {
  changed,
  needs,
  object,
  ORGANIZATION,
  type EndpointContext,
  type OfDatabase,
  type OfGroup,
} from "./request";

/** Rotates signing keys and mints the tokens of databases and groups. */
export function credentialEndpoints(app: FastifyInstance, { platform }: EndpointContext): void {
  const database = `${ORGANIZATION}/databases/:database/auth`;
  app.post<OfDatabase>(`${database}/rotate`, needs("db:rotate-creds"), (request, reply) => {
    platform.rotateDatabase(request.params.database);
    return rotated(request, reply);
  });
  app.post<OfDatabase>(`${database}/tokens`, needs("db:mint-token"), async (request) => {
    const jwt = await platform.mintDatabaseToken(request.params.database, mintOptions(request));
    return changed(request, { jwt });
  });

  const group = `${ORGANIZATION}/groups/:group/auth`;
  app.post<OfGroup>(`${group}/rotate`, needs("group:rotate-creds"), (request, reply) => {
    platform.rotateGroup(request.params.group);
    return rotated(request, reply);
  });
  app.post<OfGroup>(`${group}/tokens`, needs("group:mint-token"), async (request) => {
    const jwt = await platform.mintGroupToken(request.params.group, mintOptions(request));
    return changed(request, { jwt });
  });
}

function rotated(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  return changed(request, reply.code(200).send());
}

function mintOptions({ query, body }: Pick<FastifyRequest, "query" | "body">): MintOptions {
  const { expiration, authorization } = query as { expiration?: string; authorization?: string };
  const { permissions, fine_grained_permissions } = object(body);
  const databases = object(object(permissions)["read_attach"])["databases"] ?? [];
  if (!Array.isArray(databases) || databases.some((name) => typeof name !== "string")) {
    throw new ApiError(400, "invalid permissions");
  }
  return {
    expiration: expiration || undefined,
    authorization: authorization || undefined,
    readAttach: databases as string[],
    permissions: parsePermissions(fine_grained_permissions),
  };
}

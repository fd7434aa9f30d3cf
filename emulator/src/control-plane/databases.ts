import type { FastifyInstance } from "fastify";
import { ApiError } from "../errors";
import { versionOf, type Database, type DatabaseSettings, type Platform } from "../platform";
import { demandGroup } from "../platform/api-tokens";
import { instanceEndpoints } from "./instances";
import {
  boolean,
  changed,
  field,
  given,
  needs,
  ORGANIZATION,
  positive,
  READ,
  texts,
  type EndpointContext,
  type OfDatabase,
} from "./request";

export function databaseEndpoints(app: FastifyInstance, context: EndpointContext): void {
  const { platform } = context;
  app.get(`${ORGANIZATION}/databases`, READ, ({ query }) => list(platform, query as ListQuery));
  app.get<OfDatabase>(`${ORGANIZATION}/databases/:database`, READ, ({ params }) => ({
    database: describe(platform.database(params.database)),
  }));
  const create = { config: { permission: "db:create", group: "body" } } as const;
  app.post(`${ORGANIZATION}/databases`, create, async (request) => {
    const group = field(request.body, "group") ?? "";
    demandGroup(request.apiToken, group);
    const { name, id, hostname } = await platform.createDatabase(field(request.body, "name") ?? "", group);
    return changed(request, { database: { DbId: id, Hostname: hostname, Name: name } });
  });
  app.delete<OfDatabase>(`${ORGANIZATION}/databases/:database`, needs("db:delete"), (request) => {
    const { name } = platform.deleteDatabase(request.params.database);
    return changed(request, { database: name });
  });

  const configuration = `${ORGANIZATION}/databases/:database/configuration`;
  app.get<OfDatabase>(configuration, READ, ({ params }) =>
    describeConfiguration(platform.database(params.database)),
  );
  app.patch<OfDatabase>(configuration, needs("db:configure"), (request) => {
    const database = platform.configureDatabase(request.params.database, settings(request.body));
    return changed(request, describeConfiguration(database));
  });
  instanceEndpoints(app, context);
}

interface ListQuery {
  group?: string;
  limit?: string;
  cursor?: string;
}

function list(platform: Platform, { group, limit, cursor }: ListQuery): object {
  const after = cursor ? Number(Buffer.from(cursor, "base64url").toString()) : 0;
  if (!Number.isSafeInteger(after)) throw new ApiError(400, "invalid cursor");
  const rest = platform.databases(group || undefined).filter((database) => database.sequence > after);
  if (limit === undefined) return { databases: rest.map(describe) };
  const page = rest.slice(0, positive(limit, 100));
  const last = page.at(-1);
  const more = last !== undefined && page.length < rest.length;
  const next = more ? Buffer.from(String(last.sequence)).toString("base64url") : null;
  return { databases: page.map(describe), pagination: { next } };
}

function describe(database: Database): object {
  return {
    Name: database.name,
    DbId: database.id,
    Hostname: database.hostname,
    block_reads: database.blockReads,
    block_writes: database.blockWrites,
    allow_attach: false,
    // The official CLI speaks plain http to a database whose primary region is "local".
    regions: ["local"],
    primaryRegion: "local",
    type: "logical",
    version: versionOf(database.group.serverGeneration),
    group: database.group.name,
    is_schema: false,
    schema: "",
    sleeping: false,
    archived: false,
    delete_protection: database.deleteProtection,
    parent: null,
  };
}

function describeConfiguration(database: Database): object {
  return {
    size_limit: database.sizeLimit,
    allow_attach: false,
    block_reads: database.blockReads,
    block_writes: database.blockWrites,
    delete_protection: database.deleteProtection,
    allowed_ips: database.allowedIps,
    allowed_aws_vpc_ids: database.allowedAwsVpcIds,
  };
}

function settings(body: unknown): DatabaseSettings {
  return given({
    sizeLimit: field(body, "size_limit"),
    blockReads: boolean(body, "block_reads"),
    blockWrites: boolean(body, "block_writes"),
    deleteProtection: boolean(body, "delete_protection"),
    allowedIps: texts(body, "allowed_ips"),
    allowedAwsVpcIds: texts(body, "allowed_aws_vpc_ids"),
  });
}

import fastify, { type FastifyInstance, type FastifyRequest } from "fastify";
import { demand, type ApiTokens, type Permission } from "./api-tokens";
import { ApiError } from "./errors";
import { instrument, type Instruments } from "./instrument";
import type { Database, DatabaseSettings, Group, MintOptions, Platform } from "./platform";

declare module "fastify" {
  interface FastifyContextConfig {
    /** What a restricted API token needs; `null`: nothing; left out: only an unrestricted one may. */
    permission?: Permission | null;
  }
}

interface Named {
  Params: { name: string };
}

const ORGANIZATION = "/v1/organizations/:organization";

export function controlPlane(
  platform: Platform,
  organization: string,
  tokens: ApiTokens,
  instruments: Instruments,
): FastifyInstance {
  const app = fastify({
    logger: false,
    forceCloseConnections: true,
    bodyLimit: 1 << 20,
    routerOptions: { maxParamLength: 500 },
  });
  instrument(app, "control", instruments);
  const { now } = instruments;

  const admit = (request: FastifyRequest): void => {
    const token = tokens.authenticate(request.headers.authorization, now());
    if (request.is404) return;
    const { permission } = request.routeOptions.config;
    if (permission !== null) demand(token, permission);
    const { organization: slug } = request.params as { organization?: string };
    if (slug !== undefined && slug !== organization) throw new ApiError(404, "organization not found");
  };
  app.addHook("preParsing", (request, _reply, _payload, done) => {
    try {
      admit(request);
      done();
    } catch (error) {
      done(error as ApiError);
    }
  });

  const anyone = { config: { permission: null } };
  const read = { config: { permission: "read" } } as const;

  for (const path of ["/v1/auth/validate", "/v1/auth/api-tokens/validate"]) {
    app.get(path, anyone, (request) => {
      const { expiresAt } = tokens.authenticate(request.headers.authorization, now());
      return { exp: expiresAt === undefined ? -1 : Math.floor(expiresAt / 1000) };
    });
  }
  app.get("/v1/current-user", anyone, () => ({ user: { username: organization, email: "" } }));
  app.get("/v1/organizations", read, () => [describeOrganization(organization)]);
  app.get("/v2/organizations", read, () => ({ organizations: [describeOrganization(organization)] }));
  app.get("/v1/locations", read, () => ({ locations: { local: "This machine" } }));

  app.get(`${ORGANIZATION}/groups`, read, () => ({ groups: platform.groups().map(describeGroup) }));
  app.get<Named>(`${ORGANIZATION}/groups/:name`, read, ({ params }) => ({
    group: describeGroup(platform.group(params.name)),
  }));
  app.post(`${ORGANIZATION}/groups`, (request) => {
    const name = field(request.body, "name") ?? "";
    const group = platform.createGroup(name, field(request.body, "location"));
    request.entry.changed = true;
    return { group: describeGroup(group) };
  });
  app.delete<Named>(`${ORGANIZATION}/groups/:name`, (request) => {
    const group = platform.deleteGroup(request.params.name);
    request.entry.changed = true;
    return { group: describeGroup(group) };
  });

  app.get(`${ORGANIZATION}/databases`, read, ({ query }) => listDatabases(platform, query as ListQuery));
  app.get<Named>(`${ORGANIZATION}/databases/:name`, read, ({ params }) => ({
    database: describeDatabase(platform.database(params.name)),
  }));
  app.post(`${ORGANIZATION}/databases`, async (request) => {
    const group = field(request.body, "group") ?? "";
    const { name, id, hostname } = await platform.createDatabase(field(request.body, "name") ?? "", group);
    request.entry.changed = true;
    return { database: { DbId: id, Hostname: hostname, Name: name } };
  });
  app.delete<Named>(`${ORGANIZATION}/databases/:name`, (request) => {
    const { name } = platform.deleteDatabase(request.params.name);
    request.entry.changed = true;
    return { database: name };
  });
  app.get<Named>(`${ORGANIZATION}/databases/:name/configuration`, read, ({ params }) =>
    describeConfiguration(platform.database(params.name)),
  );
  app.patch<Named>(`${ORGANIZATION}/databases/:name/configuration`, (request) => {
    const database = platform.configureDatabase(request.params.name, settings(request.body));
    request.entry.changed = true;
    return describeConfiguration(database);
  });

  const credentials = [
    { kind: "databases", scope: "db", rotate: "rotateDatabase", mint: "mintDatabaseToken" },
    { kind: "groups", scope: "group", rotate: "rotateGroup", mint: "mintGroupToken" },
  ] as const;
  for (const { kind, scope, rotate, mint } of credentials) {
    const mayRotate = { config: { permission: `${scope}:rotate-creds` as const } };
    app.post<Named>(`${ORGANIZATION}/${kind}/:name/auth/rotate`, mayRotate, async (request, reply) => {
      platform[rotate](request.params.name);
      request.entry.changed = true;
      return reply.code(200).send();
    });
    const mayMint = { config: { permission: `${scope}:mint-token` as const } };
    app.post<Named>(`${ORGANIZATION}/${kind}/:name/auth/tokens`, mayMint, async (request) => {
      const jwt = await platform[mint](request.params.name, mintOptions(request));
      request.entry.changed = true;
      return { jwt };
    });
  }

  app.get(`${ORGANIZATION}/audit-logs`, read, ({ query }) => {
    const { page, page_size } = query as { page?: string; page_size?: string };
    return platform.audit.page(positive(page, 1), Math.min(100, positive(page_size, 10)));
  });

  return app;
}

interface ListQuery {
  group?: string;
  limit?: string;
  cursor?: string;
}

function listDatabases(platform: Platform, { group, limit, cursor }: ListQuery): object {
  const after = cursor ? Number(Buffer.from(cursor, "base64url").toString()) : 0;
  if (!Number.isSafeInteger(after)) throw new ApiError(400, "invalid cursor");
  const rest = platform.databases(group || undefined).filter((database) => database.sequence > after);
  if (limit === undefined) return { databases: rest.map(describeDatabase) };
  const page = rest.slice(0, positive(limit, 100));
  const last = page.at(-1);
  const more = last !== undefined && page.length < rest.length;
  const next = more ? Buffer.from(String(last.sequence)).toString("base64url") : null;
  return { databases: page.map(describeDatabase), pagination: { next } };
}

function describeOrganization(slug: string): object {
  return { name: slug, slug, type: "personal", overages: false, blocked_reads: false, blocked_writes: false };
}

function describeGroup(group: Group): object {
  return {
    name: group.name,
    version: "emulator",
    uuid: group.uuid,
    locations: [group.location],
    primary: group.location,
    archived: false,
    delete_protection: group.deleteProtection,
  };
}

function describeDatabase(database: Database): object {
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
    version: "emulator",
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
    size_limit: "0",
    allow_attach: false,
    block_reads: database.blockReads,
    block_writes: database.blockWrites,
    delete_protection: database.deleteProtection,
  };
}

function settings(body: unknown): DatabaseSettings {
  const given = (typeof body === "object" && body !== null ? body : {}) as Record<string, unknown>;
  const result: DatabaseSettings = {};
  if (typeof given["block_reads"] === "boolean") result.blockReads = given["block_reads"];
  if (typeof given["block_writes"] === "boolean") result.blockWrites = given["block_writes"];
  if (typeof given["delete_protection"] === "boolean") result.deleteProtection = given["delete_protection"];
  return result;
}

function mintOptions({ query, body }: FastifyRequest): MintOptions {
  const { expiration, authorization } = query as { expiration?: string; authorization?: string };
  const { permissions } = (body ?? {}) as { permissions?: { read_attach?: { databases?: unknown } } };
  const databases = permissions?.read_attach?.databases ?? [];
  if (!Array.isArray(databases) || databases.some((name) => typeof name !== "string")) {
    throw new ApiError(400, "invalid permissions");
  }
  return {
    expiration: expiration || undefined,
    authorization: authorization || undefined,
    readAttach: databases,
  };
}

/** A text field of a JSON body; the official CLI capitalises the keys of some. */
function field(body: unknown, name: string): string | undefined {
  if (typeof body !== "object" || body === null) return undefined;
  const entry = Object.entries(body).find(([key]) => key.toLowerCase() === name);
  return typeof entry?.[1] === "string" ? entry[1] : undefined;
}

function positive(text: string | undefined, otherwise: number): number {
  const value = Number(text ?? otherwise);
  return Number.isSafeInteger(value) && value > 0 ? value : otherwise;
}

import type { FastifyInstance, FastifyRequest } from "fastify";
import { ApiError } from "../errors";
import { parseScopes, type ApiToken, type ApiTokenOptions } from "../platform/api-tokens";
import { requireOrganization } from "./admission";
import { changed, field, ORGANIZATION, texts, type EndpointContext } from "./request";

interface Named {
  Params: { name: string };
}

/** Lists, mints and revokes API tokens. Only an unrestricted API token may. */
export function apiTokenEndpoints(app: FastifyInstance, context: EndpointContext): void {
  const { tokens, platform, organization } = context;
  const list = () => ({ tokens: tokens.list().map((token) => describe(token, organization)) });
  const mint = (request: FastifyRequest<Named>): ApiToken => {
    const { name } = request.params;
    const token = tokens.create({ name, ...restrictions(request.body, context) });
    platform.audit.record("user-token-create", `API token ${name} created`, { token: name });
    return changed(request, token);
  };

  app.get("/v1/auth/api-tokens", list);
  app.post<Named>("/v1/auth/api-tokens/:name", (request) => {
    const token = mint(request);
    return { ...describe(token, organization), token: token.value };
  });
  app.post<Named>("/v2/auth/api-tokens/:name", (request) => {
    const token = mint(request);
    return { token: { ...describe(token, organization), value: token.value } };
  });
  app.delete<Named>("/v1/auth/api-tokens/:name", (request) => {
    const { name } = request.params;
    tokens.revokeBy("name", name);
    return changed(request, { token: name });
  });

  app.get(`${ORGANIZATION}/api-tokens`, list);
  app.delete<{ Params: { id: string } }>(`${ORGANIZATION}/api-tokens/:id`, (request) => {
    const { id } = request.params;
    tokens.revokeBy("id", id);
    return changed(request, { token: id });
  });
}

function restrictions(body: unknown, context: EndpointContext): ApiTokenOptions {
  const slug = field(body, "organization");
  const group = field(body, "group");
  const scopes = texts(body, "scopes") ?? [];
  if (slug !== undefined) requireOrganization(slug, context);
  if (group === undefined) {
    if (scopes.length > 0) throw new ApiError(400, "scopes require a group");
    return {};
  }
  if (slug === undefined) throw new ApiError(400, "group requires an organization");
  if (scopes.length === 0) throw new ApiError(400, "a group-scoped token requires scopes");
  return { group, permissions: parseScopes(scopes) };
}

function describe({ name, id, group, permissions, createdAt }: ApiToken, organization: string): object {
  return {
    name,
    id,
    organization,
    ...(group && { group: group.name }),
    ...(permissions && { scopes: permissions }),
    owner: { username: organization, email: "" },
    created_at: new Date(createdAt).toISOString().slice(0, 10),
  };
}

import type { FastifyInstance, FastifyRequest } from "fastify";
import { ApiError } from "../errors";
import { demand, demandGroup } from "../platform/api-tokens";
import type { EndpointContext } from "./request";

/** Refuses requests before their body is read: 429, then 401, 403 and 404. */
export function guard(
  app: FastifyInstance,
  context: EndpointContext,
  requestsPerSecond: number | undefined,
): void {
  const { now } = context.instruments;
  const isWithinLimit = rateLimit(requestsPerSecond ?? Infinity, now);
  app.addHook("preParsing", (request, reply, _payload, done) => {
    try {
      if (!isWithinLimit()) {
        reply.header("retry-after", "1");
        throw new ApiError(429, "rate limit exceeded");
      }
      admit(request, context);
      done();
    } catch (error) {
      done(error as ApiError);
    }
  });
}

function admit(request: FastifyRequest, context: EndpointContext): void {
  const token = context.tokens.authenticate(request.headers.authorization);
  request.apiToken = token;
  if (request.is404) return;
  const { permission, group } = request.routeOptions.config;
  if (group === undefined && permission !== null) demandGroup(token, groupOf(request, context));
  if (permission !== null) demand(token, permission);
  const { organization: slug } = request.params as { organization?: string };
  if (slug !== undefined) requireOrganization(slug, context);
}

export function requireOrganization(slug: string, { organization }: EndpointContext): void {
  if (slug !== organization) throw new ApiError(404, `organization ${slug} not found`);
}

/** The group that a request concerns by its path or its query. */
function groupOf(
  { params, query, apiToken }: FastifyRequest,
  { platform }: EndpointContext,
): string | undefined {
  const { group, database } = params as { group?: string; database?: string };
  if (group !== undefined) return group;
  // The endpoint reports a database that does not exist.
  if (database !== undefined) return platform.findDatabase(database)?.group.name ?? apiToken.group?.name;
  return (query as { group?: string }).group;
}

/** Admits at most this many requests in any one second. Refused requests do not count. */
function rateLimit(requestsPerSecond: number, now: () => number): () => boolean {
  let admitted: number[] = [];
  return () => {
    const time = now();
    admitted = admitted.filter((at) => at > time - 1_000);
    if (admitted.length >= requestsPerSecond) return false;
    if (requestsPerSecond !== Infinity) admitted.push(time);
    return true;
  };
}

import fastify, { type FastifyInstance } from "fastify";
import { instrument } from "../instrument";
import { accountEndpoints } from "./account";
import { guard } from "./admission";
import { apiTokenEndpoints } from "./api-tokens";
import { credentialEndpoints } from "./credentials";
import { databaseEndpoints } from "./databases";
import { groupEndpoints } from "./groups";
import type { EndpointContext } from "./request";

/** The Platform API. Without `requestsPerSecond`, the rate of requests is not limited. */
export function controlPlane(
  context: EndpointContext,
  requestsPerSecond: number | undefined,
): FastifyInstance {
  const app = fastify({
    logger: false,
    forceCloseConnections: true,
    bodyLimit: 1 << 20,
    routerOptions: { maxParamLength: 500 },
  });
  instrument(app, "control", context.instruments);
  guard(app, context, requestsPerSecond);
  for (const register of [
    accountEndpoints,
    apiTokenEndpoints,
    groupEndpoints,
    databaseEndpoints,
    credentialEndpoints,
  ]) {
    register(app, context);
  }
  return app;
}

import fastify, { type FastifyInstance } from "fastify";
import { ADMIN_PREFIX, adminEndpoints, type Admin } from "../admin";
import { instrument } from "../instrument";
import { accountEndpoints } from "./account";
import { guard } from "./admission";
import { apiTokenEndpoints } from "./api-tokens";
import { credentialEndpoints } from "./credentials";
import { databaseEndpoints } from "./databases";
import { groupEndpoints } from "./groups";
import type { EndpointContext } from "./request";

/** The Platform API and the control endpoint. Without `requestsPerSecond`, the rate of requests is not limited. */
export function controlPlane(
  context: EndpointContext,
  admin: Admin,
  requestsPerSecond: number | undefined,
): FastifyInstance {
  const app = fastify({
    logger: false,
    forceCloseConnections: true,
    bodyLimit: 1 << 20,
    routerOptions: { maxParamLength: 500 },
  });
  void app.register(
    (own, _options, done) => {
      adminEndpoints(own, admin);
      done();
    },
    { prefix: ADMIN_PREFIX },
  );
  // a context of its own, so that its hooks do not meet the requests to the control endpoint
  void app.register((turso, _options, done) => {
    platformEndpoints(turso, context, requestsPerSecond);
    done();
  });
  return app;
}

function platformEndpoints(
  app: FastifyInstance,
  context: EndpointContext,
  requestsPerSecond: number | undefined,
): void {
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
}

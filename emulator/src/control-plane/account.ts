import type { FastifyInstance } from "fastify";
import { ORGANIZATION, positive, READ, type EndpointContext } from "./request";

/** Organizations, users, locations, and the audit log. */
export function accountEndpoints(app: FastifyInstance, { platform, organization }: EndpointContext): void {
  const anyone = { config: { permission: null } };
  for (const path of ["/v1/auth/validate", "/v1/auth/api-tokens/validate"]) {
    app.get(path, anyone, ({ apiToken: { expiresAt } }) => ({
      exp: expiresAt === undefined ? -1 : Math.floor(expiresAt / 1000),
    }));
  }

  const user = {
    username: organization,
    name: organization,
    email: "",
    avatarUrl: "",
    plan: "starter",
    mfa: false,
    has_pending_invites: false,
  };
  for (const path of ["/v1/current-user", "/v1/user"]) app.get(path, anyone, () => ({ user }));

  const described = describeOrganization(organization);
  app.get("/v1/organizations", READ, () => [described]);
  app.get("/v2/organizations", READ, () => ({ organizations: [described] }));
  app.get(ORGANIZATION, READ, () => ({ organization: described }));

  const anyGroup = { config: { permission: "read", group: "none" } } as const;
  app.get("/v1/locations", anyGroup, () => ({ locations: { local: "This machine" } }));

  app.get(`${ORGANIZATION}/audit-logs`, READ, ({ query }) => {
    const { page, page_size } = query as { page?: string; page_size?: string };
    return platform.audit.page(positive(page, 1), Math.min(100, positive(page_size, 100)));
  });
}

function describeOrganization(slug: string): object {
  return {
    name: slug,
    slug,
    type: "team",
    overages: false,
    require_mfa: false,
    blocked_reads: false,
    blocked_writes: false,
    plan_id: "starter",
    plan_timeline: "",
    platform: "",
  };
}

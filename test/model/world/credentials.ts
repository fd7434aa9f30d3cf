import type { ApiTokenPermission } from "../../../emulator/src";
import type { Settings } from "../../../src/turso/connection";
import type { Target } from "../../../src/values/scope";
import type { ModelOrganization } from "./organization";

/** What an API token of a schedule may do; `wrong` is one that Turso does not know. */
export type Credentials =
  "full" | "rotate only" | "rotate and read" | "read and mint" | "no group tokens" | "wrong" | "none";

export const PERMISSIONS: Record<Exclude<Credentials, "full" | "wrong" | "none">, ApiTokenPermission[]> = {
  "rotate only": ["db:rotate-creds", "group:rotate-creds"],
  "rotate and read": ["db:rotate-creds", "group:rotate-creds", "read"],
  "no group tokens": ["db:rotate-creds", "group:rotate-creds", "db:mint-token", "read"],
  "read and mint": ["db:mint-token", "group:mint-token", "read"],
};

export const mayRotate = (credentials: Credentials): boolean =>
  credentials === "full" || credentials === "no group tokens" || credentials.startsWith("rotate");

export const mayMint = (credentials: Credentials, kind: Target["kind"]): boolean =>
  credentials === "full" ||
  credentials === "read and mint" ||
  (credentials === "no group tokens" && kind === "database");

export const mayRead = (credentials: Credentials): boolean =>
  mayMint(credentials, "database") || credentials === "rotate and read";

/** What the environment of a run says. */
export const settingsOf = (
  organization: ModelOrganization,
  { credentials }: { credentials: Credentials },
): Settings => ({
  apiUrl: organization.emulator.url,
  apiToken: organization.apiToken(credentials),
  apiTokenOrigin: "the environment's TURSO_API_TOKEN",
  organization: "acme",
  organizationIsConfigured: false,
});

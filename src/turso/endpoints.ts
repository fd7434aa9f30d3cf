import { SEGMENTS, type Target, type TargetKind } from "../values/scope";

/** What an API token may be restricted to; Turso's names. */
export type ApiScope =
  "db:rotate-creds" | "group:rotate-creds" | "db:mint-token" | "group:mint-token" | "read";

interface Endpoint {
  rotate: ApiScope;
  mint: ApiScope;
  /** The API's texts for a target of this kind that does not exist. */
  notFound: RegExp;
}

const ENDPOINTS: Record<TargetKind, Endpoint> = {
  database: {
    rotate: "db:rotate-creds",
    mint: "db:mint-token",
    notFound: /^(could not find database|database .*not found)/i,
  },
  group: {
    rotate: "group:rotate-creds",
    mint: "group:mint-token",
    notFound: /^(group .*not found|could not find group)/i,
  },
};

export const organizationPath = (organization: string): string =>
  `/v1/organizations/${encodeURIComponent(organization)}`;

/** The API's path of a target. Names are validated before, and encoded as well. */
export const targetPath = (organization: string, { kind, name }: Target): string =>
  `${organizationPath(organization)}/${SEGMENTS[kind]}/${encodeURIComponent(name)}`;

export const permissionTo = (action: "rotate" | "mint", { kind }: Target): ApiScope =>
  ENDPOINTS[kind][action];

/**
 * Whether the API says that this very target does not exist. A 404 of the organization (`organization 5 not found`) or of
 * a path does not.
 */
export const saysNotFound = ({ kind }: Target, text: string): boolean => ENDPOINTS[kind].notFound.test(text);

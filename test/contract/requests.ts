/** One request for an endpoint, named as the OpenAPI description names it. */
export interface Exchange {
  method: "GET" | "POST" | "PATCH" | "DELETE";
  /** The template of the path. */
  template: string;
  /** What the parameters of the template stand for. */
  values?: Record<string, string>;
  query?: string;
  body?: unknown;
  status: number;
}

const ORG = "/v1/organizations/{organizationSlug}";
const DATABASE = `${ORG}/databases/{databaseName}`;
const GROUP = `${ORG}/groups/{groupName}`;

const app = { databaseName: "app" };
const group = { groupName: "default" };
const noDatabase = { databaseName: "nope" };
const noGroup = { groupName: "nope" };

/** Every endpoint that the emulator serves and Turso documents, in an order in which each can succeed. */
export const EXCHANGES: Exchange[] = [
  { method: "POST", template: `${ORG}/groups`, body: { name: "default", location: "local" }, status: 200 },
  { method: "POST", template: `${ORG}/groups`, body: { name: "default", location: "local" }, status: 409 },
  { method: "GET", template: `${ORG}/groups`, status: 200 },
  { method: "GET", template: GROUP, values: group, status: 200 },
  { method: "GET", template: GROUP, values: noGroup, status: 404 },
  { method: "GET", template: `${GROUP}/configuration`, values: group, status: 200 },
  { method: "PATCH", template: `${GROUP}/configuration`, values: group, body: {}, status: 200 },
  { method: "POST", template: `${ORG}/databases`, body: { name: "app", group: "default" }, status: 200 },
  { method: "POST", template: `${ORG}/databases`, body: { name: "app", group: "default" }, status: 409 },
  { method: "POST", template: `${ORG}/databases`, body: { name: "b", group: "nope" }, status: 400 },
  { method: "GET", template: `${ORG}/databases`, query: "?group=default", status: 200 },
  { method: "GET", template: `${ORG}/databases`, query: "?limit=1", status: 200 },
  { method: "GET", template: DATABASE, values: app, status: 200 },
  { method: "GET", template: DATABASE, values: noDatabase, status: 404 },
  { method: "GET", template: `${DATABASE}/configuration`, values: app, status: 200 },
  { method: "PATCH", template: `${DATABASE}/configuration`, values: app, body: {}, status: 200 },
  { method: "GET", template: `${DATABASE}/instances`, values: app, status: 200 },
  {
    method: "GET",
    template: `${DATABASE}/instances/{instanceName}`,
    values: { ...app, instanceName: "local" },
    status: 200,
  },
  { method: "GET", template: `${DATABASE}/usage`, values: app, status: 200 },
  { method: "GET", template: `${DATABASE}/usage`, values: app, query: "?from=today", status: 400 },
  { method: "GET", template: `${DATABASE}/usage`, values: noDatabase, status: 404 },
  { method: "POST", template: `${DATABASE}/auth/tokens`, values: app, status: 200 },
  { method: "POST", template: `${DATABASE}/auth/tokens`, values: app, query: "?expiration=x", status: 400 },
  { method: "POST", template: `${DATABASE}/auth/tokens`, values: noDatabase, status: 404 },
  { method: "POST", template: `${DATABASE}/auth/rotate`, values: app, status: 200 },
  { method: "POST", template: `${DATABASE}/auth/rotate`, values: noDatabase, status: 404 },
  { method: "POST", template: `${GROUP}/auth/tokens`, values: group, status: 200 },
  { method: "POST", template: `${GROUP}/auth/tokens`, values: group, query: "?expiration=x", status: 400 },
  { method: "POST", template: `${GROUP}/auth/tokens`, values: noGroup, status: 404 },
  { method: "POST", template: `${GROUP}/auth/rotate`, values: group, status: 200 },
  { method: "POST", template: `${GROUP}/auth/rotate`, values: noGroup, status: 404 },
  { method: "GET", template: "/v1/locations", status: 200 },
  { method: "GET", template: "/v1/organizations", status: 200 },
  { method: "GET", template: ORG, status: 200 },
  { method: "GET", template: ORG, values: { organizationSlug: "nope" }, status: 404 },
  { method: "GET", template: "/v1/user", status: 200 },
  { method: "GET", template: "/v1/auth/validate", status: 200 },
  {
    method: "POST",
    template: "/v1/auth/api-tokens/{tokenName}",
    values: { tokenName: "ci" },
    body: { organization: "acme", group: "default", scopes: ["read-only"] },
    status: 200,
  },
  { method: "GET", template: "/v1/auth/api-tokens", status: 200 },
  { method: "GET", template: `${ORG}/api-tokens`, status: 200 },
  {
    method: "DELETE",
    template: "/v1/auth/api-tokens/{tokenName}",
    values: { tokenName: "ci" },
    status: 200,
  },
  {
    method: "DELETE",
    template: `${ORG}/api-tokens/{tokenId}`,
    values: { tokenId: "" },
    status: 200,
  },
  { method: "GET", template: `${ORG}/audit-logs`, query: "?page=1&page_size=5", status: 200 },
  { method: "DELETE", template: DATABASE, values: app, status: 200 },
  { method: "DELETE", template: DATABASE, values: noDatabase, status: 404 },
  { method: "DELETE", template: GROUP, values: group, status: 200 },
  { method: "DELETE", template: GROUP, values: noGroup, status: 404 },
];

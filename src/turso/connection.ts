import { nameProblem } from "../values/scope";

/** The namespace of the stack config that a host reads: `turso` for Node programs, `turso-tokens` for the native plugin. */
export type ConfigNamespace = "turso" | "turso-tokens";

/** Where the API is, and who asks. */
export interface Connection {
  /** For messages that say where to set something. */
  readonly configNamespace?: ConfigNamespace;
  /** The API's origin, without a trailing slash. */
  readonly apiUrl: string;
  /** The Platform API token; absent where nothing names one. */
  readonly apiToken: string | undefined;
  /** Where the API token was read from, for messages. */
  readonly apiTokenOrigin: string;
}

/** A connection, and the organization that goes with it where a resource does not name its own. */
export interface Settings extends Connection {
  readonly organization: string | undefined;
  /** Only stack config moves an existing resource to a different organization; a machine's environment does not. */
  readonly organizationIsConfigured: boolean;
}

export const DEFAULT_API_URL = "https://api.turso.tech";

export interface SettingsProblem {
  property: string;
  problem: string;
}

/**
 * Reads stack config first, then the environment. Both may be empty: a missing setting is reported where it is needed.
 *
 * @param config reads a full key of the stack's config, such as `turso:apiToken`
 */
export function readSettings(
  config: (key: string) => unknown,
  env: Record<string, string | undefined>,
  configNamespace: ConfigNamespace = "turso",
): Settings | SettingsProblem {
  // a setting that was read from a file often ends with a line break
  const clean = (value: unknown): string | undefined =>
    (typeof value === "string" ? value.trim() : undefined) || undefined;
  const named = (key: string): string => `${configNamespace}:${key}`;
  const text = (key: string): string | undefined => clean(config(named(key)));
  for (const key of SETTINGS)
    if (isStructured(config(named(key))))
      return {
        property: key,
        problem: `Stack config ${named(key)} must be text, not an object or a list: set it without --path.`,
      };
  const configuredUrl = text("apiUrl");
  const apiUrl = parseApiUrl(configuredUrl ?? clean(env["TURSO_API_BASEURL"]) ?? DEFAULT_API_URL);
  if ("problem" in apiUrl) {
    const origin =
      configuredUrl === undefined ? "the environment's TURSO_API_BASEURL" : `stack config ${named("apiUrl")}`;
    return { property: "apiUrl", problem: `The API's URL, read from ${origin}, ${apiUrl.problem}.` };
  }
  const configuredToken = text("apiToken");
  const configuredOrganization = text("organization");
  const organization = configuredOrganization ?? clean(env["TURSO_ORGANIZATION"]);
  const problem =
    organization === undefined
      ? undefined
      : nameProblem(
          `the ${configuredOrganization ? `stack config's ${named("organization")}` : "environment's TURSO_ORGANIZATION"}`,
          organization,
        );
  if (problem !== undefined) return { property: "organization", problem: `${problem}.` };
  return {
    configNamespace,
    apiUrl: apiUrl.url,
    apiToken: configuredToken ?? clean(env["TURSO_API_TOKEN"]),
    apiTokenOrigin: configuredToken
      ? `stack config ${named("apiToken")}`
      : "the environment's TURSO_API_TOKEN",
    organization,
    organizationIsConfigured: configuredOrganization !== undefined,
  };
}

/** The keys of stack config. */
export const SETTINGS = ["apiUrl", "apiToken", "organization"] as const;

/** Whether a setting was set with `--path`; the engine passes an object or a list as JSON. */
function isStructured(value: unknown): boolean {
  if (typeof value !== "string") return typeof value === "object" && value !== null;
  return /^\s*[{[]/.test(value);
}

/** Whether a URL's host is this machine, which plain http does not leave. */
export const isLoopback = (hostname: string): boolean =>
  hostname === "localhost" || hostname === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(hostname);

/** Checks a base URL. The problem never repeats the URL: it may hold credentials. */
export function parseApiUrl(text: string): { url: string } | { problem: string } {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined) return { problem: `is not a URL; it should look like ${DEFAULT_API_URL}` };
  if (url.protocol !== "https:" && url.protocol !== "http:") return { problem: "must start with https://" };
  if (url.username !== "" || url.password !== "")
    return { problem: "must not contain a user name or a password; the API token is set separately" };
  if (url.protocol === "http:" && !isLoopback(url.hostname))
    return {
      problem: `must start with https://: plain http would show the API token to the network (host ${url.hostname})`,
    };
  if (url.pathname !== "/" || url.search !== "" || url.hash !== "")
    return {
      problem: `must end after the host, without a path, a query or a fragment; ${url.origin} would do`,
    };
  return { url: url.origin };
}

import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import axios, { AxiosError, type AxiosResponse } from "axios";
import { isLoopback, type Connection } from "./connection";
import { sanitise } from "../values/text";

/** What the data plane says about a token that was valid once. */
export type Probe =
  /** It read something. */
  | { verdict: "accepted" }
  /** The database itself says that the token's key is not one of its keys. */
  | { verdict: "rejected" }
  /** Anything else proves nothing; `why` says what came back. */
  | {
      verdict: "unclear";
      why: string;
      /** The database says that the token has expired, which it would have done without a rotation too. */
      isExpired?: true;
    };

export interface ProbeOptions {
  /** A limit for the whole exchange, from the connection to the end of the body. */
  timeoutMs?: number;
  /** Ends the exchange early. */
  signal?: AbortSignal;
}

const READ = {
  baton: null,
  requests: [{ type: "execute", stmt: { sql: "select 1", want_rows: true } }, { type: "close" }],
};
/** What a status of the data plane hints at. */
const HINTS: Record<number, string> = {
  403: ": an allow rule (by IP address or VPC) may exclude this machine",
  429: ": it limits the rate of requests",
};
/**
 * The texts of libSQL's own 401: those of a libSQL server, and two that are reported for Turso's cloud. A 401 with a
 * different body comes from a proxy, a gateway or a sign-in page, which knows nothing of the database's keys.
 */
const OWN_401 = /^Unauthorized: `[^`]*`|can't be decoded with any of the existing keys|empty JWT token/i;
/** The database received no token: something on the way removed the header, so this token was not tried. */
const WITHOUT_TOKEN = /none given|empty JWT token/i;
const EXPIRED = /\bexpired\b/i;
/**
 * Each probe opens a connection of its own and resumes no TLS session, so that a load balancer can send it to a
 * different edge than the one before.
 */
const FRESH = {
  httpAgent: new HttpAgent({ keepAlive: false }),
  httpsAgent: new HttpsAgent({ keepAlive: false, maxCachedSessions: 0 }),
};
const MOST_BYTES = 64 * 1024;
const TIMEOUT_MS = 10_000;

/** Labels of letters, digits and hyphens, at least two of them, the last one not a number: a public DNS name. */
const PUBLIC_NAME =
  /^(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])$/i;
const PRIVATE_SUFFIX =
  /\.(localhost|local|localdomain|internal|intranet|lan|home|corp|private|test|invalid|example|onion|arpa)$/i;

/**
 * The URL of a database, from the Hostname that the API gave: a public DNS name over TLS. An address or a port is
 * followed only where the API itself is on loopback, and then it must be on loopback too.
 */
export function dataPlaneUrl({ apiUrl }: Pick<Connection, "apiUrl">, hostname: string): string | undefined {
  const api = new URL(apiUrl);
  if (PUBLIC_NAME.test(hostname) && !PRIVATE_SUFFIX.test(hostname)) return `https://${hostname}`;
  if (!isLoopback(api.hostname) || !/^[A-Za-z0-9.[\]:-]+$/.test(hostname)) return undefined;
  const url = `${api.protocol}//${hostname}`;
  if (!URL.canParse(url)) return undefined;
  const { hostname: host, pathname } = new URL(url);
  return isLoopback(host) && pathname === "/" ? url : undefined;
}

/** Asks a database whether it accepts a token, with the smallest read there is. Never throws, never retries. */
export async function probe(
  connection: Pick<Connection, "apiUrl">,
  hostname: string,
  token: string,
  { timeoutMs = TIMEOUT_MS, signal }: ProbeOptions = {},
): Promise<Probe> {
  const url = dataPlaneUrl(connection, hostname);
  if (url === undefined) return unclear("the API gave a Hostname that is not a public DNS name");
  const limitMs = Math.max(1, Math.ceil(timeoutMs));
  const limit = AbortSignal.timeout(limitMs);
  try {
    const response = await axios.post<unknown>(`${url}/v2/pipeline`, READ, {
      ...FRESH,
      headers: { Authorization: `Bearer ${token}` },
      maxRedirects: 0,
      maxContentLength: MOST_BYTES,
      responseType: "text",
      transformResponse: [(text: unknown) => text],
      validateStatus: () => true,
      signal: signal === undefined ? limit : AbortSignal.any([limit, signal]),
      ...(url.startsWith("http:") && { proxy: false as const }),
    });
    return isFromProxy(url, response)
      ? unclear(`a proxy answered ${response.status} in the database's place`)
      : verdictOf(response);
  } catch (error) {
    if (!(error instanceof AxiosError)) throw error;
    if (signal?.aborted) return unclear("the run stopped waiting for the database's answer");
    const why =
      error.code === "ERR_CANCELED"
        ? `no answer within ${limitMs / 1000} s`
        : sanitise(error.message || String(error.code), [token]);
    return unclear(`the database could not be reached (${why})`);
  }
}

const unclear = (why: string): Probe => ({ verdict: "unclear", why });

function verdictOf({ status, data }: Pick<AxiosResponse<unknown>, "status" | "data">): Probe {
  // a page of a sign-in portal answers 200 too
  if (status === 200 && Array.isArray(member(data, "results"))) return { verdict: "accepted" };
  if (status === 401) return verdictOf401(member(data, "error"));
  return unclear(`the database answered ${status}${HINTS[status] ?? ""}`);
}

function verdictOf401(error: unknown): Probe {
  if (typeof error !== "string" || !OWN_401.test(error))
    return unclear(
      "a 401 came back that is not the database's own: a proxy, a gateway or a sign-in page may answer in its place",
    );
  if (WITHOUT_TOKEN.test(error))
    return unclear(
      "the database received no token: a proxy or a gateway may remove the Authorization header",
    );
  if (EXPIRED.test(error))
    return { verdict: "unclear", why: "the token has expired by itself", isExpired: true };
  return { verdict: "rejected" };
}

/**
 * Whether a proxy refused to open the tunnel. Its response is then passed off as the database's, but it came over a
 * connection without the TLS that a database's response has.
 */
function isFromProxy(url: string, { request }: AxiosResponse): boolean {
  const { socket } = request as { socket?: { encrypted?: boolean } | null };
  return url.startsWith("https:") && socket?.encrypted !== true;
}

/** A member of a JSON object. */
function member(text: unknown, key: string): unknown {
  try {
    const parsed: unknown = typeof text === "string" ? JSON.parse(text) : undefined;
    return typeof parsed === "object" && parsed !== null && Object.hasOwn(parsed, key)
      ? (parsed as Record<string, unknown>)[key]
      : undefined;
  } catch {
    return undefined;
  }
}

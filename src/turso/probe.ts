import axios, { AxiosError } from "axios";
import { isLoopback, type Connection } from "./connection";
import { sanitise } from "../values/text";

/** What the data plane says about a token that was valid once. */
export type Probe =
  /** It read something. */
  | { verdict: "accepted" }
  /** The database rejected it: its key was rotated, or it has expired. */
  | { verdict: "rejected" }
  /** Anything else proves nothing; `why` says what came back. */
  | { verdict: "unclear"; why: string };

const READ = {
  baton: null,
  requests: [{ type: "execute", stmt: { sql: "select 1", want_rows: true } }, { type: "close" }],
};
/** What a status of the data plane hints at. */
const HINTS: Record<number, string> = {
  403: ": an allow rule (by IP address or VPC) may exclude this machine",
  429: ": it limits the rate of requests",
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
  timeoutMs = TIMEOUT_MS,
): Promise<Probe> {
  const url = dataPlaneUrl(connection, hostname);
  if (url === undefined)
    return { verdict: "unclear", why: "the API gave a Hostname that is not a public DNS name" };
  try {
    const { status, data } = await axios.post<string>(`${url}/v2/pipeline`, READ, {
      headers: { Authorization: `Bearer ${token}` },
      maxRedirects: 0,
      maxContentLength: MOST_BYTES,
      responseType: "text",
      transformResponse: [(text: unknown) => text],
      validateStatus: () => true,
      signal: AbortSignal.timeout(timeoutMs),
      ...(url.startsWith("http:") && { proxy: false as const }),
    });
    if (status === 401) return { verdict: "rejected" };
    if (status === 200 && holdsResults(data)) return { verdict: "accepted" };
    return { verdict: "unclear", why: `the database answered ${status}${HINTS[status] ?? ""}` };
  } catch (error) {
    if (!(error instanceof AxiosError)) throw error;
    const why =
      error.code === "ERR_CANCELED"
        ? `no answer within ${timeoutMs / 1000} s`
        : sanitise(error.message || String(error.code), [token]);
    return { verdict: "unclear", why: `the database could not be asked (${why})` };
  }
}

/** A page of a sign-in portal answers 200 too. */
function holdsResults(text: unknown): boolean {
  try {
    const parsed: unknown = typeof text === "string" ? JSON.parse(text) : undefined;
    return (
      typeof parsed === "object" && parsed !== null && "results" in parsed && Array.isArray(parsed.results)
    );
  } catch {
    return false;
  }
}

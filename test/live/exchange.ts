/** Plain HTTP for the live test: it records what came back, where the package's own client only keeps the outcome. */
import axios, { AxiosError } from "axios";
import { isLoopback } from "../../src/turso/connection";
import { redact, sanitise } from "../../src/values/text";

export interface Exchange {
  method: "GET" | "POST" | "DELETE";
  url: string;
  token: string;
  query?: Record<string, string>;
  body?: unknown;
  signal?: AbortSignal | undefined;
}

/** What came back; without a status where nothing did. */
export interface Answer {
  status: number | undefined;
  /** The body as it was sent, or why there is none. It may contain credentials. */
  text: string;
  tookMs: number;
}

const TIMEOUT_MS = 30_000;
const MOST_BYTES = 16 * 1024 * 1024;

/** Sends one request, once. It never throws for what the network or the server does. */
export async function exchange({ method, url, token, query, body, signal }: Exchange): Promise<Answer> {
  const start = performance.now();
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  const answer = (status: number | undefined, text: string): Answer => ({
    status,
    text,
    tookMs: performance.now() - start,
  });
  try {
    const { status, data } = await axios.request<string>({
      method,
      url,
      headers: { Authorization: `Bearer ${token}`, Accept: "application/json" },
      ...(query && { params: query }),
      ...(body !== undefined && { data: body }),
      maxRedirects: 0, // credentials must not follow a redirect
      maxContentLength: MOST_BYTES,
      responseType: "text",
      transformResponse: [(text: unknown) => text],
      validateStatus: () => true,
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
      ...(isLoopback(new URL(url).hostname) && { proxy: false as const }),
    });
    return answer(status, data);
  } catch (error) {
    // the error itself holds the request with its credentials, so only its message is used
    if (!(error instanceof AxiosError)) throw error;
    const reason = timeout.aborted ? `nothing within ${TIMEOUT_MS / 1000} s` : error.message;
    return answer(undefined, `no answer (${reason || String(error.code)})`);
  }
}

/** Every credential that the live test has seen, and the texts without them. */
export class Secrets {
  private readonly known = new Set<string>();

  add(secret: string): void {
    this.known.add(secret);
  }

  /** One line, short and without credentials. */
  clean(text: string): string {
    return sanitise(text, [...this.known]);
  }

  /** The shape of a body that holds a new token, whatever the token's name and form. */
  shape(text: string): string {
    let parsed: unknown;
    try {
      parsed = JSON.parse(text, (_, value: unknown) => (typeof value === "string" ? "[redacted]" : value));
    } catch {
      return `not JSON (${text.length} characters, not shown because they may hold a token)`;
    }
    return this.clean(redact(JSON.stringify(parsed), [...this.known]));
  }
}

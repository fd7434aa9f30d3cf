import axios, { AxiosError, type AxiosInstance, type AxiosResponse } from "axios";
import axiosRetry, { exponentialDelay, retryAfter } from "axios-retry";
import { isLoopback, type Connection } from "./connection";
import { quote, redact } from "./errors";
import { outcomeOfError, outcomeOfStatus, type Outcome } from "./outcome";

/** How long to wait and how often to ask again. */
export interface Patience {
  /** How long one request may take in all, in milliseconds. */
  timeoutMs: number;
  /** How often a request is sent again at most. */
  retries: number;
  /** The first pause, in milliseconds; it doubles each time. */
  pauseMs: number;
  /** The longest Retry-After that is waited for, in milliseconds. */
  longestPauseMs: number;
}

export const PATIENCE: Patience = { timeoutMs: 30_000, retries: 4, pauseMs: 500, longestPauseMs: 60_000 };

export interface Request {
  method: "GET" | "POST";
  path: string;
  query?: Record<string, string>;
  body?: unknown;
  /** Whether sending it twice does no harm. A rotation's second run kills what was minted after the first. */
  harmless: boolean;
}

export type Reply =
  | { ok: true; status: number; text: string }
  | {
      ok: false;
      status: number | undefined;
      text: string;
      answer: string;
      outcome: Outcome;
      retryAfterMs: number;
    };

/** A listing of 5,000 databases is about 2 MB. */
const MOST_BYTES = 16 * 1024 * 1024;

export type Send = (request: Request) => Promise<Reply>;

/** The one function that talks to the API. It never throws for what the network or the server does. */
export function transport(
  { apiUrl, apiToken = "" }: Connection,
  patience: Patience,
  onRetry: (message: string) => void,
): Send {
  const http: AxiosInstance = axios.create({
    baseURL: apiUrl,
    headers: { Authorization: `Bearer ${apiToken}`, Accept: "application/json" },
    maxRedirects: 0, // credentials follow nobody
    maxContentLength: MOST_BYTES,
    responseType: "text",
    transformResponse: [(text: unknown) => text],
    // plain http is for loopback alone, and a proxy is not loopback
    ...(isLoopback(new URL(apiUrl).hostname) ? { proxy: false as const } : {}),
  });
  http.interceptors.request.use((config) => {
    // a limit for the whole exchange, new for each try: axios' own timeout lets a slow trickle go on for ever
    config.signal = AbortSignal.timeout(patience.timeoutMs);
    return config;
  });
  axiosRetry(http, {
    retries: patience.retries,
    retryCondition: (error) => mayRetry(error, patience),
    retryDelay: (count, error) => exponentialDelay(count - 1, error, patience.pauseMs),
    onRetry: (count, error, config) => {
      delete config.signal; // the spent try's limit must not cut the pause short
      const of = `try ${count + 1} of at most ${patience.retries + 1}`;
      onRetry(`${config.method?.toUpperCase()} ${config.url}: ${describe(error, apiToken, patience)}; ${of}`);
    },
  });
  return async ({ method, path, query, body, harmless }) => {
    try {
      const response = await http.request<string>({
        method,
        url: path,
        ...(query && { params: query }),
        ...(body !== undefined && { data: body }),
        harmless,
      });
      return toReply(response);
    } catch (error) {
      if (!(error instanceof AxiosError)) throw error;
      return {
        ok: false,
        status: error.response?.status,
        text: bodyOf(error.response),
        answer: describe(error, apiToken, patience),
        outcome: outcomeOf(error),
        retryAfterMs: retryAfter(error),
      };
    }
  };
}

declare module "axios" {
  interface AxiosRequestConfig {
    harmless?: boolean;
  }
}

/** 200 and 204 are the API's; a page of HTML is somebody else's, a proxy's or a sign-in's. */
function toReply(response: AxiosResponse<string>): Reply {
  const text = bodyOf(response);
  const { status } = response;
  if ((status === 200 || status === 204) && !isHtml(text)) return { ok: true, status, text };
  const answer = isHtml(text)
    ? `answered ${status} with a web page, so something stands between here and the API`
    : `answered ${status}`;
  return { ok: false, status, text, answer, outcome: { fate: "unknown", retry: "none" }, retryAfterMs: 0 };
}

const isHtml = (text: string): boolean => /^\s*<(!doctype|html)/i.test(text);

const bodyOf = (response: AxiosResponse<unknown> | undefined): string =>
  typeof response?.data === "string" ? response.data : "";

/** Which failures are failures of the server's own answer, with a status outside 2xx. */
const isAnswer = (error: AxiosError): error is AxiosError & { response: AxiosResponse } =>
  error.response !== undefined && (error.response.status < 200 || error.response.status >= 300);

const outcomeOf = (error: AxiosError): Outcome =>
  isAnswer(error) ? outcomeOfStatus(error.response) : outcomeOfError(error);

function mayRetry(error: AxiosError, patience: Patience): boolean {
  const { retry } = outcomeOf(error);
  if (retryAfter(error) > patience.longestPauseMs) return false;
  return retry === "any" || (retry === "harmless" && error.config?.harmless === true);
}

function describe(error: AxiosError, apiToken: string, { timeoutMs }: Patience): string {
  if (isAnswer(error)) {
    // before anything is cut out of it, so that no half of a credential is left
    const said = quote(errorText(redact(bodyOf(error.response), [apiToken])), [apiToken]);
    return `the API answered ${error.response.status}${said ? ` (${said})` : ""}`;
  }
  if (error.code === "ERR_CANCELED") return `the API did not answer within ${timeoutMs / 1000} s`;
  if (error.message.startsWith("maxContentLength"))
    return `the API's answer is larger than ${MOST_BYTES / 1024 / 1024} MB`;
  const why =
    quote(error.message || String(error.cause ?? ""), [apiToken]) || (error.code ?? "no reason given");
  return error.response ? `the API's answer broke off (${why})` : `the API could not be reached (${why})`;
}

/** The `error` of the API's own JSON, and of nothing else. */
export function apiError(body: string): string | undefined {
  const error = errorMember(body);
  return typeof error === "string" ? error : undefined;
}

/** What an answer says, whoever gave it; a page of HTML is told by its title. */
export function errorText(body: string): string {
  const error = errorMember(body);
  if (error !== undefined) return typeof error === "string" ? error : stringify(error);
  if (!isHtml(body)) return body;
  const title = /<title[^>]*>([^<]+)/i.exec(body)?.[1];
  return title === undefined ? "a web page" : `a web page: ${title}`;
}

function errorMember(body: string): unknown {
  try {
    const parsed: unknown = JSON.parse(body);
    return typeof parsed === "object" && parsed !== null && "error" in parsed ? parsed.error : undefined;
  } catch {
    return undefined;
  }
}

/** Nested deeply enough, a value can be read but not written. */
function stringify(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch {
    return "";
  }
}

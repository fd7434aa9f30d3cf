import axios, { AxiosError, type AxiosInstance, type AxiosResponse } from "axios";
import axiosRetry, { exponentialDelay, retryAfter } from "axios-retry";
import { isLoopback, type Connection } from "./connection";
import { mayRetry, type RetryPolicy } from "./retry-policy";
import { redact, sanitise } from "../values/text";
import { outcomeOfError, outcomeOfStatus, type Outcome } from "./outcome";

export interface Request {
  method: "GET" | "POST";
  path: string;
  query?: Record<string, string>;
  body?: unknown;
  /** Whether sending it twice does no harm. A second rotation invalidates what was minted after the first. */
  isIdempotent: boolean;
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
  policy: RetryPolicy,
  onRetry: (message: string) => void,
): Send {
  const http: AxiosInstance = axios.create({
    baseURL: apiUrl,
    headers: { Authorization: `Bearer ${apiToken}`, Accept: "application/json" },
    maxRedirects: 0, // credentials must not follow a redirect
    maxContentLength: MOST_BYTES,
    responseType: "text",
    transformResponse: [(text: unknown) => text],
    // plain http is for loopback alone, and a proxy is not loopback
    ...(isLoopback(new URL(apiUrl).hostname) ? { proxy: false as const } : {}),
  });
  http.interceptors.request.use((config) => {
    // a limit for the whole exchange, new for each try: axios' own timeout never ends a slow trickle
    config.signal = AbortSignal.timeout(policy.timeoutMs);
    return config;
  });
  axiosRetry(http, {
    retries: policy.retries,
    retryCondition: (error) => mayRetry(error, outcomeOf(error), error.config?.isIdempotent === true, policy),
    retryDelay: (count, error) => exponentialDelay(count - 1, error, policy.pauseMs),
    onRetry: (count, error, config) => {
      delete config.signal; // the spent try's limit must not cut the pause short
      const of = `try ${count + 1} of at most ${policy.retries + 1}`;
      onRetry(`${config.method?.toUpperCase()} ${config.url}: ${describe(error, apiToken, policy)}; ${of}`);
    },
  });
  return async ({ method, path, query, body, isIdempotent }) => {
    try {
      const response = await http.request<string>({
        method,
        url: path,
        ...(query && { params: query }),
        ...(body !== undefined && { data: body }),
        isIdempotent,
      });
      return toReply(response);
    } catch (error) {
      if (!(error instanceof AxiosError)) throw error;
      return {
        ok: false,
        status: error.response?.status,
        text: bodyOf(error.response),
        answer: describe(error, apiToken, policy),
        outcome: outcomeOf(error),
        retryAfterMs: retryAfter(error),
      };
    }
  };
}

declare module "axios" {
  interface AxiosRequestConfig {
    isIdempotent?: boolean;
  }
}

/** 200 and 204 come from the API; a page of HTML comes from a proxy or a sign-in portal. */
function toReply(response: AxiosResponse<string>): Reply {
  const text = bodyOf(response);
  const { status } = response;
  if ((status === 200 || status === 204) && !isHtml(text)) return { ok: true, status, text };
  const answer = isHtml(text)
    ? `answered ${status} with a web page, so something stands between here and the API`
    : `answered ${status}`;
  return { ok: false, status, text, answer, outcome: { effect: "unknown", retry: "none" }, retryAfterMs: 0 };
}

const isHtml = (text: string): boolean => /^\s*<(!doctype|html)/i.test(text);

const bodyOf = (response: AxiosResponse<unknown> | undefined): string =>
  typeof response?.data === "string" ? response.data : "";

/** Whether the server itself answered, with a status outside 2xx. */
const isAnswer = (error: AxiosError): error is AxiosError & { response: AxiosResponse } =>
  error.response !== undefined && (error.response.status < 200 || error.response.status >= 300);

const outcomeOf = (error: AxiosError): Outcome =>
  isAnswer(error) ? outcomeOfStatus(error.response) : outcomeOfError(error);

function describe(error: AxiosError, apiToken: string, { timeoutMs }: RetryPolicy): string {
  if (isAnswer(error)) {
    // redacted before anything is cut out of it, so that no half of a credential is left
    const said = sanitise(errorText(redact(bodyOf(error.response), [apiToken])), [apiToken]);
    return `the API answered ${error.response.status}${said ? ` (${said})` : ""}`;
  }
  if (error.code === "ERR_CANCELED") return `the API did not answer within ${timeoutMs / 1000} s`;
  if (error.message.startsWith("maxContentLength"))
    return `the API's answer is larger than ${MOST_BYTES / 1024 / 1024} MB`;
  const why =
    sanitise(error.message || String(error.cause ?? ""), [apiToken]) || (error.code ?? "no reason given");
  return error.response ? `the API's answer broke off (${why})` : `the API could not be reached (${why})`;
}

/** The `error` of the API's own JSON, and of nothing else. */
export function apiError(body: string): string | undefined {
  const error = errorMember(body);
  return typeof error === "string" ? error : undefined;
}

/** The text of a response, whoever sent it; a page of HTML is represented by its title. */
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

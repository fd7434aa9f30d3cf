import axios, { AxiosError, type AxiosAdapter, type AxiosInstance, type AxiosResponse } from "axios";
import axiosRetry, { exponentialDelay, retryAfter } from "axios-retry";
import { redact, sanitise } from "../values/text";
import { errorText, isHtml } from "./answer";
import { isLoopback, type Connection } from "./connection";
import { mayHaveLeft, sendOnce } from "./exchange";
import { ANSWERED_BY_SOMETHING_ELSE, outcomeOfError, outcomeOfStatus, type Outcome } from "./outcome";
import type { RateLimit, Visit } from "./rate-limit";
import { mayRetry, type RetryPolicy } from "./retry-policy";

export interface Request {
  method: "GET" | "POST";
  path: string;
  query?: Record<string, string>;
  body?: unknown;
  /**
   * Whether sending it twice does no harm. A rotation is not idempotent: a second one invalidates what was minted after
   * the first. Its answer has an empty body.
   */
  isIdempotent: boolean;
}

/** What ended an exchange: the API's answer, a proxy's, a broken connection, or this process, because nobody waits. */
export type Source = "api" | "proxy" | "network" | "caller";

export interface FailedReply {
  ok: false;
  from: Source;
  /** The API's status; never that of a proxy. */
  status: number | undefined;
  text: string;
  answer: string;
  outcome: Outcome;
  retryAfterMs: number;
  /** Whether the response was larger than `MOST_BYTES`. */
  isTooLarge?: boolean;
}

export type Reply = { ok: true; status: number; text: string } | FailedReply;

/** What all requests of a run share. */
export interface RunHooks {
  /** Receives a line about each retry, and one about waiting for the rate limit. */
  onRetry: (line: string) => void;
  /** Whether the caller that asked for this run is still there: asked right before each try of a rotation. */
  isCallerAlive: () => Promise<boolean>;
  rateLimit: RateLimit;
}

/** A listing of 5,000 databases is about 2 MB. */
const MOST_BYTES = 64 * 1024 * 1024;

export type Send = (request: Request) => Promise<Reply>;

/** A try that this process did not make. */
class NotSent extends Error {
  readonly reply: FailedReply;

  constructor(reply: Pick<FailedReply, "from" | "answer"> & Partial<FailedReply>) {
    super(reply.answer);
    const outcome: Outcome = { effect: "unchanged", retry: "none" };
    this.reply = { ok: false, status: undefined, text: "", outcome, retryAfterMs: 0, ...reply };
  }
}

/** The one function that talks to the API. It never throws for what the network or the server does. */
export function transport({ apiUrl, apiToken = "" }: Connection, policy: RetryPolicy, hooks: RunHooks): Send {
  const http: AxiosInstance = axios.create({
    baseURL: apiUrl,
    headers: { Authorization: `Bearer ${apiToken}`, Accept: "application/json" },
    maxRedirects: 0, // credentials must not follow a redirect
    maxContentLength: MOST_BYTES,
    responseType: "text",
    transformResponse: [(text: unknown) => text],
    adapter: tries(policy, hooks),
    // plain http is for loopback alone, and a proxy is not loopback
    ...(isLoopback(new URL(apiUrl).hostname) ? { proxy: false as const } : {}),
  });
  axiosRetry(http, {
    retries: policy.retries,
    retryCondition: (error) => mayRetry(error, outcomeOf(error), error.config?.isIdempotent === true, policy),
    retryDelay: (count, error) => exponentialDelay(count - 1, error, policy.pauseMs),
    onRetry: (count, error, config) => {
      delete config.signal; // the spent try's limit must not cut the pause short
      const of = `try ${count + 1} of at most ${policy.retries + 1}`;
      hooks.onRetry(
        `${config.method?.toUpperCase()} ${config.url}: ${describe(error, apiToken, policy)}; ${of}`,
      );
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
        visit: hooks.rateLimit.visit(policy.patienceMs),
      });
      return toReply(response, apiToken, isIdempotent);
    } catch (error) {
      if (error instanceof NotSent) return error.reply;
      if (!(error instanceof AxiosError)) throw error;
      const from = sourceOf(error);
      return {
        ok: false,
        from,
        status: from === "proxy" ? undefined : error.response?.status,
        text: from === "proxy" ? "" : bodyOf(error.response),
        answer: describe(error, apiToken, policy),
        outcome: outcomeOf(error),
        retryAfterMs: retryAfter(error),
        isTooLarge: isTooLarge(error),
      };
    }
  };
}

declare module "axios" {
  interface AxiosRequestConfig {
    isIdempotent?: boolean;
    visit?: Visit;
  }
}

/**
 * Everything is sent from here: each try waits at the gate, a rotation asks for its caller, and a 429 sends the request
 * back to the gate.
 */
function tries(
  { timeoutMs, pauseMs }: RetryPolicy,
  { isCallerAlive, rateLimit, onRetry }: RunHooks,
): AxiosAdapter {
  return async (config) => {
    const visit = config.visit ?? rateLimit.visit(0);
    for (;;) {
      const tooLongMs = await rateLimit.enter(visit);
      if (tooLongMs !== undefined) throw isLimited(tooLongMs);
      if (config.isIdempotent !== true && !(await isCallerAlive()))
        throw new NotSent({ from: "caller", answer: "the Pulumi CLI that started this run has exited" });
      const sentAt = performance.now();
      try {
        const response = await sendOnce(config, timeoutMs);
        rateLimit.admit(sentAt);
        return response;
      } catch (error) {
        if (!(error instanceof AxiosError) || !isAnswer(error)) throw error;
        if (error.response.status !== 429) {
          rateLimit.admit(sentAt);
          throw error;
        }
        const isFirst = !rateLimit.hasPaused;
        const waitMs = rateLimit.close(sentAt, retryAfter(error), pauseMs);
        if (waitMs > visit.leftMs) throw error;
        if (isFirst)
          onRetry(
            `the API limits the rate of requests (429): all requests wait, at first for ${(waitMs / 1000).toFixed(1)} s`,
          );
      }
    }
  };
}

const isLimited = (retryAfterMs: number): NotSent =>
  new NotSent({
    from: "api",
    status: 429,
    answer: "the API answered 429 to an earlier request, so this one was not sent",
    retryAfterMs,
  });

/** A rotation is answered with 200 or 204 and an empty body; a page of HTML comes from a proxy or a sign-in portal. */
function toReply(response: AxiosResponse<string>, apiToken: string, isIdempotent: boolean): Reply {
  const text = bodyOf(response);
  const { status } = response;
  const failed = { ok: false, retryAfterMs: 0 } as const;
  if (!mayHaveLeft(response.config))
    return {
      ...failed,
      from: "proxy",
      status: undefined,
      text: "",
      answer: refusedByProxy(status),
      outcome: outcomeOfError(undefined, false),
    };
  const isExpected = isIdempotent ? !isHtml(text) : text.trim() === "";
  if ((status === 200 || status === 204) && isExpected) return { ok: true, status, text };
  const said = sanitise(errorText(redact(text, [apiToken])), [apiToken]);
  const answer = isHtml(text)
    ? `answered ${status} with a web page, so something other than the API answered`
    : isExpected
      ? `answered ${status}`
      : `answered ${status} with a body (${said}), which the API does not send here, so something else may have answered`;
  return { ...failed, from: "api", status, text, answer, outcome: ANSWERED_BY_SOMETHING_ELSE };
}

const bodyOf = (response: AxiosResponse<unknown> | undefined): string =>
  typeof response?.data === "string" ? response.data : "";

/** Whether the API itself answered, with a status outside 2xx. */
const isAnswer = (error: AxiosError): error is AxiosError & { response: AxiosResponse } =>
  sourceOf(error) === "api";

/** Nobody but a proxy can answer a request that has not left. */
function sourceOf({ response, config }: AxiosError): Exclude<Source, "caller"> {
  if (response === undefined) return "network";
  if (!mayHaveLeft(config)) return "proxy";
  return response.status < 200 || response.status >= 300 ? "api" : "network"; // a success that was cut off
}

const outcomeOf = (error: AxiosError): Outcome =>
  isAnswer(error)
    ? outcomeOfStatus(error.response.status)
    : outcomeOfError(error.code, mayHaveLeft(error.config));

const isTooLarge = (error: AxiosError): boolean => error.message.startsWith("maxContentLength");

const refusedByProxy = (status: number): string => `the proxy answered ${status} to CONNECT`;

function describe(error: AxiosError, apiToken: string, { timeoutMs }: RetryPolicy): string {
  if (isAnswer(error)) {
    // redacted before anything is cut out of it, so that no half of a credential is left
    const said = sanitise(errorText(redact(bodyOf(error.response), [apiToken])), [apiToken]);
    return `the API answered ${error.response.status}${said ? ` (${said})` : ""}`;
  }
  if (error.response && sourceOf(error) === "proxy") return refusedByProxy(error.response.status);
  if (error.code === "ERR_CANCELED") return `the API did not answer within ${timeoutMs / 1000} s`;
  if (isTooLarge(error)) return `the API's answer is larger than ${MOST_BYTES / 1024 / 1024} MB`;
  const why =
    sanitise(error.message || String(error.cause ?? ""), [apiToken]) || (error.code ?? "no reason given");
  return error.response ? `the API's answer broke off (${why})` : `the API could not be reached (${why})`;
}

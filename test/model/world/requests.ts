import type { AxiosResponse, InternalAxiosRequestConfig } from "axios";
import type { Target } from "../../../src/values/scope";
import type { RequestKind } from "../schedule/faults";
import type { ModelOrganization } from "./organization";

/** A request that was sent. */
export interface Sent {
  kind: RequestKind;
  target: Target | undefined;
  /** Whether the platform has carried out this rotation, or will. */
  executed: boolean;
  /** Whether the response was lost. */
  lost: boolean;
  /** How many milliseconds after the client's timeout the platform carries it out; 0: before the timeout. */
  lateBy: number;
  /** When the provider asked for it, by the schedule's clock; it may have waited for those before it. */
  askedAt: number;
  /** When it was sent, by the schedule's clock. */
  at: number;
  /** When the exchange ended, by the schedule's clock, with or without a response. */
  endedAt?: number;
  /** When the response came, by the schedule's clock, and what it was. */
  answer?: { at: number; status: number; retryAfterMs: number };
  /** Whether a database is asked about a token whose key it does not know yet. */
  isLate: boolean;
  /** How many tokens had been minted before it. */
  heldBefore: number;
  text: string;
}

/** Makes each request unique, so that a fault hits the one that it is meant for. */
let marks = 0;
const MARK = "mark";

/** @returns a pattern that matches this request alone */
export function mark(config: InternalAxiosRequestConfig): RegExp {
  config.params = { ...(config.params as object | undefined), [MARK]: (marks += 1) };
  return new RegExp(`[?&]${MARK}=${marks}$`);
}

const isOf = (path: string, what: string): boolean => path.endsWith(`/auth/${what}`);

/** What a request is, before it is sent. */
export function describeRequest(
  { method = "get", url = "", baseURL = "", params }: InternalAxiosRequestConfig,
  organization: ModelOrganization,
  times: Pick<Sent, "askedAt" | "at">,
): Sent {
  const { pathname: path } = new URL(url, baseURL || undefined);
  const named = /\/(database|group)s\/([^/]+)/.exec(path);
  const isProbe = path === "/v2/pipeline";
  const asked = isOf(path, "rotate") ? "rotate" : isOf(path, "tokens") ? "mint" : "read";
  const query = new URLSearchParams(params as Record<string, string> | undefined);
  query.delete(MARK);
  return {
    kind: isProbe ? "probe" : asked,
    target: named ? ({ kind: named[1], name: named[2] } as Target) : undefined,
    executed: false,
    lost: false,
    lateBy: 0,
    isLate: false,
    ...times,
    heldBefore: organization.held.length,
    text: isProbe
      ? `probe ${organization.databaseAt(url) ?? "an unknown host"}`
      : `${method.toUpperCase()} ${path.replace("/v1/organizations/acme", "~")}${query.size > 0 ? `?${query.toString()}` : ""}`,
  };
}

/** What came back, and when. */
export const answerOf = ({ status, headers }: AxiosResponse, at: number): Required<Sent>["answer"] => ({
  at,
  status,
  retryAfterMs: Number(headers["retry-after"] ?? 0) * 1_000,
});

/** Whether the API refused it; a refusal is one, even if its text breaks off. */
export const isRefusal = ({ status }: AxiosResponse): boolean => status >= 400 && status < 500;

/** The token that a response brings. */
export const jwtIn = ({ data }: AxiosResponse<unknown>): string | undefined =>
  typeof data === "string" ? /"jwt":"([^"]+)"/.exec(data)?.[1] : undefined;

/** Whether a request goes to the API, and not to a database. */
export const isToApi = ({ kind }: Sent): boolean => kind !== "probe";

/** Whether it mints a token only to be tried: a canary token, a control, or one that shows whether the API mints at all. */
export const isForTrial = ({ text }: Sent): boolean => /\?expiration=(7d|1h|1m)&/.test(text);

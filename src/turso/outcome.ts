import type { AxiosError, AxiosResponse } from "axios";
import type { Effect } from "./errors";

/** What an exchange with the API means for the request that was sent. */
export interface Outcome {
  effect: Effect;
  /**
   * Which request may be sent again: `any`, because it was certainly not processed; only an `idempotent` one (reads, and
   * minting, which only mints one more token, which is discarded); or `none`, because the answer would be the same.
   */
  retry: "any" | "idempotent" | "none";
}

const NOT_PROCESSED: Outcome = { effect: "unchanged", retry: "any" };
const REFUSED: Outcome = { effect: "unchanged", retry: "none" };
const UNKNOWN: Outcome = { effect: "unknown", retry: "idempotent" };

/** No connection was made, so nothing was sent. */
const NO_CONNECTION = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EADDRNOTAVAIL",
]);
/** The server is not the one that its name claims, so nothing was sent. */
const NOT_TRUSTED = /^(CERT_|ERR_TLS_CERT|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_(GET|VERIFY))/;

/** The outcome of a response that is not a success. */
export function outcomeOfStatus(response: Pick<AxiosResponse, "status" | "headers">): Outcome {
  const { status } = response;
  if (status === 429) return NOT_PROCESSED;
  if (status === 503 && response.headers["retry-after"] !== undefined) return NOT_PROCESSED;
  // 408 and 499 say that somebody gave up waiting, not that nothing was done
  if (status >= 300 && status < 500 && status !== 408 && status !== 499) return REFUSED;
  return UNKNOWN;
}

/** The outcome of an exchange that ended without a usable response. */
export function outcomeOfError(error: AxiosError): Outcome {
  const code = error.code ?? "";
  if (error.response) return UNKNOWN; // a response began and was cut off
  if (NO_CONNECTION.has(code) || (code === "ETIMEDOUT" && isConnect(error.cause))) return NOT_PROCESSED;
  if (NOT_TRUSTED.test(code)) return REFUSED;
  return UNKNOWN;
}

function isConnect(cause: unknown): boolean {
  if (cause instanceof AggregateError) return cause.errors.every(isConnect);
  return cause instanceof Error && "syscall" in cause && cause.syscall === "connect";
}

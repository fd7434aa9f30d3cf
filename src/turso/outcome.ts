import type { AxiosError, AxiosResponse } from "axios";
import type { Fate } from "./errors";

/** What an exchange with the API means for the request that was sent. */
export interface Outcome {
  fate: Fate;
  /**
   * Who may send it again: `any` request, since it was certainly not processed; only one that is `harmless` to repeat
   * (reads, and minting: a token that nobody got to see); or `none`, since the answer would be the same.
   */
  retry: "any" | "harmless" | "none";
}

const NOT_PROCESSED: Outcome = { fate: "unchanged", retry: "any" };
const REFUSED: Outcome = { fate: "unchanged", retry: "none" };
const UNKNOWN: Outcome = { fate: "unknown", retry: "harmless" };

/** No connection was made, so nothing was sent. */
const NO_CONNECTION = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EADDRNOTAVAIL",
]);
/** The server is not the one that its name says, so nothing was sent. */
const NOT_TRUSTED = /^(CERT_|ERR_TLS_CERT|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_(GET|VERIFY))/;

/** Of an answer that is not a success. */
export function outcomeOfStatus(response: Pick<AxiosResponse, "status" | "headers">): Outcome {
  const { status } = response;
  if (status === 429) return NOT_PROCESSED;
  if (status === 503 && response.headers["retry-after"] !== undefined) return NOT_PROCESSED;
  // 408 and 499 say that somebody gave up waiting, not that nothing was done
  if (status >= 300 && status < 500 && status !== 408 && status !== 499) return REFUSED;
  return UNKNOWN;
}

/** Of an exchange that ended without a usable answer. */
export function outcomeOfError(error: AxiosError): Outcome {
  const code = error.code ?? "";
  if (error.response) return UNKNOWN; // an answer began and was cut off
  if (NO_CONNECTION.has(code) || (code === "ETIMEDOUT" && isConnect(error.cause))) return NOT_PROCESSED;
  if (NOT_TRUSTED.test(code)) return REFUSED;
  return UNKNOWN;
}

function isConnect(cause: unknown): boolean {
  if (cause instanceof AggregateError) return cause.errors.every(isConnect);
  return cause instanceof Error && "syscall" in cause && cause.syscall === "connect";
}

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

/** The server is not the one that its name claims. */
const NOT_TRUSTED = /^(CERT_|ERR_TLS_CERT|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_(GET|VERIFY))/;

/** The outcome of a response of the API that is not a success. */
export function outcomeOfStatus(status: number): Outcome {
  // 408 and 499 say that somebody gave up waiting, not that nothing was done. Caches and gateways send any 5xx, with
  // Retry-After too, for requests that they have passed on
  return status >= 300 && status < 500 && status !== 408 && status !== 499 ? REFUSED : UNKNOWN;
}

/**
 * The outcome of a try without a response of the API.
 *
 * @param code the error's code, which proves nothing about what the server did
 * @param mayHaveLeft whether any of the request can have left this process
 */
export function outcomeOfError(code: string | undefined, mayHaveLeft: boolean): Outcome {
  if (mayHaveLeft) return UNKNOWN;
  return NOT_TRUSTED.test(code ?? "") ? REFUSED : NOT_PROCESSED;
}

/**
 * The outcome of a successful status with a body that the API does not send: something else may have answered, before or
 * after the API did.
 */
export const ANSWERED_BY_SOMETHING_ELSE: Outcome = { effect: "unknown", retry: "none" };

import type { AxiosError } from "axios";
import { retryAfter } from "axios-retry";
import type { Outcome } from "./outcome";

/** How long to wait for a response, and how often to send a request again. */
export interface RetryPolicy {
  /** How long one try may take in all, in milliseconds. */
  timeoutMs: number;
  /** How often a request is sent again at most, not counting answers of 429. */
  retries: number;
  /** The first pause, in milliseconds; it doubles each time. */
  pauseMs: number;
  /** The longest Retry-After that is waited for, in milliseconds. */
  longestPauseMs: number;
  /** How long one request may wait in all while the API limits the rate of requests, in milliseconds. */
  patienceMs: number;
}

export const RETRY_POLICY: RetryPolicy = {
  timeoutMs: 30_000,
  retries: 4,
  pauseMs: 500,
  longestPauseMs: 60_000,
  patienceMs: 120_000,
};

/**
 * Whether a failed request may be sent again.
 *
 * @param isIdempotent whether sending it twice does no harm
 */
export function mayRetry(
  error: AxiosError,
  { retry }: Outcome,
  isIdempotent: boolean,
  { longestPauseMs }: Pick<RetryPolicy, "longestPauseMs">,
): boolean {
  if (retryAfter(error) > longestPauseMs) return false;
  switch (retry) {
    case "any":
      return true;
    case "idempotent":
      return isIdempotent;
    case "none":
      return false;
  }
}

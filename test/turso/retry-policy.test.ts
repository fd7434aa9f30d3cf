import assert from "node:assert/strict";
import { AxiosError, AxiosHeaders, type AxiosResponse } from "axios";
import { mayRetry } from "../../src/turso/retry-policy";

/** An error whose response has the given Retry-After, in seconds. */
function errorWith(retryAfter: string | undefined): AxiosError {
  const headers = new AxiosHeaders(retryAfter === undefined ? {} : { "retry-after": retryAfter });
  const response = { status: 429, headers } as AxiosResponse;
  return new AxiosError("rejected", undefined, undefined, undefined, response);
}

describe("a failed request", () => {
  for (const [retry, isIdempotent, expected] of [
    ["any", true, true],
    ["any", false, true],
    ["idempotent", true, true],
    ["idempotent", false, false],
    ["none", true, false],
    ["none", false, false],
  ] as const)
    it(`${expected ? "may" : "must not"} be sent again if it is ${isIdempotent ? "" : "not "}idempotent and its outcome allows ${retry}`, () => {
      const outcome = { effect: "unchanged", retry } as const;
      const policy = { longestPauseMs: 60_000 };
      assert.equal(mayRetry(errorWith(undefined), outcome, isIdempotent, policy), expected);
      assert.equal(mayRetry(errorWith("60"), outcome, isIdempotent, policy), expected);
      assert.equal(mayRetry(new AxiosError("no response"), outcome, isIdempotent, policy), expected);
    });

  for (const retryAfter of ["61", "3600", "Tue, 01 Jan 2999 00:00:00 GMT"])
    it(`must not be sent again if the server asks for a longer pause than the policy allows: ${retryAfter}`, () => {
      const outcome = { effect: "unchanged", retry: "any" } as const;
      assert.equal(mayRetry(errorWith(retryAfter), outcome, true, { longestPauseMs: 60_000 }), false);
    });
});

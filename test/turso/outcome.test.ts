import assert from "node:assert/strict";
import { AxiosError, AxiosHeaders, type AxiosResponse } from "axios";
import { outcomeOfError, outcomeOfStatus, type Outcome } from "../../src/turso/outcome";

const NOT_PROCESSED: Outcome = { effect: "unchanged", retry: "any" };
const REFUSED: Outcome = { effect: "unchanged", retry: "none" };
const UNKNOWN: Outcome = { effect: "unknown", retry: "idempotent" };

const name = (outcome: Outcome): string =>
  outcome.effect === "unknown"
    ? "has an unknown effect and is repeated only if it is idempotent"
    : outcome.retry === "any"
      ? "was certainly not processed and may always be repeated"
      : "certainly failed and is not repeated";

describe("a request that is answered with", () => {
  for (const [status, headers, outcome] of [
    [200, {}, UNKNOWN],
    [300, {}, REFUSED],
    [301, {}, REFUSED],
    [302, { location: "/" }, REFUSED],
    [307, {}, REFUSED],
    [308, {}, REFUSED],
    [400, {}, REFUSED],
    [401, {}, REFUSED],
    [402, {}, REFUSED],
    [403, {}, REFUSED],
    [403, { "retry-after": "1" }, REFUSED],
    [404, {}, REFUSED],
    [405, {}, REFUSED],
    [407, {}, REFUSED],
    [408, {}, UNKNOWN],
    [409, {}, REFUSED],
    [422, {}, REFUSED],
    [429, {}, NOT_PROCESSED],
    [429, { "retry-after": "1" }, NOT_PROCESSED],
    [499, {}, UNKNOWN],
    [500, {}, UNKNOWN],
    [500, { "retry-after": "1" }, UNKNOWN],
    [501, {}, UNKNOWN],
    [502, {}, UNKNOWN],
    [503, {}, UNKNOWN],
    [503, { "retry-after": "1" }, NOT_PROCESSED],
    [504, {}, UNKNOWN],
    [504, { "retry-after": "1" }, UNKNOWN],
    [520, {}, UNKNOWN],
  ] as const)
    it(`${status} ${Object.keys(headers).join()} ${name(outcome)}`, () =>
      assert.deepEqual(outcomeOfStatus({ status, headers: new AxiosHeaders(headers) }), outcome));
});

describe("a request that ends with", () => {
  const failed = (code: string | undefined, cause?: Error): AxiosError => {
    const error = new AxiosError("it failed", code);
    if (cause) error.cause = cause;
    return error;
  };
  const syscall = (call: string): Error => Object.assign(new Error(call), { syscall: call });

  for (const [code, outcome] of [
    ["ECONNREFUSED", NOT_PROCESSED],
    ["ENOTFOUND", NOT_PROCESSED],
    ["EAI_AGAIN", NOT_PROCESSED],
    ["EHOSTUNREACH", NOT_PROCESSED],
    ["ENETUNREACH", NOT_PROCESSED],
    ["CERT_HAS_EXPIRED", REFUSED],
    ["DEPTH_ZERO_SELF_SIGNED_CERT", REFUSED],
    ["SELF_SIGNED_CERT_IN_CHAIN", REFUSED],
    ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", REFUSED],
    ["ERR_TLS_CERT_ALTNAME_INVALID", REFUSED],
    ["ECONNRESET", UNKNOWN],
    ["EPIPE", UNKNOWN],
    ["ETIMEDOUT", UNKNOWN],
    ["ECONNABORTED", UNKNOWN],
    ["ERR_CANCELED", UNKNOWN],
    ["ERR_NETWORK", UNKNOWN],
    ["SOMETHING_NEW", UNKNOWN],
    [undefined, UNKNOWN],
  ] as const)
    it(`${code ?? "no code"} ${name(outcome)}`, () =>
      assert.deepEqual(outcomeOfError(failed(code)), outcome));

  for (const [what, cause, outcome] of [
    ["while connecting", syscall("connect"), NOT_PROCESSED],
    [
      "while connecting to each of the addresses",
      new AggregateError([syscall("connect"), syscall("connect")]),
      NOT_PROCESSED,
    ],
    ["while reading", syscall("read"), UNKNOWN],
    [
      "on one address after it had connected",
      new AggregateError([syscall("connect"), syscall("read")]),
      UNKNOWN,
    ],
  ] as const)
    it(`a timeout ${what} ${name(outcome)}`, () =>
      assert.deepEqual(outcomeOfError(failed("ETIMEDOUT", cause)), outcome));

  it("a reset that only looks like a failed connect has an unknown effect", () =>
    assert.deepEqual(outcomeOfError(failed("ECONNRESET", syscall("connect"))), UNKNOWN));

  it("a response that was cut off has an unknown effect, whatever the error's code", () => {
    const response = { status: 200 } as AxiosResponse;
    const error = new AxiosError("cut off", "ECONNREFUSED", undefined, undefined, response);
    assert.deepEqual(outcomeOfError(error), UNKNOWN);
  });
});

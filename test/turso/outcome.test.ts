import assert from "node:assert/strict";
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
  for (const [status, outcome] of [
    [301, REFUSED],
    [302, REFUSED],
    [307, REFUSED],
    [308, REFUSED],
    [400, REFUSED],
    [401, REFUSED],
    [402, REFUSED],
    [403, REFUSED],
    [404, REFUSED],
    [405, REFUSED],
    [407, REFUSED],
    [408, UNKNOWN],
    [409, REFUSED],
    [422, REFUSED],
    [429, REFUSED],
    [499, UNKNOWN],
    [500, UNKNOWN],
    [501, UNKNOWN],
    [502, UNKNOWN],
    [503, UNKNOWN],
    [504, UNKNOWN],
    [520, UNKNOWN],
    [600, UNKNOWN],
  ] as const)
    it(`${status} ${name(outcome)}`, () => assert.deepEqual(outcomeOfStatus(status), outcome));
});

describe("a request that ends without an answer", () => {
  for (const code of [
    "ECONNREFUSED",
    "ENOTFOUND",
    "EAI_AGAIN",
    "EHOSTUNREACH",
    "ENETUNREACH",
    "EADDRNOTAVAIL",
    "ETIMEDOUT",
    "ECONNRESET",
    "EPIPE",
    "ECONNABORTED",
    "ERR_CANCELED",
    "ERR_NETWORK",
    "SOMETHING_NEW",
    undefined,
  ]) {
    it(`before it can have left ${name(NOT_PROCESSED)}: ${code ?? "no code"}`, () =>
      assert.deepEqual(outcomeOfError(code, false), NOT_PROCESSED));

    it(`after it can have left ${name(UNKNOWN)}: ${code ?? "no code"}`, () =>
      assert.deepEqual(outcomeOfError(code, true), UNKNOWN));
  }

  for (const code of [
    "CERT_HAS_EXPIRED",
    "DEPTH_ZERO_SELF_SIGNED_CERT",
    "SELF_SIGNED_CERT_IN_CHAIN",
    "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
    "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
    "ERR_TLS_CERT_ALTNAME_INVALID",
  ])
    it(`because the server's certificate is not trusted ${name(REFUSED)}: ${code}`, () =>
      assert.deepEqual(outcomeOfError(code, false), REFUSED));
});

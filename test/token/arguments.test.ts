import assert from "node:assert/strict";
import { checkArguments } from "../../src/core/argument-rules";
import { UNKNOWN } from "../../src/core/unknown";
import { RULES } from "../../src/token/arguments";

const good = { scope: { database: "app" } };
const problemsOf = (news: Record<string, unknown>): string[] =>
  checkArguments("AuthToken", RULES, { ...good, ...news }).map(
    ({ property, reason }) => `${property}: ${reason}`,
  );

describe("the arguments of an AuthToken", () => {
  const DURATION =
    'must be a duration such as "90d" or "2w1d30m" (units w d h m s, whole numbers, largest first), not';
  for (const [news, reason] of [
    [
      { scope: { databases: ["app"] } },
      'scope: scope must be exactly one of { database: "NAME" } and { group: "NAME" }; "databases" is not one of them.',
    ],
    [
      { scope: { groups: "all" } },
      'scope: scope must be exactly one of { database: "NAME" } and { group: "NAME" }; "groups" is not one of them.',
    ],
    [{ authorization: "write" }, 'authorization: authorization must be one of "full-access", "read-only".'],
    [{ expiration: "soon" }, `expiration: expiration ${DURATION} "soon".`],
    [{ readAttach: "reports" }, "readAttach: readAttach must be a list of database names."],
    [
      { permissions: [] },
      "permissions: permissions must not be an empty list: leave it out for a token without restrictions.",
    ],
    [{ renewBefore: "never" }, `renewBefore: renewBefore ${DURATION} "never".`],
    [{ verify: "required" }, 'verify: verify must be one of "auto", "off".'],
    [{ verifyTimeout: 60 }, `verifyTimeout: verifyTimeout ${DURATION} 60.`],
    [
      { rotateEvery: "9d" },
      "rotateEvery: rotateEvery is not an argument of AuthToken. Its arguments are scope, organization, authorization, expiration, readAttach, permissions, rotation, trigger, renewBefore, verify, verifyTimeout.",
    ],
  ] as const)
    it(`may not be ${JSON.stringify(news)}`, () => assert.deepEqual(problemsOf(news), [reason]));

  for (const news of [
    {},
    { scope: { group: "default" } },
    { authorization: "read-only", expiration: "never", readAttach: ["reports"], verify: "off" },
    { expiration: "90d", renewBefore: "9d", verifyTimeout: "5s", trigger: { any: [1] }, rotation: {} },
    { permissions: [{ tables: ["orders"], actions: ["data_read"] }] },
    { authorization: UNKNOWN, expiration: null, readAttach: undefined },
  ])
    it(`may be ${JSON.stringify(Object.keys(news))}`, () => assert.deepEqual(problemsOf(news), []));
});

import assert from "node:assert/strict";
import {
  describeAge,
  describeCauses,
  describeFailures,
  describeList,
  describeProgress,
  describeSingle,
  type Failure,
} from "../../src/rotation/report";
import { state } from "../support/fake-turso";
import {
  AT,
  adoptedResult,
  errorOf,
  failedResult,
  goneOf,
  resultsOf,
  rotatedResult,
  unknownResult,
} from "./results";

describe("the result of a single target", () => {
  for (const [what, result, expected] of [
    [
      "verified",
      rotatedResult({ rejectedAfterMs: 1234 }),
      `rotated at ${AT}; old tokens rejected after 1.2 s.`,
    ],
    [
      "verified immediately",
      rotatedResult({ rejectedAfterMs: 0 }),
      `rotated at ${AT}; old tokens rejected after 0.1 s.`,
    ],
    ["not verified", rotatedResult({ verification: "unverified" }), `rotated at ${AT}.`],
    ["failed", failedResult(), undefined],
    ["unknown", unknownResult(), undefined],
    ["absent", undefined, undefined],
  ] as const)
    it(`is ${expected === undefined ? "left to its error" : "one sentence"}: ${what}`, () =>
      assert.equal(describeSingle(result), expected));
});

describe("the result of a list", () => {
  it("counts the rotated targets and reports the longest wait for the rejection of old tokens", () =>
    assert.equal(
      describeList(
        resultsOf({
          app: rotatedResult({ rejectedAfterMs: 2_000 }),
          b: rotatedResult({ rejectedAfterMs: 5_000 }),
          c: rotatedResult({ verification: "unverified" }),
          d: failedResult(),
        }),
        7_000,
      ),
      "3 of 4 rotated in 7 s; old tokens of 2 rejected after at most 5 s.",
    ));

  it("is not mentioned if all targets only joined", () =>
    assert.equal(describeList(resultsOf({ app: adoptedResult(), b: adoptedResult() }), 300), undefined));

  it("counts those that only joined beside the rotated ones", () =>
    assert.equal(
      describeList(resultsOf({ app: adoptedResult(), b: rotatedResult() }), 300),
      "1 of 2 rotated in 0.3 s.",
    ));

  it("does not mention old tokens if no rejection was seen", () =>
    assert.equal(
      describeList(resultsOf({ app: rotatedResult(), b: unknownResult() }), 300),
      "1 of 2 rotated in 0.3 s.",
    ));
});

describe("the progress of a list", () => {
  for (const [what, rotated, failed, expected] of [
    ["nothing is done", 0, 0, "0 of 4 rotated, 0 failed, 4 remaining."],
    ["one is rotated", 1, 0, "1 of 4 rotated, 0 failed, 3 remaining, about 27 s."],
    ["some failed", 1, 2, "1 of 4 rotated, 2 failed, 1 remaining, about 3 s."],
    ["all are rotated", 4, 0, "4 of 4 rotated, 0 failed, 0 remaining."],
  ] as const)
    it(`estimates the remaining time from the time so far: ${what}`, () =>
      assert.equal(describeProgress(rotated, failed, 4, 9_000), expected));
});

describe("the causes of failures", () => {
  const failures = (error: Failure["error"], ...names: string[]): Failure[] =>
    names.map((name) => ({ name, error }));
  const payment = errorOf({ status: 402 });

  for (const [what, given, expected] of [
    ["one target", failures(payment, "a"), "a: the API answered 402. See the billing page."],
    [
      "several targets with one cause",
      failures(payment, "a", "b", "c"),
      "3 (a, b, c): the API answered 402. See the billing page.",
    ],
    [
      "more targets than a message lists",
      failures(payment, "a", "b", "c", "d", "e", "f", "g"),
      "7 (a, b, c, d, e and 2 more): the API answered 402. See the billing page.",
    ],
    [
      "targets that do not exist",
      [...failures(goneOf("database", "a"), "a"), ...failures(goneOf("database", "b"), "b")],
      "2 (a, b): the API says that they do not exist. Check these names and the organization.",
    ],
    [
      "one target that does not exist",
      failures(goneOf("database", "a"), "a"),
      'a: the API answered 404 (database a not found). Check the name of the database "a".',
    ],
    [
      "two causes, in the order of their first failures",
      [...failures(payment, "a"), ...failures(goneOf("database", "b"), "b"), ...failures(payment, "c")],
      '2 (a, c): the API answered 402. See the billing page. b: the API answered 404 (database b not found). Check the name of the database "b".',
    ],
    [
      "more causes than a message lists",
      [1, 2, 3, 4, 5, 6, 7].flatMap((n) =>
        failures(errorOf({ status: 402, answer: `no ${n}`, next: "Wait." }), `t${n}`),
      ),
      "t1: no 1. Wait. t2: no 2. Wait. t3: no 3. Wait. t4: no 4. Wait. t5: no 5. Wait. And 2 more causes.",
    ],
  ] as const)
    it(`are one sentence each: ${what}`, () => assert.equal(describeCauses(given), expected));

  for (const [what, changes] of [
    ["status", { status: 500 }],
    ["missing status", {}],
    ["effect", { status: 402, effect: "unknown" }],
    ["answer", { status: 402, answer: "the API answered 402 (limit)" }],
    ["advice", { status: 402, next: "Wait." }],
  ] as const)
    it(`are separate if they differ in their ${what}`, () => {
      const sentence = describeCauses([...failures(payment, "a"), ...failures(errorOf(changes), "b")]);
      assert.match(sentence, /^a: the API answered 402\. See the billing page\. b: /);
    });

  it("are the same if only the attempted targets differ", () =>
    assert.equal(
      describeCauses([
        ...failures(errorOf({ attempted: "rotating acme/databases/a" }), "a"),
        ...failures(errorOf({ attempted: "looking up acme/databases/b" }), "b"),
      ]),
      "2 (a, b): the API answered 402. See the billing page.",
    ));

  it("keep their advice word for word, even if it contains a target's name", () => {
    const next = "Mint a new one (turso auth api-tokens mint NAME), approve it, and set app.example there.";
    for (const names of [["app"], ["app", "api-tokens", "mint"]]) {
      const sentence = describeCauses(failures(errorOf({ answer: "the app said no", next }), ...names));
      assert.ok(sentence.endsWith(`: the app said no. ${next}`), sentence);
    }
  });
});

describe("the error of a list of which nothing was rotated", () => {
  const given: Failure[] = [{ name: "b", error: errorOf() }];

  it("says that nothing was changed", () =>
    assert.equal(
      describeFailures("acme/databases", given),
      "Rotating acme/databases: none of 1 was rotated. b: the API answered 402. See the billing page. Nothing was changed.",
    ));
});

describe("the reason of a rotation by age", () => {
  const NOW = new Date("2026-03-01T12:00:00.000Z");
  const every = { rotateEvery: "30d" };

  it("is the time since the last rotation", () =>
    assert.equal(
      describeAge(state({ rotatedAt: "2026-01-10T12:00:00.000Z" }), { ...state(), ...every }, NOW),
      "last rotated 2026-01-10T12:00:00.000Z, 50 days ago, and due since 2026-02-09T12:00:00.000Z (rotateEvery 30d)",
    ));

  it("is the time since the adoption if there was no rotation", () => {
    const { rotatedAt: never, ...adopted } = state({ createdAt: "2026-01-30T12:00:00.000Z" });
    assert.ok(never);
    assert.equal(
      describeAge(adopted, { ...state(), ...every }, NOW),
      "adopted 2026-01-30T12:00:00.000Z and not rotated since, 30 days ago, and due since 2026-03-01T12:00:00.000Z (rotateEvery 30d)",
    );
  });
});

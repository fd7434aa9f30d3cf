import assert from "node:assert/strict";
import { Tally, kindOf } from "./tally";

const violation = (message: string, seed = 1, index = 0) => ({ seed, index, message, log: "" });
const TWICE = "rule 2: database app was rotated 2 times because the trigger became 2; at most 1 allowed";

describe("the tally of a soak", () => {
  for (const [message, kind] of [
    [TWICE, "rule 2: database NAME was rotated N times because the trigger became N; at most N allowed"],
    [
      "rule 3: its age, counted from 2026-03-01T12:00:00.004Z, is due",
      "rule 3: its age, counted from TIME, is due",
    ],
    ["POST ~/groups/solo/auth/rotate 200 was sent", "POST ~/groups/NAME/auth/rotate N was sent"],
  ] as const)
    it(`puts violations of one kind together: ${kind}`, () => assert.equal(kindOf(message), kind));

  it("says which violation is the first of its kind", () => {
    const tally = new Tally();
    assert.equal(tally.add(violation(TWICE)), true);
    assert.equal(tally.add(violation(TWICE.replace("app", "lone"))), false);
    assert.equal(tally.add(violation("rule 1: a no-op up makes no API call")), true);
  });

  it("sums up what was played, and each kind with how to play it again, the most frequent one first", () => {
    const tally = new Tally();
    tally.schedules = 1_000;
    tally.seeds.push(7, 8);
    tally.add(violation("rule 1: a no-op up makes no API call", 7, 3));
    for (let index = 0; index < 6; index += 1) tally.add(violation(TWICE, 8, index));
    assert.equal(
      tally.summary(4_000),
      `1000 schedules in 4.0 s, 250.0 a second (seeds 7 to 8): 7 violations
  6 x ${kindOf(TWICE)} (--seed 8 --only 0, --seed 8 --only 1, --seed 8 --only 2, --seed 8 --only 3, --seed 8 --only 4, ...)
  1 x rule 1: a no-op up makes no API call (--seed 7 --only 3)`,
    );
  });

  it("sums up a soak that ended before it began", () =>
    assert.equal(new Tally().summary(1_000), "0 schedules in 1.0 s, 0.0 a second (seed 0): 0 violations"));
});

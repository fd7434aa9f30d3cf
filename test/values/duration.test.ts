import assert from "node:assert/strict";
import fc from "fast-check";
import { durationMs, humanDuration, parseDuration } from "../../src/values/duration";

const DAY = 86_400_000;

describe("a duration in Turso's grammar", () => {
  for (const [text, ms] of [
    ["90d", 90 * DAY],
    ["2w1d30m", 15 * DAY + 30 * 60_000],
    ["1w2d3h4m5s", 9 * DAY + 3 * 3_600_000 + 4 * 60_000 + 5_000],
    ["0d1s", 1_000],
    ["5200w", 5200 * 7 * DAY],
  ] as const)
    it(`${text} is ${ms} ms`, () => assert.deepEqual(parseDuration("it", text), { ms }));

  for (const text of [
    "",
    "d",
    "1.5d",
    "-1d",
    "1 d",
    " 1d",
    "1d ",
    "1D",
    "1y",
    "1d2w",
    "1d1d",
    "90",
    "never",
    "1e3s",
    "١d",
  ])
    it(`${JSON.stringify(text)} is not valid`, () =>
      assert.deepEqual(parseDuration("rotateEvery", text), {
        problem: `rotateEvery must be a duration such as "90d" or "2w1d30m" (units w d h m s, whole numbers, largest first), not ${JSON.stringify(text)}`,
      }));

  for (const value of [undefined, null, 5, {}, ["1d"]])
    it(`${JSON.stringify(value) ?? "nothing"} is not valid`, () =>
      assert.ok("problem" in parseDuration("it", value)));

  for (const text of ["0d", "0w0s"])
    it(`${text} is too short`, () =>
      assert.deepEqual(parseDuration("it", text), { problem: `it must be longer than "${text}"` }));

  for (const text of ["36501d", `${"9".repeat(400)}d`, "9007199254740993s"])
    it(`${text.slice(0, 20)} is too long`, () => {
      const parsed = parseDuration("it", text);
      assert.ok("problem" in parsed && parsed.problem.startsWith("it must be at most 100 years"));
    });

  it("is the sum of its parts", () =>
    fc.assert(
      fc.property(
        fc.nat(50),
        fc.nat(300),
        fc.nat(100),
        fc.nat(100),
        fc.integer({ min: 1, max: 100 }),
        (w, d, h, m, s) => {
          assert.deepEqual(parseDuration("it", `${w}w${d}d${h}h${m}m${s}s`), {
            ms: ((((w * 7 + d) * 24 + h) * 60 + m) * 60 + s) * 1000,
          });
        },
      ),
    ));

  it("may be 100 years long and no longer", () => {
    assert.deepEqual(parseDuration("it", "36500d"), { ms: 36_500 * DAY });
    assert.ok("problem" in parseDuration("it", "36500d1s"));
  });

  it("that was checked before is read as milliseconds; any other is an error", () => {
    assert.equal(durationMs("2m"), 120_000);
    assert.throws(() => durationMs("2x"), /^Error: the duration must be a duration such as "90d"/);
  });

  for (const [ms, shown] of [
    [99, "0.1 s"],
    [100, "0.1 s"],
    [9_999, "10 s"],
    [10_400, "10 s"],
    [119_000, "119 s"],
    [120_000, "2 minutes"],
    [2 * 3_600_000 - 1, "120 minutes"],
    [2 * 3_600_000, "2 hours"],
    [2 * DAY - 1, "48 hours"],
    [2 * DAY, "2 days"],
  ] as const)
    it(`of ${ms} ms is shown as ${shown}`, () => assert.equal(humanDuration(ms), shown));

  it("is shown in a readable form", () =>
    assert.deepEqual([40, 400, 9_940, 60_000, 600_000, 7_200_000, 95 * DAY].map(humanDuration), [
      "0.1 s",
      "0.4 s",
      "9.9 s",
      "60 s",
      "10 minutes",
      "2 hours",
      "95 days",
    ]));
});

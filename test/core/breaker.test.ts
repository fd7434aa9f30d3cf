import assert from "node:assert/strict";
import { Breaker, SILENT_AFTER, Silence, UNUSABLE_IN_A_ROW } from "../../src/core/breaker";
import type { Probe } from "../../src/turso/probe";

describe("the breaker of a run", () => {
  const U = true;
  const OK = false;

  it("opens after three answers in a row that are not usable", () => assert.equal(UNUSABLE_IN_A_ROW, 3));

  for (const [outcomes, isOpen] of [
    [[], false],
    [[U, U], false],
    [[U, U, U], true],
    [[OK, OK, OK, OK], false],
    [[U, U, OK, U, U], false],
    [[U, U, OK, U, U, U], true],
    // requests that were under way when it opened
    [[U, U, U, OK], true],
    [[U, U, U, OK, U], true],
  ] as const)
    it(`is ${isOpen ? "open" : "closed"} after ${outcomes.map((each) => (each ? "unusable" : "usable")).join(", ") || "nothing"}`, () => {
      const breaker = new Breaker();
      for (const isUnusable of outcomes) breaker.record(isUnusable);
      assert.equal(breaker.isOpen, isOpen);
    });
});

const NOTHING: Probe = { verdict: "unclear", why: "no answer within 2 s" };
const ACCEPTED: Probe = { verdict: "accepted" };
const REJECTED: Probe = { verdict: "rejected" };

/** Asks several times in parallel. @returns how many probes were made */
async function probes(silence: Silence, times: number, answer: Probe): Promise<number> {
  let made = 0;
  const probe = async (): Promise<Probe> => {
    made += 1;
    await new Promise(setImmediate);
    return answer;
  };
  const seen = await Promise.all(Array.from({ length: times }, () => silence.ask(probe)));
  assert.ok(seen.every((each) => each === answer || each.verdict === "unclear"));
  return made;
}

describe("a data plane that gives no usable answer", () => {
  it("is probed in parallel until eight probes in a row have seen nothing", async () => {
    const silence = new Silence();
    assert.equal(await probes(silence, SILENT_AFTER - 1, NOTHING), SILENT_AFTER - 1);
    assert.equal(silence.isLikely, false);
    await probes(silence, 1, NOTHING);
    assert.equal(silence.isLikely, true);
  });

  it("is then probed one at a time, and the other probes end with what was seen last", async () => {
    const silence = new Silence();
    await probes(silence, SILENT_AFTER, NOTHING);
    assert.equal(await probes(silence, 20, NOTHING), 1);
    assert.equal(await probes(silence, 20, NOTHING), 1, "the one that is made tells whether it is still so");
  });

  for (const answer of [ACCEPTED, REJECTED]) {
    it(`is probed in parallel again after one answer: ${answer.verdict}`, async () => {
      const silence = new Silence();
      await probes(silence, SILENT_AFTER, NOTHING);
      await probes(silence, 1, answer);
      assert.equal(await probes(silence, 20, answer), 20);
    });

    it(`is probed in parallel again after an answer to a different probe: ${answer.verdict}`, async () => {
      const silence = new Silence();
      await probes(silence, SILENT_AFTER, NOTHING);
      silence.heard(NOTHING);
      assert.equal(silence.isLikely, true);
      silence.heard(answer);
      assert.equal(silence.isLikely, false);
    });
  }

  it("is not silent if one of eight answers", async () => {
    const silence = new Silence();
    await probes(silence, SILENT_AFTER - 1, NOTHING);
    await probes(silence, 1, REJECTED);
    await probes(silence, SILENT_AFTER - 1, NOTHING);
    assert.equal(silence.isLikely, false);
  });

  it("is probed for every target of a run that fails without proof", async () => {
    const silence = new Silence(true);
    await probes(silence, SILENT_AFTER, NOTHING);
    assert.equal(await probes(silence, 20, NOTHING), 20);
  });
});

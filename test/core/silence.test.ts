import assert from "node:assert/strict";
import { SILENT_AFTER, Silence } from "../../src/core/silence";
import type { Probe } from "../../src/turso/probe";

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

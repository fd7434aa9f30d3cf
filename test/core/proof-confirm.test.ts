import assert from "node:assert/strict";
import { confirmRejected } from "../../src/core/proof";
import type { Probe } from "../../src/turso/probe";
import { ACCEPTED, DOWN, REJECTED } from "./proof-harness";

const NO_CONTROL = "it is rejected, but there is no token from after the rotation to compare it with";

describe("an old token", () => {
  /** Which verdict a letter stands for. */
  const LETTERS: Record<string, Probe> = { a: ACCEPTED, r: REJECTED, d: DOWN };
  /** Answers old and newer tokens from a script each, whose last letter repeats, and records who was asked. */
  function scripted(
    olds: string,
    controls: string,
  ): { ask: (token: string) => Promise<Probe>; asked: string[] } {
    const asked: string[] = [];
    const ask = (token: string): Promise<Probe> => {
      const script = token === "old" ? olds : controls;
      const count = asked.filter((each) => each === token).length;
      asked.push(token);
      const answer = LETTERS[script[Math.min(count, script.length - 1)] ?? ""];
      assert(answer, `${token} was not to be asked`);
      return Promise.resolve(answer);
    };
    return { ask, asked };
  }

  const CASES: [olds: string, controls: string | undefined, expected: Probe][] = [
    ["r", "a", REJECTED],
    ["a", "a", ACCEPTED],
    ["ra", "a", ACCEPTED],
    ["rra", "a", ACCEPTED],
    ["rrra", "a", ACCEPTED],
    ["d", "a", DOWN],
    ["rd", "a", DOWN],
    ["rrrd", "a", DOWN],
    ["r", "r", { verdict: "unclear", why: "a token minted after the rotation is rejected too" }],
    [
      "r",
      "d",
      {
        verdict: "unclear",
        why: "a token minted after the rotation could not be tried: the database answered 503",
      },
    ],
    ["r", undefined, { verdict: "unclear", why: NO_CONTROL }],
    ["rra", undefined, ACCEPTED],
    ["d", undefined, DOWN],
  ];
  for (const [olds, controls, expected] of CASES)
    it(`answered ${olds} is ${expected.verdict} ${controls === undefined ? "without a newer token" : `beside a newer one answered ${controls}`}`, async () => {
      const { ask } = scripted(olds, controls ?? "");
      assert.deepEqual(await confirmRejected(ask, "old", controls && "new"), expected);
    });

  it("is tried once if it is accepted, and otherwise before and after a newer token", async () => {
    const accepted = scripted("a", "");
    await confirmRejected(accepted.ask, "old", "new");
    assert.deepEqual(accepted.asked, ["old"]);
    const rejected = scripted("r", "a");
    await confirmRejected(rejected.ask, "old", "new");
    assert.deepEqual(rejected.asked, ["old", "old", "old", "new", "old"]);
  });

  for (const edges of [2, 3])
    for (let phase = 0; phase < edges; phase += 1)
      for (const turns of ["each token", "all requests"])
        it(`is never rejected while one of ${edges} edges that take turns for ${turns} accepts it (phase ${phase})`, async () => {
          const counts = new Map<string, number>();
          const ask = (token: string): Promise<Probe> => {
            const turn = turns === "each token" ? token : "";
            const count = counts.get(turn) ?? phase;
            counts.set(turn, count + 1);
            return Promise.resolve(token === "old" && count % edges !== 0 ? REJECTED : ACCEPTED);
          };
          assert.deepEqual(await confirmRejected(ask, "old", "new"), ACCEPTED);
        });
});

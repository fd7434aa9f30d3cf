import assert from "node:assert/strict";
import type { Result } from "../../src/rotation/next-state";
import type { Pending } from "../../src/rotation/state";
import { state } from "../support/fake-turso";
import { AT, UNPROVEN, adoptedResult, errorOf, failedResult, rotatedResult } from "./results";
import { minterOf, targets, stateAfter as after } from "./tokens";

describe("a token that could not be minted", () => {
  const before = state({ mint: {} });
  const members = targets("database", "app");

  for (const [what, result, mint, sentence] of [
    ["that was rotated", rotatedResult(), {}, "It was rotated, so it has no valid token."],
    [
      "that a rotation of its group reached",
      adoptedResult(),
      { reached: true },
      "It was rotated, so it has no valid token.",
    ],
    [
      "whose databases have a token each",
      rotatedResult(),
      { per: "database" },
      "It was rotated, so not all of its databases have a valid token.",
    ],
    [
      "that was rotated, with an old token that was still accepted",
      rotatedResult({ verification: "unverified", pending: UNPROVEN }),
      {},
      "It was rotated, so its old token is invalid or soon will be.",
    ],
    ["whose token is only renewed", adoptedResult(), {}, "This run did not rotate it."],
    [
      "whose earlier rotation is only proven",
      rotatedResult({ isNew: false }),
      {},
      "This run did not rotate it.",
    ],
    [
      "that an earlier run left without a token",
      adoptedResult(),
      { left: { status: "not-minted" } },
      "It needed a new token before this run, so its old one may be invalid.",
    ],
  ] as [string, Result, { reached?: true; per?: "database"; left?: Pending }, string][])
    it(`of a target ${what} is reported with what that means for its consumers`, () => {
      const minter = minterOf({}, { app: errorOf({ answer: "the API answered 409 (busy)" }) });
      const { reached, per, left } = mint;
      const olds = { ...before, mint: per ? { per } : {}, ...(left && { pending: { app: left } }) };
      const run = {
        members: targets("database", "app"),
        minter,
        ...(reached && { reached: new Map([["app", AT]]) }),
      };
      assert.deepEqual(after(olds, { app: result }, run).failures, {
        app: `minting its token failed: the API answered 409 (busy). ${sentence} See the billing page. The next \`pulumi up\` mints it.`,
      });
    });

  it("that a rotation of the group invalidated is reported beside why the target's own rotation failed", () => {
    const minter = minterOf({}, { app: errorOf({ answer: "busy" }) });
    const run = { members: targets("database", "app"), minter, reached: new Map([["app", AT]]) };
    assert.equal(
      after(before, { app: failedResult() }, run).failures["app"],
      `${errorOf().reason} Minting its token failed: busy. It was rotated, so it has no valid token. See the billing page. The next \`pulumi up\` mints it.`,
    );
  });

  it("does not hide why the rotation failed", () => {
    const minter = minterOf({}, { app: errorOf({ answer: "no token" }) });
    const { failures } = after(before, { app: failedResult() }, { members, minter });
    assert.deepEqual(failures, { app: errorOf().reason });
  });
});

// An argument exists in three places: the public type, the rules that check it, and the type of the state. The compiler
// checks here that the three have the same names: if they differ, this file does not compile, whatever mocha says.
import assert from "node:assert/strict";
import type { AuthTokenArgs } from "../../src/resources/auth-token-args";
import type { TokenRotationArgs } from "../../src/resources/token-rotation-args";
import type { RULES as ROTATION_RULES } from "../../src/rotation/arguments";
import type { RotationInputs } from "../../src/rotation/state";
import type { RULES as TOKEN_RULES } from "../../src/token/arguments";
import type { TokenInputs } from "../../src/token/state";

/** `true` if two unions of names are the same. */
type Equal<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;

/** Whether the rules and the state have the names of the public type, and no others. */
type SameNames<Args, Rules, Inputs> = {
  rules: Equal<keyof Args, keyof Rules>;
  state: Equal<keyof Args, keyof Inputs>;
};

describe("the arguments of a resource have the same names in its public type, its rules and its state:", () => {
  it("TokenRotation", () => {
    const same: SameNames<TokenRotationArgs, typeof ROTATION_RULES, RotationInputs> = {
      rules: true,
      state: true,
    };
    assert.ok(same.rules && same.state);
  });

  it("AuthToken", () => {
    const same: SameNames<AuthTokenArgs, typeof TOKEN_RULES, TokenInputs> = { rules: true, state: true };
    assert.ok(same.rules && same.state);
  });

  it("otherwise the comparison does not compile", () => {
    // @ts-expect-error: the second union lacks a name
    const missing: Equal<"a" | "b", "a"> = true;
    // @ts-expect-error: the second union has a name too many
    const extra: Equal<"a", "a" | "b"> = true;
    assert.ok(missing && extra);
  });
});

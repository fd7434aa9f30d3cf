import assert from "node:assert/strict";
import { UNKNOWN } from "../../src/core/unknown";
import { FakeTurso } from "../support/fake-turso";

const NEEDS_GROUPS =
  'mint.per is "database", which needs a scope of groups: each database has its own token anyway.';
const tooEarly = (early: string, life: string): string =>
  `mint.renewBefore ${early} is not shorter than mint.expiration ${life}, so every update would mint.`;

const show = (value: unknown) =>
  JSON.stringify(value, (_, each: unknown) => (each === UNKNOWN ? "not known yet" : each)) as
    string | undefined;

describe("the check of a TokenRotation's mint", () => {
  const turso = FakeTurso.use();
  const [database, databases] = [{ database: "app" }, { databases: ["app"] }];
  const [group, groups] = [{ group: "default" }, { groups: ["default"] }];

  for (const [scope, mint, expected] of [
    [database, { per: "database" }, [NEEDS_GROUPS]],
    [databases, { per: "database" }, [NEEDS_GROUPS]],
    [{ databases: "all" }, { per: "database" }, [NEEDS_GROUPS]],
    [group, { per: "database" }, []],
    [groups, { per: "database" }, []],
    [database, { expiration: "2d", renewBefore: "1d" }, []],
    [database, { expiration: "1d", renewBefore: "1d" }, [tooEarly("1d", "1d")]],
    [database, { expiration: "1d", renewBefore: "25h" }, [tooEarly("25h", "1d")]],
    [database, { expiration: "never", renewBefore: "1d" }, []],
    [database, { renewBefore: "1d" }, []],
    [database, { expiration: "1d" }, []],
    [database, {}, []],
    [database, null, []],
    [database, undefined, []],

    [database, { per: UNKNOWN }, []],
    [database, { expiration: UNKNOWN, renewBefore: "1d" }, []],
    [database, { expiration: "1d", renewBefore: UNKNOWN }, []],
    [UNKNOWN, { per: "database" }, []],
    [{ groups: UNKNOWN }, { per: "database" }, []],
    [{ databases: UNKNOWN }, { per: "database" }, [NEEDS_GROUPS]],
  ] as const)
    it(`${expected.length === 0 ? "accepts" : "rejects"} ${show(mint) ?? "a mint without a value"} for ${show(scope) ?? "a scope without a value"}`, async () => {
      const { problems } = await turso.logic().check({}, { scope, trigger: 1, mint, rotateOnCreate: false });
      assert.deepEqual(
        problems,
        expected.map((reason) => ({ property: "mint", reason })),
      );
      assert.deepEqual(turso.requests(), []);
    });
});

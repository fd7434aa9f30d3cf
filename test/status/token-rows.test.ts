import assert from "node:assert/strict";
import {
  ROTATION,
  daysAgo,
  encrypted,
  list,
  only,
  problems,
  rotation,
  rowsOf,
  token,
  urnOf,
} from "./exports";

const follows = { propertyDependencies: { rotation: [urnOf(ROTATION, "list")] } };
const followed = (at: string) => ({
  rotation: { organization: "acme", scope: { database: "app" }, rotations: { app: at } },
});

describe("the row of an AuthToken", () => {
  it("says when it was minted, why, when it expires, and when it is minted again", () => {
    const row = only(rowsOf(token({ expiresAt: daysAgo(-30), renewBefore: "7d", trigger: encrypted })));
    const { kind, target, mintedAt, rotatedAt, by, expires, renewAt, status } = row;
    assert.deepEqual(
      { kind, target, mintedAt, rotatedAt, by, expires, renewAt, status },
      {
        kind: "auth-token",
        target: "acme/databases/app",
        mintedAt: daysAgo(10),
        rotatedAt: null,
        by: "trigger (secret)",
        expires: daysAgo(-30),
        renewAt: daysAgo(-23),
        status: "ok",
      },
    );
  });

  it("of one without expiry says never", () => {
    const { expires, renewAt, by } = only(rowsOf(token()));
    assert.deepEqual([expires, renewAt, by], ["never", null, "creation"]);
  });

  const cases: [what: string, changes: Record<string, unknown>, expected: string[]][] = [
    ["expired", { expiresAt: daysAgo(1) }, [`expired: its token expired at ${daysAgo(1)}`]],
    ["expires tomorrow", { expiresAt: daysAgo(-1) }, []],
    [
      "is to be minted again before it expires",
      { expiresAt: daysAgo(-1), renewBefore: "2d" },
      [`overdue: its token has been due to be minted again since ${daysAgo(1)}`],
    ],
    [
      "is rejected",
      { rejected: true },
      ["unresolved: the database rejects its token, and it has not been minted again yet"],
    ],
  ];
  for (const [what, changes, expected] of cases)
    it(`reports a token that ${what}`, () =>
      assert.deepEqual(problems(only(rowsOf(token(changes)))), expected));

  it("reports that its rotation happened without it, and not that of a different target", () => {
    const after = (at: string) => rowsOf(list(), token(followed(at), follows)).at(-1);
    assert.equal(after(daysAgo(10))?.status, "ok");
    assert.equal(after(daysAgo(10))?.by, "its rotation");
    assert.deepEqual(problems(after(daysAgo(12)) as never), [
      "unresolved: its rotation happened, and it has not been minted again yet",
    ]);
  });

  it("judges a token whose rotation is in a different stack by what it recorded", () => {
    assert.equal(rowsOf(rotation(), token(followed(daysAgo(12)))).at(-1)?.status, "ok");
  });
});

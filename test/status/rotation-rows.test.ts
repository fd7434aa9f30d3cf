import assert from "node:assert/strict";
import type { Row } from "../../src/status/row";
import { daysAgo, encrypted, list, only, problems, reportOf, rotation, rowsOf } from "./exports";

const endpoint = (group: string) => ({ hostname: "h", group });

describe("the row of a target", () => {
  it("says when it was rotated, by what, when it is due, and what was seen", () => {
    const reach = { default: { database: "rejected", group: "accepted" } };
    const row = only(rowsOf(rotation({ rotateEvery: "30d", cause: "age", trigger: undefined, reach })));
    const expected: Partial<Row> = {
      stack: "shop/dev",
      resource: "rotation",
      kind: "target",
      target: "acme/databases/app",
      rotatedAt: daysAgo(10),
      by: "age (30d)",
      trigger: null,
      rotateEvery: "30d",
      dueAt: daysAgo(-20),
      expires: null,
      verification: "verified",
      reach: reach as Row["reach"],
      suspended: false,
      status: "ok",
      problems: [],
    };
    assert.deepEqual({ ...row, ...expected }, row);
  });

  it("counts from its creation if it was adopted, and has no verification then", () => {
    const adopted = { rotations: {}, rotatedAt: undefined, verification: undefined, rotateEvery: "30d" };
    const { rotatedAt, by, dueAt, verification } = only(rowsOf(rotation(adopted)));
    assert.deepEqual([rotatedAt, by, dueAt, verification], [null, null, daysAgo(-10), null]);
  });

  const triggers: [what: string, changes: object, more: object, expected: string | null][] = [
    ["as JSON", { trigger: "2026-05" }, {}, '"2026-05"'],
    ["shortened", { trigger: "x".repeat(50) }, {}, `"${"x".repeat(30)}…`],
    ["not, if it is a secret", { trigger: encrypted }, {}, "(secret)"],
    ["without what looks like a token", { trigger: "eyJhbGciOiJ9.eyJzdWIi.sig" }, {}, '"[redacted]"'],
    ["without characters that control a terminal", { trigger: "a\u009b\u202eb" }, {}, '"a b"'],
    ["not, if there is none", { trigger: undefined }, {}, null],
  ];
  for (const [how, changes, more, expected] of triggers)
    it(`shows a trigger ${how}`, () =>
      assert.equal(
        only(rowsOf(rotation(changes as Record<string, unknown>, more as Record<string, unknown>))).trigger,
        expected,
      ));

  const causes: [what: string, changes: Record<string, unknown>, by: string | null][] = [
    ["the trigger", { cause: "trigger" }, "trigger 1"],
    ["the trigger and not its age", { cause: "trigger", rotateEvery: "30d" }, "trigger 1"],
    ["a trigger that is held back by now", { cause: "trigger", heldTrigger: encrypted }, "trigger (secret)"],
    ["a trigger that the program has no more", { cause: "trigger", trigger: undefined }, "trigger (removed)"],
    ["its age", { cause: "age", rotateEvery: "30d" }, "age (30d)"],
    ["its age, which counts no more", { cause: "age" }, "age"],
    ["its creation", { cause: "creation", rotateEvery: "30d" }, "creation"],
    ["its joining the list", { cause: "age", joined: ["app"] }, "joining"],
    ["none of them", { cause: "creation", rotations: {} }, null],
  ];
  for (const [what, changes, by] of causes)
    it(`says that what rotated it last was ${what}`, () =>
      assert.equal(only(rowsOf(rotation(changes))).by, by));

  const cases: [what: string, changes: Record<string, unknown>, expected: string[]][] = [
    ["is due to the second", { rotateEvery: "10d" }, [`overdue: due since ${daysAgo(0)} (rotateEvery 10d)`]],
    ["is due tomorrow", { rotateEvery: "11d" }, []],
    [
      "is due and suspended",
      { rotateEvery: "9d", suspend: true },
      [`overdue: due since ${daysAgo(1)} (rotateEvery 9d), and suspend is true`],
    ],
    ["is suspended and not due", { suspend: true }, []],
    [
      "failed",
      { failures: { app: "the API answered 403. Nothing was changed." } },
      ["unresolved: the API answered 403. Nothing was changed."],
    ],
    [
      "failed, which explains what is pending",
      { failures: { app: "No." }, pending: encrypted },
      ["unresolved: No."],
    ],
    [
      "is pending without a reason",
      { pending: encrypted },
      ["unresolved: an earlier update left work pending, which the next `pulumi up` continues"],
    ],
    [
      "waits for the end of suspend",
      { pending: encrypted, suspend: true },
      ["unresolved: a rotation waits until suspend is false"],
    ],
    [
      "has a trigger that suspend holds back",
      { heldTrigger: encrypted, suspend: true },
      ["unresolved: the trigger changed, but suspend is true, so nothing rotates until it is false"],
    ],
    [
      "invalidated tokens that are not minted again",
      {
        casualties: {
          ["a".repeat(64)]: "acme/databases/app",
          ["b".repeat(64)]: "acme/databases/reports",
          ["c".repeat(64)]: "acme/databases/app",
        },
      },
      [
        "unresolved: its rotation invalidated tokens of this program that are not minted again yet: acme/databases/app (1 of 2), acme/databases/app (2 of 2), acme/databases/reports",
      ],
    ],
    [
      "was rotated in the future",
      { rotatedAt: daysAgo(-1) },
      [
        `unresolved: its last rotation is recorded at ${daysAgo(-1)}, which lies in the future, so a clock was wrong`,
      ],
    ],
    [
      "was created in the future and has not rotated",
      { rotatedAt: undefined, createdAt: daysAgo(-1) },
      [
        `unresolved: its creation is recorded at ${daysAgo(-1)}, which lies in the future, so a clock was wrong`,
      ],
    ],
  ];
  for (const [what, changes, expected] of cases)
    it(`reports a target that ${what}`, () => {
      const row = only(rowsOf(rotation(changes)));
      assert.deepEqual(problems(row), expected);
      assert.equal(row.status, expected[0]?.split(":")[0] ?? "ok");
      assert.equal(row.suspended, changes["suspend"] === true);
    });

  it("is not overdue within the grace period", () => {
    const late = (graceDays: number) =>
      reportOf([rotation({ rotateEvery: "9d" })], {}, graceDays * 86_400_000).counts.overdue;
    assert.deepEqual([late(0), late(0.9), late(1), late(1.1)], [1, 1, 1, 0]);
  });
});

describe("the rows of a list", () => {
  it("are its own, with what concerns it as a whole, and one for each member", () => {
    const reach = { default: { database: "rejected", siblings: "accepted" } };
    const rows = rowsOf(list({ reach, pending: encrypted }));
    assert.deepEqual(
      rows.map(({ kind, target, members, rotatedAt, status }) => [kind, target, members, rotatedAt, status]),
      [
        ["list", "acme/databases", 2, daysAgo(10), "unresolved"],
        ["target", "acme/databases/app", null, daysAgo(10), "ok"],
        ["target", "acme/databases/reports", null, daysAgo(9), "ok"],
      ],
    );
    assert.deepEqual(rows[0]?.reach, reach);
  });

  it("say what each member failed at, and mark as overdue what is", () => {
    const rows = rowsOf(list({ failures: { reports: "No." }, rotateEvery: "5d" }));
    assert.deepEqual(
      rows.map(({ status }) => status),
      ["ok", "overdue", "unresolved"],
    );
    assert.equal(reportOf([list({ rotateEvery: "5d" })]).counts.overdue, 2);
  });

  it("do not name the current trigger as what rotated a member that failed under it", () => {
    assert.deepEqual(
      rowsOf(list({ failures: { reports: "No." } })).map(({ by }) => by),
      ["trigger 1", "trigger 1", null],
    );
  });

  it('of "all" are those that it has rotated or failed to rotate; it is overdue itself if there are none', () => {
    const all = { scope: { databases: "all" }, failures: { other: "No." } };
    assert.deepEqual(
      rowsOf(list(all)).map(({ target }) => target),
      ["acme/databases", "acme/databases/app", "acme/databases/reports", "acme/databases/other"],
    );
    const none = { scope: { databases: "all" }, rotations: {}, rotateEvery: "5d" };
    assert.equal(only(rowsOf(list(none))).status, "overdue");
  });

  it("show the reach of a member whose group is known", () => {
    const reach = { a: { database: "rejected" }, b: { group: "rejected" } };
    const rows = rowsOf(list({ reach, mint: {}, endpoints: { reports: endpoint("b") } }));
    assert.deepEqual(
      rows.map((row) => row.reach),
      [reach, null, { b: { group: "rejected" } }],
    );
  });
});

describe("the tokens of mint", () => {
  it("are part of their target's row, and say that they never expire", () => {
    const rows = rowsOf(list({ mint: {}, endpoints: { app: endpoint("g") } }));
    assert.deepEqual(
      rows.map(({ expires }) => expires),
      [null, "never", null],
    );
  });

  it("say when they expire and are renewed, and what is late", () => {
    const mint = { expiration: "60d", renewBefore: "5d" };
    const endpoints = { app: endpoint("g"), reports: endpoint("g") };
    const expirations = { app: daysAgo(-20), reports: daysAgo(-4) };
    assert.deepEqual(
      rowsOf(list({ mint, endpoints, expirations })).map(({ expires, renewAt, status }) => [
        expires,
        renewAt,
        status,
      ]),
      [
        [null, null, "ok"],
        [daysAgo(-20), daysAgo(-15), "ok"],
        [daysAgo(-4), daysAgo(1), "overdue"],
      ],
    );
    const expired = rowsOf(rotation({ mint, endpoints, expirations: { app: daysAgo(1) } }));
    assert.equal(only(expired).status, "expired");
  });

  it("have a row each with per: database, under their group", () => {
    const group = {
      scope: { group: "default" },
      rotations: { default: daysAgo(3) },
      mint: { per: "database" },
      endpoints: { app: endpoint("default"), other: endpoint("other") },
    };
    const rows = rowsOf(rotation(group, { id: "acme/groups/default" }));
    assert.deepEqual(
      rows.map(({ kind, target, rotatedAt, expires }) => [kind, target, rotatedAt, expires]),
      [
        ["target", "acme/groups/default", daysAgo(3), null],
        ["minted-token", "acme/databases/app", daysAgo(3), "never"],
      ],
    );
  });
});

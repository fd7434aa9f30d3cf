import fc from "fast-check";
import type { Scope } from "../../../src/values/scope";
import type { Beside, Change } from "./program";
import { weighted } from "./weighted";

const scope = weighted<Scope>(
  [4, { database: "app" }],
  [2, { database: "lone" }],
  [4, { group: "default" }],
  [1, { group: "bare" }],
  [1, { database: "ghost" }],
  [2, { databases: ["lone"] }],
  [3, { databases: ["app", "reports"] }],
  [2, { databases: ["app", "lone"] }],
  [2, { databases: ["app", "reports", "lone"] }],
  [1, { databases: ["app", "reports", "extra"] }],
  [1, { databases: ["app", "ghost", "lone"] }],
  [2, { groups: ["default", "solo"] }],
  [1, { groups: ["default", "solo", "bare"] }],
  [3, { databases: "all" }],
  [1, { groups: "all" }],
);

export const listScope = weighted<Scope>(
  [2, { databases: ["app", "lone"] }],
  [1, { databases: ["app", "reports"] }],
  [1, { databases: ["app", "reports", "lone"] }],
  [1, { groups: ["default", "solo"] }],
  [1, { databases: "all" }],
);

const mint = weighted<Change["mint"]>(
  [3, {}],
  [1, undefined],
  [1, { authorization: "read-only" }],
  [1, { expiration: "30d", renewBefore: "5d" }],
  [2, { per: "database" }],
  [1, { permissions: [{ tables: ["all"], actions: ["data_read"] }] }],
);

const trigger = weighted<Change["trigger"]>([4, 1], [5, 2], [4, 3], [1, "2"], [1, { a: 1 }], [1, undefined]);

const beside = fc
  .record({
    scope: weighted<Scope>(
      [1, { database: "reports" }],
      [1, { databases: ["reports"] }],
      [1, { database: "app" }],
    ),
    trigger: weighted([1, 1], [2, 2], [1, 3]),
    verifyTimeout: fc.constant("1s"),
    isLast: fc.boolean(),
    mint: weighted<Change["mint"]>([3, {}], [1, undefined]),
    verify: weighted<Change["verify"]>([4, undefined], [1, "off"]),
  })
  .map(({ mint: settings, verify, ...rest }): Beside => ({
    ...rest,
    ...(settings && { mint: settings }),
    ...(verify && { verify }),
  }));

const edits: fc.WeightedArbitrary<Change>[] = [
  { weight: 8, arbitrary: trigger.map((value) => ({ trigger: value })) },
  { weight: 3, arbitrary: scope.map((value) => ({ scope: value })) },
  {
    weight: 2,
    arbitrary: weighted<string | undefined>([1, undefined], [3, "1d"], [1, "30d"]).map((rotateEvery) => ({
      rotateEvery,
    })),
  },
  {
    weight: 2,
    arbitrary: weighted<Change["verify"]>([2, undefined], [2, "required"], [2, "off"]).map((verify) => ({
      verify,
    })),
  },
  {
    weight: 1,
    arbitrary: weighted([6, "1s"], [6, "3s"], [2, "10s"], [1, "2m"]).map((verifyTimeout) => ({
      verifyTimeout,
    })),
  },
  {
    weight: 1,
    arbitrary: weighted<Change["groupImpact"]>([1, "warn"], [2, "refuse"]).map((groupImpact) => ({
      groupImpact,
    })),
  },
  { weight: 1, arbitrary: weighted([1, 1], [1, 4]).map((parallelism) => ({ parallelism })) },
  { weight: 4, arbitrary: mint.map((settings) => ({ mint: settings })) },
  {
    weight: 1,
    arbitrary: weighted<Change["maxUnavailable"]>([2, 1], [1, 2]).map((maxUnavailable) => ({
      maxUnavailable,
    })),
  },
  { weight: 1, arbitrary: fc.boolean().map((rotateOnCreate) => ({ rotateOnCreate })) },
  { weight: 1, arbitrary: fc.boolean().map((rotateOnJoin) => ({ rotateOnJoin })) },
  {
    weight: 1,
    arbitrary: weighted<Change["suspend"]>([2, true], [3, undefined]).map((suspend) => ({ suspend })),
  },
  {
    weight: 3,
    arbitrary: fc.option(beside, { freq: 5, nil: undefined }).map((value) => ({ beside: value })),
  },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 2 }).map((tokens) => ({ tokens })) },
  {
    weight: 1,
    arbitrary: weighted<NonNullable<Change["token"]>>(
      [1, {}],
      [1, { expiration: "30d", renewBefore: "5d" }],
      [1, { trigger: "again" }],
      [1, { verify: "off" }],
    ).map((token) => ({ token })),
  },
];

export const several = (maxLength: number): fc.Arbitrary<Change> =>
  fc
    .array(fc.oneof({ withCrossShrink: true }, ...edits), { maxLength })
    .map((changes) => Object.assign({}, ...changes) as Change);

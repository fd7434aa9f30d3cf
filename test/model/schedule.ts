import fc from "fast-check";
import type { ServerGeneration } from "../../emulator/src";
import type { Scope } from "../../src/values/scope";
import { isPossible, type Crash, type PlannedFault, type RequestKind, type Trouble } from "./faults";
import type { Change } from "./program";
import type { Credentials, RejectionDelays } from "./organization";

/** One step of a schedule. An `up`, `preview` or `refresh` may edit the program first. */
export type Operation =
  | {
      type: "up" | "preview" | "refresh";
      change?: Change | undefined;
      credentials: Credentials;
      faults: PlannedFault[];
      crash?: Crash | undefined;
    }
  | { type: "wait"; hours: number }
  | { type: "destroy" }
  | { type: "delete a database" | "recreate a database"; name: string };

export interface Schedule {
  serverGeneration: Exclude<ServerGeneration, "legacy-dedicated">;
  rejectionDelays: RejectionDelays;
  first: Change;
  operations: Operation[];
}

/** The first choice is the simplest: fast-check shrinks to it. */
const weighted = <T>(...choices: [weight: number, value: T][]): fc.Arbitrary<T> =>
  fc.oneof(
    { withCrossShrink: true },
    ...choices.map(([weight, value]) => ({ weight, arbitrary: fc.constant(value) })),
  );

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
  [1, { databases: ["app", "ghost", "lone"] }],
  [2, { groups: ["default", "solo"] }],
  [1, { groups: ["default", "solo", "bare"] }],
);

const listScope = weighted<Scope>(
  [2, { databases: ["app", "lone"] }],
  [1, { databases: ["app", "reports"] }],
  [1, { databases: ["app", "reports", "lone"] }],
  [1, { groups: ["default", "solo"] }],
);

const trigger = weighted<Change["trigger"]>([4, 1], [5, 2], [4, 3], [1, "2"], [1, { a: 1 }], [1, undefined]);

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
  { weight: 1, arbitrary: fc.boolean().map((rotateOnCreate) => ({ rotateOnCreate })) },
  { weight: 1, arbitrary: fc.boolean().map((rotateOnJoin) => ({ rotateOnJoin })) },
  {
    weight: 1,
    arbitrary: weighted<Change["suspend"]>([2, true], [3, undefined]).map((suspend) => ({ suspend })),
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

const several = (maxLength: number): fc.Arbitrary<Change> =>
  fc
    .array(fc.oneof({ withCrossShrink: true }, ...edits), { maxLength })
    .map((changes) => Object.assign({}, ...changes) as Change);

const credentials = weighted<Credentials>(
  [16, "full"],
  [1, "rotate only"],
  [1, "rotate and read"],
  [1, "read and mint"],
  [1, "wrong"],
  [1, "none"],
);

const faultOn = (...kinds: [weight: number, value: RequestKind][]): fc.Arbitrary<PlannedFault> =>
  fc
    .record({
      on: weighted<RequestKind>(...kinds),
      skip: weighted([4, 0], [2, 1], [1, 2], [1, 4]),
      times: weighted([4, 1], [1, 2], [1, 5], [2, 100]),
      when: weighted<PlannedFault["when"]>([1, "before"], [2, "after"]),
      trouble: weighted<Trouble>(
        [3, "drop"],
        [3, "hang"],
        [2, "truncate"],
        [2, "500"],
        [1, "502"],
        [1, "504"],
        [1, "408"],
        [1, "web page"],
        [1, "503"],
        [1, "503, Retry-After 0"],
        [1, "503, Retry-After 3600"],
        [1, "429"],
        [1, "429, Retry-After 3600"],
        [2, "404 of something else"],
        [4, "foreign 401"],
        [2, "foreign 401 in JSON"],
        [2, "stray 401"],
        [2, "late by 1 s"],
        [1, "late by 2 h"],
      ),
    })
    .filter(isPossible);

const anyFault = faultOn([5, "rotate"], [2, "probe"], [1, "mint"], [1, "read"]);
const readFault = faultOn([3, "read"], [1, "probe"]);

/** A rotation's response is lost and the databases are unreachable: the next run has to resolve it. */
const unresolved: fc.Arbitrary<PlannedFault[]> = fc
  .record({
    times: weighted([2, 1], [2, 2], [1, 3]),
    when: weighted<PlannedFault["when"]>([1, "before"], [1, "after"]),
    skip: weighted([2, 1], [2, 2], [1, 3]),
  })
  .map(({ times, when, skip }) => [
    { on: "rotate", skip: 0, times, when, trouble: "drop" },
    { on: "probe", skip, times: 1_000, when: "before", trouble: "503" },
  ]);

/** The databases cannot be reached, and something else answers in their place. */
const strangers: fc.Arbitrary<PlannedFault[]> = fc
  .record({
    skip: weighted([2, 1], [2, 2], [2, 4], [1, 6]),
    times: weighted([1, 5], [1, 20], [1, 1_000]),
    trouble: weighted<Trouble>([2, "foreign 401"], [1, "foreign 401 in JSON"]),
    isLost: fc.boolean(),
  })
  .map(({ skip, times, trouble, isLost }) => [
    ...(isLost ? [{ on: "rotate", skip: 0, times: 1, when: "before", trouble: "drop" } as const] : []),
    { on: "probe", skip, times, when: "before", trouble },
  ]);

const crash: fc.Arbitrary<Crash> = fc.oneof(
  fc.record({
    at: fc.integer({ min: 0, max: 16 }),
    when: weighted<"before it is sent" | "while waiting for the response">(
      [1, "before it is sent"],
      [2, "while waiting for the response"],
    ),
  }),
  fc.record({ at: fc.constant("the save" as const), of: weighted([3, 0], [1, 1]) }),
);

const up = (
  change: fc.Arbitrary<Change>,
  faults: fc.Arbitrary<PlannedFault[]>,
  who: fc.Arbitrary<Credentials> = fc.constant("full"),
  end: fc.Arbitrary<Crash | undefined> = fc.constant(undefined),
): fc.Arbitrary<Operation> =>
  fc.record({ type: fc.constant("up" as const), change, credentials: who, faults, crash: end });

const readOnly = (type: "preview" | "refresh", maxEdits: number): fc.Arbitrary<Operation> =>
  fc.record({
    type: fc.constant(type),
    change: several(maxEdits),
    credentials,
    faults: fc.array(readFault, { maxLength: 2 }),
  });

const wait = (...hours: [weight: number, value: number][]): fc.Arbitrary<Operation> =>
  weighted(...hours).map((value) => ({ type: "wait" as const, hours: value }));

const noFaults = fc.constant<PlannedFault[]>([]);
const faults = fc.oneof(
  { weight: 5, arbitrary: noFaults },
  { weight: 4, arbitrary: fc.array(anyFault, { minLength: 1, maxLength: 2 }) },
  { weight: 1, arbitrary: unresolved },
  { weight: 1, arbitrary: strangers },
);

const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 60,
    arbitrary: up(several(2), faults, credentials, fc.option(crash, { freq: 5, nil: undefined })),
  },
  { weight: 10, arbitrary: readOnly("preview", 1) },
  { weight: 10, arbitrary: readOnly("refresh", 0) },
  { weight: 10, arbitrary: wait([1, 1], [4, 25], [1, 26 * 24], [1, 40 * 24]) },
  { weight: 2, arbitrary: fc.constant({ type: "destroy" as const }) },
  {
    weight: 3,
    arbitrary: fc
      .tuple(
        fc.constantFrom("delete a database" as const, "recreate a database" as const),
        fc.constantFrom("app", "lone"),
      )
      .map(([type, name]) => ({ type, name })),
  },
);

const just = (change: Change): fc.Arbitrary<Change> => fc.constant(change);

/** Shortly before a canary counts as expired: a verification of two minutes that starts now ends after that. */
const ALMOST_A_WEEK = 7 * 24 - 6.5 / 60;

/** Starts that random operations rarely produce, and that are the most likely to violate a rule. */
const opening: fc.Arbitrary<Operation[]> = fc.oneof(
  // several targets are proven together
  {
    weight: 6,
    arbitrary: fc.tuple(
      up(
        fc
          .tuple(listScope, weighted([1, "3s"], [2, "10s"], [1, "2m"]))
          .map(([list, verifyTimeout]) => ({ scope: list, verifyTimeout })),
        faults,
      ),
    ),
  },
  { weight: 30, arbitrary: fc.constant<Operation[]>([]) },
  { weight: 6, arbitrary: fc.tuple(up(just({}), unresolved)) },
  { weight: 6, arbitrary: fc.tuple(up(just({}), noFaults), up(just({ trigger: 2 }), unresolved)) },
  {
    weight: 6,
    arbitrary: fc.tuple(up(just({ rotateEvery: "1d" }), noFaults), wait([1, 25]), up(just({}), unresolved)),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(up(just({ verifyTimeout: "2m" }), unresolved), wait([1, ALMOST_A_WEEK])),
  },
);

const delay = weighted([5, 0], [1, 300], [1, 900], [1, 1_500], [1, 2_800], [1, 6_000], [1, 3_600_000]);

const rejectionDelays: fc.Arbitrary<RejectionDelays> = fc.record({
  group: fc.record({ default: delay, solo: delay }),
  database: fc.record({ app: delay, reports: delay, lone: delay }),
});

export const schedules: fc.Arbitrary<Schedule> = fc.record({
  serverGeneration: weighted<Schedule["serverGeneration"]>([2, "legacy-group"], [1, "current"]),
  rejectionDelays,
  first: several(3),
  operations: fc
    .tuple(opening, fc.array(operation, { minLength: 1, maxLength: 5 }))
    .map(([first, rest]) => [...first, ...rest]),
});

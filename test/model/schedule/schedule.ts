import fc from "fast-check";
import type { ServerGeneration } from "../../../emulator/src";
import type { Credentials } from "../world/credentials";
import type { AcceptanceDelays, RejectionDelays } from "../world/delays";
import { anyFault, crash, credentials, readFault, strangers, unresolved } from "./circumstances";
import { listScope, several } from "./edits";
import type { Crash, PlannedFault } from "./faults";
import type { Change } from "./program";
import type { Target } from "../../../src/values/scope";
import { weighted } from "./weighted";

/** One step of a schedule. An `up`, `preview` or `refresh` may edit the program first. */
export type Operation =
  | {
      type: "up" | "preview" | "refresh";
      change?: Change | undefined;
      credentials: Credentials;
      faults: PlannedFault[];
      crash?: Crash | undefined;
      limit?: number | undefined;
      refused?: readonly string[] | undefined;
      elsewhere?: { at: number; target: Target } | undefined;
    }
  | { type: "wait"; hours: number }
  /** From now on, the machine's clock is so far ahead. */
  | { type: "clock"; hours: number }
  | { type: "destroy" }
  | { type: "create a database" | "delete a database" | "recreate a database"; name: string };

export interface Schedule {
  serverGeneration: Exclude<ServerGeneration, "legacy-dedicated">;
  rejectionDelays: RejectionDelays;
  acceptanceDelays: AcceptanceDelays;
  first: Change;
  operations: Operation[];
}

const YEAR = 365 * 24;

const up = (
  change: fc.Arbitrary<Change>,
  faults: fc.Arbitrary<PlannedFault[]>,
  who: fc.Arbitrary<Credentials> = fc.constant("full"),
  end: fc.Arbitrary<Crash | undefined> = fc.constant(undefined),
): fc.Arbitrary<Operation> =>
  fc.record({
    type: fc.constant("up" as const),
    change,
    credentials: who,
    faults,
    crash: end,
    limit: weighted<number | undefined>([12, undefined], [1, 4], [1, 12]),
    refused: weighted<string[] | undefined>(
      [20, undefined],
      [1, ["app"]],
      [1, ["reports"]],
      [1, ["lone", "default"]],
    ),
    elsewhere: fc.option(elsewhere, { freq: 10, nil: undefined }),
  });

/** A different stack, or a person. */
const elsewhere = fc.record({
  at: fc.integer({ min: 0, max: 24 }),
  target: weighted<Target>(
    [2, { kind: "database", name: "reports" }],
    [1, { kind: "database", name: "app" }],
    [1, { kind: "database", name: "lone" }],
    [1, { kind: "group", name: "default" }],
  ),
});

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
  {
    weight: 3,
    arbitrary: fc
      .constantFrom("extra", "other", "app")
      .map((name) => ({ type: "create a database" as const, name })),
  },
  {
    weight: 3,
    arbitrary: weighted([2, 0], [1, 48], [1, -48], [1, 10 * YEAR], [1, -10 * YEAR]).map((hours) => ({
      type: "clock" as const,
      hours,
    })),
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

const lateness = weighted([8, 0], [1, 300], [1, 1_500], [1, 4_000], [1, 8_000]);
/** Only those that are late. */
const acceptanceDelays: fc.Arbitrary<AcceptanceDelays> = fc
  .record({ app: lateness, reports: lateness, lone: lateness })
  .map((byName) => Object.fromEntries(Object.entries(byName).filter(([, ms]) => ms > 0)));

export const schedules: fc.Arbitrary<Schedule> = fc.record({
  serverGeneration: weighted<Schedule["serverGeneration"]>([2, "legacy-group"], [1, "current"]),
  rejectionDelays,
  acceptanceDelays: fc.oneof(
    { withCrossShrink: true },
    { weight: 4, arbitrary: fc.constant({}) },
    { weight: 1, arbitrary: acceptanceDelays },
  ),
  first: several(3),
  operations: fc
    .tuple(opening, fc.array(operation, { minLength: 1, maxLength: 5 }))
    .map(([first, rest]) => [...first, ...rest]),
});

import fc from "fast-check";
import type { Credentials } from "../world/credentials";
import { isPossible, type Crash, type PlannedFault, type RequestKind, type Trouble } from "./faults";
import { weighted } from "./weighted";

export const credentials = weighted<Credentials>(
  [16, "full"],
  [1, "rotate only"],
  [1, "rotate and read"],
  [1, "read and mint"],
  [1, "no group tokens"],
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
        [1, "429, Retry-After 1"],
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

export const anyFault = faultOn([5, "rotate"], [2, "probe"], [1, "mint"], [1, "read"]);
export const readFault = faultOn([3, "read"], [1, "probe"]);

/** A rotation's response is lost and the databases are unreachable: the next run has to resolve it. */
export const unresolved: fc.Arbitrary<PlannedFault[]> = fc
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
export const strangers: fc.Arbitrary<PlannedFault[]> = fc
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

export const crash: fc.Arbitrary<Crash> = fc.oneof(
  fc.record({
    at: fc.integer({ min: 0, max: 16 }),
    when: weighted<"before it is sent" | "while waiting for the response" | "its CLI is killed">(
      [1, "before it is sent"],
      [2, "while waiting for the response"],
      [2, "its CLI is killed"],
    ),
  }),
  fc.record({ at: fc.constant("the save" as const), of: weighted([3, 0], [1, 1]) }),
);

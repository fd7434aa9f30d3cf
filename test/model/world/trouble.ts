import type { Crash, PlannedFault } from "../schedule/faults";
import type { Target } from "../../../src/values/scope";
import type { Credentials } from "./credentials";
import { isToApi, type Sent } from "./requests";

const SECOND_MS = 1_000;

export interface Circumstances {
  credentials: Credentials;
  faults: PlannedFault[];
  crash?: Crash | undefined;
  /** How many requests the API answers in a second. */
  limit?: number | undefined;
  /** Databases and groups for which the API refuses to mint. */
  refused?: readonly string[] | undefined;
  /** A rotation by somebody else, right before the nth request of the run. */
  elsewhere?: { at: number; target: Target } | undefined;
}

/** What goes wrong in one run: the planned faults, in the order of the requests, and the API's limit. */
export class Trouble {
  readonly #faults: (PlannedFault & { left: number; toSkip: number })[];
  #admitted: number[] = [];

  constructor(
    faults: readonly PlannedFault[],
    /** How many requests the API answers in a second. */
    private readonly limit = Infinity,
    private readonly refused: readonly string[] = [],
  ) {
    this.#faults = faults.map((fault) => ({ ...fault, left: fault.times, toSkip: fault.skip }));
  }

  /** What goes wrong with the next request. */
  next(sent: Sent): PlannedFault | undefined {
    if (isToApi(sent) && !this.#isAdmitted(sent.at))
      return { on: sent.kind, skip: 0, times: 1, when: "before", trouble: "429, Retry-After 1" };
    if (sent.kind === "mint" && this.refused.includes(sent.target?.name ?? ""))
      return { on: "mint", skip: 0, times: 1, when: "before", trouble: "403" };
    const fault = this.#faults.find(({ on, left }) => on === sent.kind && left > 0);
    if (fault === undefined) return undefined;
    if (fault.toSkip > 0) {
      fault.toSkip -= 1;
      return undefined;
    }
    fault.left -= 1;
    return fault;
  }

  #isAdmitted(at: number): boolean {
    this.#admitted = this.#admitted.filter((each) => each > at - SECOND_MS);
    if (this.#admitted.length >= this.limit) return false;
    this.#admitted.push(at);
    return true;
  }
}

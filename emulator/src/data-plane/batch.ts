import { ProtocolError, required, SqlError } from "./errors";
import { errorBody, executeRequest, sqlOf, type ErrorBody, type Session, type Statement } from "./hrana";
import type { StatementResult } from "./sql";

export type Condition =
  | { type: "ok" | "error"; step: number }
  | { type: "not"; cond: Condition }
  | { type: "and" | "or"; conds: Condition[] }
  | { type: "is_autocommit" };

export interface Batch {
  steps: { condition?: Condition | null; stmt: Statement }[];
}

/** The outcome of a step that ran. A step that its condition skips has no outcome. */
export type StepOutcome = { step: number } & ({ result: StatementResult } | { error: ErrorBody });

/** Rejects what no correct client sends, before the first step has an effect. */
export function checkBatch(batch: Batch, session: Session): void {
  const steps = required(required(batch, "batch").steps, "steps");
  for (const [step, { condition, stmt }] of steps.entries()) {
    sqlOf(required(stmt, "stmt"), session);
    if (condition) checkCondition(condition, step, session);
  }
}

function checkCondition(condition: Condition, step: number, session: Session): void {
  switch (condition.type) {
    case "ok":
    case "error":
      if (Number.isInteger(condition.step) && condition.step >= 0 && condition.step < step) return;
      throw new ProtocolError("Invalid reference to step in a batch condition");
    case "not": {
      checkCondition(required(condition.cond, "cond"), step, session);
      return;
    }
    case "and":
    case "or":
      for (const inner of required(condition.conds, "conds")) checkCondition(inner, step, session);
      return;
    // belongs to version 3 of the protocol, but @tursodatabase/sync sends it to version 2
    case "is_autocommit":
      return;
    default:
      throw new ProtocolError("BatchCond type not recognized");
  }
}

/** Runs the steps of a checked batch in order. A failed step does not end the batch. */
export async function* runSteps({ steps }: Batch, session: Session): AsyncGenerator<StepOutcome> {
  const succeeded = new Set<number>();
  for (const [step, { condition, stmt }] of steps.entries()) {
    if (condition && !holds(condition, succeeded, session)) continue;
    try {
      const result = await executeRequest(stmt, session);
      succeeded.add(step);
      yield { step, result };
    } catch (error) {
      if (!(error instanceof SqlError)) throw error;
      yield { step, error: errorBody(error) };
    }
  }
}

export async function runBatch(batch: Batch, session: Session): Promise<object> {
  checkBatch(batch, session);
  const results: (StatementResult | null)[] = batch.steps.map(() => null);
  const errors: (ErrorBody | null)[] = batch.steps.map(() => null);
  for await (const outcome of runSteps(batch, session)) {
    if ("result" in outcome) results[outcome.step] = outcome.result;
    else errors[outcome.step] = outcome.error;
  }
  return { step_results: results, step_errors: errors, replication_index: null };
}

function holds(condition: Condition, succeeded: ReadonlySet<number>, session: Session): boolean {
  const test = (inner: Condition): boolean => holds(inner, succeeded, session);
  switch (condition.type) {
    case "ok":
      return succeeded.has(condition.step);
    // The opposite of `ok`, so it also holds for a step that was skipped.
    case "error":
      return !succeeded.has(condition.step);
    case "not":
      return !test(condition.cond);
    case "and":
      return condition.conds.every(test);
    case "or":
      return condition.conds.some(test);
    case "is_autocommit":
      return !session.connection().inTransaction;
  }
}

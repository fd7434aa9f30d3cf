import { setImmediate as tick } from "node:timers/promises";
import { runSteps, type Batch, type StepOutcome } from "./batch";
import type { Session } from "./hrana";

/** Runs a checked batch and returns the lines that follow the first one. */
export async function cursorEntries(batch: Batch, session: Session): Promise<string> {
  let text = "";
  for await (const outcome of runSteps(batch, session)) text += stepEntries(outcome);
  return text + line({ type: "replication_index", replication_index: null });
}

/** The first line of a cursor. The client continues the stream with its baton. */
export function cursorHead(baton: string | null): string {
  return line({ baton, base_url: null });
}

/** A body that ends after its first line with a cut connection, as of a batch that is aborted while it runs. */
export async function* cutAfter(head: string): AsyncGenerator<string> {
  yield head;
  // The line has to leave before the connection is closed.
  await tick();
  throw new Error("the cursor was aborted");
}

function stepEntries(outcome: StepOutcome): string {
  const { step } = outcome;
  if ("error" in outcome) return line({ type: "step_error", step, error: outcome.error });
  const { cols, rows, affected_row_count, last_insert_rowid } = outcome.result;
  const entries = [
    line({ type: "step_begin", step, cols }),
    ...rows.map((row) => line({ type: "row", row })),
  ];
  // The row id is a JSON number here and may exceed what a number of JavaScript can hold.
  const end = `"affected_row_count":${affected_row_count},"last_insert_rowid":${last_insert_rowid ?? "null"}`;
  return `${entries.join("")}{"type":"step_end",${end}}\n`;
}

function line(value: object): string {
  return `${JSON.stringify(value)}\n`;
}

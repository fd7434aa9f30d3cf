import { PromisePool } from "@supercharge/promise-pool";
import { humanDuration } from "../values/duration";
import { nameList } from "../values/scope";
import type { TursoError } from "../turso/errors";
import { resume, rotateTarget, type Job, type Result } from "./attempt";
import type { Pending } from "./state";

/** A target's job, and what an earlier run left of it. */
export interface Task extends Job {
  pending?: Pending | undefined;
}

const PROGRESS_EVERY_MS = 5_000;

/** Rotates all targets, some at once. One that fails does not stop the others; progress is told every few seconds. */
export async function rotateAll(
  tasks: Task[],
  parallelism: number,
  tell: (message: string) => void,
): Promise<Map<string, Result>> {
  const results = new Map<string, Result>();
  const start = performance.now();
  const progress = setInterval(
    () => tell(progressLine(results, tasks.length, performance.now() - start)),
    PROGRESS_EVERY_MS,
  );
  try {
    await PromisePool.withConcurrency(parallelism)
      .for(tasks)
      .handleError((error) => {
        throw error;
      })
      .process(async (task) => {
        results.set(task.target.name, await (task.pending ? resume(task, task.pending) : rotateTarget(task)));
      });
  } finally {
    clearInterval(progress);
  }
  // in the order of the list, not of the answers
  return new Map(
    tasks.flatMap(({ target: { name } }) => {
      const result = results.get(name);
      return result ? [[name, result]] : [];
    }),
  );
}

function progressLine(results: Map<string, Result>, total: number, elapsedMs: number): string {
  const failed = [...results.values()].filter(({ kind }) => kind !== "rotated").length;
  const left = total - results.size;
  const estimate = results.size > 0 ? `, about ${humanDuration((elapsedMs / results.size) * left)}` : "";
  return `${results.size - failed} of ${total} rotated, ${failed} failed, ${left} left${estimate}.`;
}

/** What went wrong, a sentence a cause. */
export function causes(failures: [name: string, error: TursoError][]): string {
  const byCause = new Map<string, string[]>();
  for (const [name, error] of failures) {
    const cause = `${error.answer}. ${error.next}`.replaceAll(name, "NAME");
    byCause.set(cause, [...(byCause.get(cause) ?? []), name]);
  }
  return [...byCause]
    .map(([cause, names]) =>
      names.length === 1
        ? `${names[0] ?? ""}: ${cause.replaceAll("NAME", names[0] ?? "")}`
        : `${names.length} (${nameList(names)}): ${cause}`,
    )
    .join(" ");
}

import { PromisePool } from "@supercharge/promise-pool";
import type { NonEmpty } from "../values/scope";
import { rotateTarget, type Result } from "./attempt";
import type { RunSettings, Task } from "./preflight";
import { describeProgress } from "./report";

const PROGRESS_EVERY_MS = 5_000;

/**
 * Rotates all targets, several in parallel. One that fails does not stop the others.
 *
 * @param onProgress receives a sentence every few seconds
 * @returns the results by the target's name, in the order of the tasks
 */
export async function rollAll(
  run: RunSettings,
  tasks: NonEmpty<Task>,
  parallelism: number,
  onProgress: (sentence: string) => void,
): Promise<Map<string, Result>> {
  const results = new Map<string, Result>();
  const start = performance.now();
  const progress = setInterval(
    () => onProgress(describeProgress(results, tasks.length, performance.now() - start)),
    PROGRESS_EVERY_MS,
  );
  try {
    await PromisePool.withConcurrency(parallelism)
      .for(tasks)
      .handleError((error) => {
        throw error;
      })
      .process(async (task) => {
        results.set(task.target.name, await rotateTarget(run, task));
      });
  } finally {
    clearInterval(progress);
  }
  return new Map(
    tasks.flatMap(({ target: { name } }) => {
      const result = results.get(name);
      return result ? [[name, result]] : [];
    }),
  );
}

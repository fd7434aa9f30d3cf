import { PromisePool } from "@supercharge/promise-pool";
import { rotateTarget, type Result } from "./attempt";
import { prepare, type Prepared, type RunSettings, type Task } from "./preflight";
import { describeProgress } from "./report";

const PROGRESS_EVERY_MS = 5_000;

/**
 * Checks all targets before it rotates the first one, then rotates those that may be, several in parallel. One that fails
 * does not stop the others.
 *
 * @param onProgress receives a sentence every few seconds
 * @returns the results by the target's name, in the order of the tasks
 */
export async function rollAll(
  run: RunSettings,
  tasks: readonly Task[],
  parallelism: number,
  onProgress: (sentence: string) => void,
): Promise<Map<string, Result>> {
  const results = new Map<string, Result>();
  const ready: Prepared[] = [];
  const start = performance.now();
  const progress = setInterval(
    () => onProgress(describeProgress(results, tasks.length, performance.now() - start)),
    PROGRESS_EVERY_MS,
  );
  try {
    await forEach(tasks, parallelism, async (task) => {
      const prepared = await prepare(run, task);
      if ("kind" in prepared) results.set(task.target.name, prepared);
      else ready.push(prepared);
    });
    await forEach(ready, parallelism, async (prepared) => {
      results.set(prepared.task.target.name, await rotateTarget(run, prepared));
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

const forEach = <T>(items: readonly T[], parallelism: number, act: (item: T) => Promise<void>) =>
  PromisePool.withConcurrency(parallelism)
    .for([...items])
    .handleError((error) => {
      throw error;
    })
    .process(act);

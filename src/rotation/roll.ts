import { PromisePool } from "@supercharge/promise-pool";
import { TursoError } from "../turso/errors";
import { conclude, reopen, send, type Attempt } from "./attempt";
import { prepare, type Prepared, type RunSettings, type Task } from "./preflight";
import { prove } from "./prove";
import { describeProgress } from "./report";
import type { Result } from "./next-state";

const PROGRESS_EVERY_MS = 5_000;

/**
 * Checks all targets before it rotates the first one, rotates those that may be, several in parallel, and then proves all
 * rotations together. A request that was seen not to have happened is sent once more. One target that fails does not stop the
 * others.
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
  const start = performance.now();
  const progress = setInterval(
    () => onProgress(describeProgress(results, tasks.length, performance.now() - start)),
    PROGRESS_EVERY_MS,
  );
  try {
    let { ready, attempts } = await prepareAll(run, tasks, parallelism, results);
    while (ready.length + attempts.length > 0) {
      await forEach(ready, parallelism, async (prepared) => {
        const sent = await send(run, prepared);
        if ("kind" in sent) results.set(prepared.task.target.name, sent);
        else attempts.push(sent);
      });
      const seenOf = await prove(run, attempts);
      ready = [];
      await forEach(attempts, parallelism, async (sent) => {
        const concluded = await conclude(run, sent, seenOf(sent));
        if ("again" in concluded) ready.push(concluded.again);
        else results.set(sent.task.target.name, concluded);
      });
      attempts = [];
    }
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

/** Splits the tasks into those that may be rotated, those that an earlier run has begun, and those that have a result already. */
async function prepareAll(
  run: RunSettings,
  tasks: readonly Task[],
  parallelism: number,
  results: Map<string, Result>,
): Promise<{ ready: Prepared[]; attempts: Attempt[] }> {
  const ready: Prepared[] = [];
  const attempts: Attempt[] = [];
  const leaders = new Set<string>();
  await forEach(tasks, parallelism, async (task) => {
    const { pending, lookup, target } = task;
    const isGone = lookup instanceof TursoError && lookup.isGone;
    if (pending && pending.status !== "not-rotated" && !(isGone && run.isList)) {
      // without verification, a proof that an earlier run left is given up
      if (pending.status === "unproven" && run.verify === "off")
        results.set(target.name, {
          kind: "rotated",
          at: pending.at,
          isNew: false,
          verification: "unverified",
        });
      else attempts.push(reopen(run, task, pending));
      return;
    }
    const group = lookup instanceof TursoError ? "" : lookup.endpoint.group;
    const leads = !leaders.has(group);
    if (!task.isAdopted) leaders.add(group);
    const prepared = await prepare(run, task, leads);
    if ("kind" in prepared) results.set(target.name, prepared);
    else ready.push(prepared);
  });
  return { ready, attempts };
}

const forEach = <T>(items: readonly T[], parallelism: number, act: (item: T) => Promise<void>) =>
  PromisePool.withConcurrency(parallelism)
    .for([...items])
    .handleError((error) => {
      throw error;
    })
    .process(act);

import type { TursoError } from "../../turso/errors";
import { inParallel } from "../../values/places";
import { groupBy } from "../../values/record";
import { namesOf, targetId, type Target } from "../../values/scope";
import { reopen, type Attempt } from "./attempt";
import type { Result } from "../next-state";
import { groupOf, isGone, prepare, staysOpen, type Prepared, type RunSettings, type Task } from "./preflight";
import { cannotMint, strandsOthers } from "./errors";
import { refusalsToMint } from "./trial";
import type { Pending } from "../state";

/** Splits the tasks into those that may be rotated, those that an earlier run has begun, and those that have a result already. */
export async function prepareAll(
  run: RunSettings,
  tasks: readonly Task[],
  parallelism: number,
  results: Map<string, Result>,
): Promise<{ ready: Prepared[]; attempts: Attempt[] }> {
  const ready: Prepared[] = [];
  const attempts: Attempt[] = [];
  const leaders = new Set<string>();
  const rotates = tasks.filter(({ isAdopted, pending }) => !isAdopted && mayBeSent(pending));
  const refusals = await refusalsToMint(run, rotates, parallelism);
  await inParallel(tasks, parallelism, async (each) => {
    const refusal = refusals.get(each.target.name);
    const task = refusal ? { ...each, refusal } : each;
    const { pending, target } = task;
    if (pending && "canaries" in pending && !(isGone(task) && run.isList)) {
      // without verification, a proof that an earlier run left is given up
      if (pending.status === "unproven" && run.verify === "off")
        results.set(target.name, {
          kind: "rotated",
          at: pending.at,
          isNew: false,
          verification: "unverified",
        });
      else if (isGone(task)) results.set(target.name, staysOpen(run, task, pending));
      else attempts.push(reopen(run, task, pending));
      return;
    }
    const group = groupOf(task);
    const leads = !leaders.has(group);
    if (!task.isAdopted) leaders.add(group);
    const prepared = await prepare(run, task, leads);
    if ("kind" in prepared) results.set(target.name, prepared);
    else if (leads) ready.unshift(prepared);
    else ready.push(prepared);
  });
  return { ready: withoutStranding(run, tasks, withoutRefused(run, ready, results), results), attempts };
}

/**
 * A rotation that is known to reach its whole group must not reach a member for which the API refuses to mint. Under `refuse`, such a
 * member counts like a database that is not in the list.
 */
function withoutStranding(
  { client, groupImpact, reach = {} }: RunSettings,
  tasks: readonly Task[],
  ready: readonly Prepared[],
  results: Map<string, Result>,
): Prepared[] {
  const isStranded = ({ target }: Task): boolean => {
    const result = results.get(target.name);
    return result?.kind === "failed" && result.isStranded === true;
  };
  const stranded = groupBy(tasks.filter(isStranded), groupOf);
  return ready.filter(({ task }) => {
    const group = groupOf(task);
    const names = namesOf((stranded.get(group) ?? []).map(({ target }) => target));
    const isKnown = reach[group]?.siblings === "rejected";
    if (names.length === 0 || !(isKnown || groupImpact === "refuse")) return true;
    const error = strandsOthers(targetId(client.organization, task.target), group, names, isKnown);
    results.set(task.target.name, { kind: "failed", error });
    return false;
  });
}

/** An API token that may not mint for one target must not rotate those either for which that could not be seen. */
function withoutRefused(
  run: RunSettings,
  ready: readonly Prepared[],
  results: Map<string, Result>,
): Prepared[] {
  const refusal = [...results.values()].flatMap((result) =>
    result.kind === "failed" && result.refusal ? [result.refusal] : [],
  )[0];
  return ready.filter(({ task: { target }, canaries }) => {
    if (refusal === undefined || canaries !== undefined) return true;
    results.set(target.name, refused(run, target, refusal));
    return false;
  });
}

const refused = ({ client, minter }: RunSettings, target: Target, refusal: TursoError): Result => ({
  kind: "failed",
  isStranded: true,
  error: cannotMint(targetId(client.organization, target), refusal, minter),
});

/** Whether a request may follow what an earlier run left: not if it was sent and certainly carried out. */
const mayBeSent = (left: Pending | undefined): boolean =>
  left?.status !== "unproven" || left.isReached === true;

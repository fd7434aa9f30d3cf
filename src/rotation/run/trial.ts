import { isMintRefused } from "../../core/mint";
import { TursoError, attempt } from "../../turso/errors";
import { inParallel } from "../../values/places";
import { groupBy } from "../../values/record";
import { parseSubject, targetOf, type Target } from "../../values/scope";
import { groupOf, isUnseen, type RunSettings, type Task } from "./preflight";

/** A token that nobody gets and that expires soon, minted to see whether the API refuses it. */
interface Trial {
  /** The tasks whose rotation makes such a token necessary. */
  concerns: readonly Task[];
  mint: () => Promise<unknown>;
}

/**
 * The API's certain refusals to mint what a rotation makes necessary, by the target's name: the resource's own tokens, or AuthTokens that
 * follow it. Once there is a refusal, a target is refused too if its own trial had no clear result.
 */
export async function refusalsToMint(
  run: RunSettings,
  tasks: readonly Task[],
  parallelism: number,
): Promise<ReadonlyMap<string, TursoError>> {
  const refusals = new Map<string, TursoError>();
  const unclear = new Set<string>();
  const isRefused = ({ target }: Task): boolean => refusals.has(target.name);
  const possible = tasks.filter((task) => !(task.lookup instanceof TursoError) || isUnseen(task));
  for (const trials of [ownTrials(run, possible), followerTrials(run, possible)])
    await inParallel(trials, parallelism, async ({ concerns, mint }) => {
      if (concerns.every(isRefused)) return;
      const tried = await attempt(mint);
      if (!(tried instanceof TursoError)) return;
      for (const { target } of concerns.filter((task) => !isRefused(task)))
        if (isMintRefused(tried)) refusals.set(target.name, tried);
        else unclear.add(target.name);
    });
  const [first] = refusals.values();
  if (first) for (const name of unclear) refusals.set(name, refusals.get(name) ?? first);
  return refusals;
}

/**
 * A database may refuse permissions that others accept, so then each token is tried. Otherwise the canary token of each target shows whether
 * the API mints for it; without those, one token of each group does, because an API token may be restricted to groups.
 */
function ownTrials({ minter, verify }: RunSettings, tasks: readonly Task[]): Trial[] {
  if (minter === undefined) return [];
  if (minter.isRestricted)
    return tasks.flatMap((task) => minter.trialsOf(task).map((mint) => ({ concerns: [task], mint })));
  return (verify === "off" ? byGroup(tasks) : [seenFirst(tasks)]).flatMap((concerns) =>
    concerns
      .flatMap((task) => minter.trialsOf(task))
      .slice(0, 1)
      .map((mint) => ({ concerns, mint })),
  );
}

/** An AuthToken with permissions concerns its own target alone; any other stands for all of its sort. */
function followerTrials({ client, followers, verify }: RunSettings, tasks: readonly Task[]): Trial[] {
  if (verify === "off") return [];
  return followers.map(({ scope, ...options }) => {
    const target = targetOf(parseSubject({ scope, organization: client.organization }));
    const isRestricted = Object.keys(options).length > 0;
    return {
      concerns: isRestricted ? tasks.filter((task) => mayFollow(task, target)) : tasks,
      mint: () => client.mint(target, { ...options, expiration: "1m", authorization: "full-access" }),
    };
  });
}

/** Whether a token follows a task's rotation; also where the target's group could not be looked up. */
function mayFollow({ target, lookup }: Task, { kind, name }: Target): boolean {
  if (target.kind === kind) return target.name === name;
  if (lookup instanceof TursoError) return true;
  return kind === "group" ? lookup.endpoint.group === name : lookup.databases.includes(name);
}

/** A target whose group is unknown is a group of its own. */
const byGroup = (tasks: readonly Task[]): Task[][] => [
  ...groupBy(tasks, (task) => (task.lookup instanceof TursoError ? task : groupOf(task) || task)).values(),
];

const seenFirst = (tasks: readonly Task[]): Task[] => [
  ...tasks.filter((task) => !isUnseen(task)),
  ...tasks.filter(isUnseen),
];

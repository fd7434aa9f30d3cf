import { survey } from "../../core/blast-radius";
import { Breaker, Silence } from "../../core/breaker";
import { DEFAULT_VERIFY_TIMEOUT } from "../../core/canary";
import type { Context, Level } from "../../core/context";
import { fingerprint, managedToken, type ManagedToken, type Rotation } from "../../core/run-ledger";
import { TursoError } from "../../turso/errors";
import { durationMs } from "../../values/duration";
import { own } from "../../values/record";
import { inParallel } from "../../values/places";
import { namesOf, targetId, type Resolved } from "../../values/scope";
import { Minter } from "./mint";
import { nextState, type Result } from "../next-state";
import { dueTokens } from "../plan";
import type { RunSettings, Task } from "./preflight";
import { membersFoundDead, membersReached, tasksReached } from "./reached";
import { describeFailures, describeList, describeSingle } from "../report";
import { rollAll } from "./roll";
import { DEFAULT_PARALLELISM } from "../arguments";
import { casualtyNames, type Follower, type RotationState } from "../state";

/** What a run does with a target. */
export type TaskPlan = Omit<Task, "lookup">;

/** What is to be done. */
export interface Job {
  /** The new arguments, and what happened so far. */
  record: RotationState;
  plans: readonly TaskPlan[];
  /** Whether the run is to rotate all targets of the resource: age then counts from now. */
  isFull: boolean;
  /** The state with the arguments of the last run. */
  before?: RotationState;
  followers?: readonly Follower[] | undefined;
}

/**
 * The one function that rotates, whatever path led to it: looks up all targets, rotates them, and computes the next state.
 *
 * What failed is in the state's `failures`, because the engine skips the dependents of a failed resource: they would keep
 * tokens that this run has just invalidated.
 *
 * @throws Error if a full run certainly changed nothing
 */
export async function rotate(
  context: Context,
  subject: Resolved,
  { record, plans, isFull, before = record, followers = [] }: Job,
): Promise<RotationState> {
  const { id, isList, organization, targets } = subject;
  const start = performance.now();
  const parallelism = record.parallelism ?? DEFAULT_PARALLELISM;
  const settings = settingsOf(context, subject, record);
  const isDue = dueTokens(before, record.mint, context.clock());
  const minter = record.mint && new Minter(settings, record.mint, isDue);
  const run: RunSettings = { ...settings, minter, followers };
  // what `refuse` depends on is never taken from a cache
  const lookups = run.groupImpact === "refuse" ? run.client : context.lookups(organization);
  const found = await survey(
    lookups,
    plans.map(({ target }) => target),
    parallelism,
  );
  const tasks = plans.map((plan): Task => ({
    ...plan,
    lookup: found.get(plan.target.name) as Task["lookup"],
  }));
  const rotations = tasks
    .filter(({ isAdopted }) => !isAdopted)
    .map(({ target, lookup }): Rotation => {
      const group = lookup instanceof TursoError ? "" : lookup.endpoint.group;
      return { organization, target, group };
    });
  const say = (text: string, level: Level = "info") =>
    context.notify(level, `${id}: ${text}`, `${id} ${text}`);
  const takeRejected = async (of: readonly Rotation[]): Promise<ManagedToken[]> =>
    run.verify === "off" ? [] : context.ledger.takeRejected(of, run.client);
  let rotated: Rotation[] = [];
  let reached = new Map<string, string>();
  const results = await context.ledger.during(rotations, async () => {
    await takeRejected(rotations); // nobody is to blame for a token that is dead already
    const results = await rollAll(run, tasks, parallelism, (text) => isList && say(text, "progress"));
    // tokens from after a rotation of an earlier run are valid, however long its proof takes
    rotated = rotations.filter(({ target }) => {
      const result = results.get(target.name);
      return result?.kind === "rotated" && result.isNew;
    });
    context.ledger.confirm(rotated);
    const [first] = results.values();
    const summary = isList ? describeList(results, performance.now() - start) : describeSingle(first);
    if (summary !== undefined) say(summary);
    reached = membersReached(run, tasks, results);
    const tokenOf = (name: string) => (minter?.minted.has(name) ? undefined : own(before.tokens ?? {}, name));
    const dead = minter ? await membersFoundDead(run, tokenOf, tasks, results, before.reach) : [];
    await inParallel(tasksReached([...reached.keys(), ...dead], tasks), parallelism, async (task) => {
      await minter?.mintAll(task);
    });
    return results;
  });
  const failures = [...results].flatMap(([name, { error }]) => (error ? [{ name, error }] : []));
  const [failure] = failures;
  if (failure && isFull && [...results.values()].every(({ kind }) => kind === "failed"))
    throw new Error(isList ? describeFailures(id, failures) : failure.error.message);
  await mintForWaiting(tasks, results, before, parallelism, minter);
  // before the run's own new tokens are recorded, which need no second look
  const hit = await takeRejected(rotated);
  holdMinted(context, organization, minter);
  if (minter?.warning !== undefined) context.notify("warning", minter.warning, `${id} unverified`);
  const seen = new Set(namesOf(tasks.filter(wasSeen).map(({ target }) => target)));
  const state = nextState(
    withReplaced(context, record, before, minter),
    { isList, isFull, members: targets, results, seen, reached, minter },
    context.clock(),
  );
  return withCasualties(context, state, hit);
}

/** A target whose rotation has to wait for another run gets the token that is due now, or it would expire meanwhile. */
async function mintForWaiting(
  tasks: readonly Task[],
  results: ReadonlyMap<string, Result>,
  { pending = {} }: RotationState,
  parallelism: number,
  minter: Minter | undefined,
): Promise<void> {
  if (minter === undefined) return;
  const isPossible = ({ target, lookup }: Task) =>
    !(lookup instanceof TursoError && (lookup.isGone || minter.needsLookup({ target })));
  const waiting = tasks.filter(
    (task) => results.get(task.target.name)?.kind === "failed" && isPossible(task),
  );
  let isComplete = true;
  await inParallel(waiting, parallelism, async (task) => {
    // an API that does not mint must not hold up what the others wait for
    isComplete &&= await minter.mintDue({ ...task, pending: own(pending, task.target.name) });
  });
}

/** Whether a target exists or has existed: if it is gone later, it was deleted, and its name was no typing error. */
const wasSeen = ({ isKnown, lookup }: Task): boolean => isKnown || !(lookup instanceof TursoError);

/** Records the new tokens, so that a later rotation of the program finds out whether it invalidates them. */
function holdMinted({ ledger }: Context, organization: string, minter: Minter | undefined): void {
  for (const { unit, token } of minter?.minted.values() ?? []) {
    const managed = managedToken(organization, unit.target, token, unit.endpoint);
    if (managed) ledger.holds(managed);
  }
}

/** Notes which tokens the new ones replace, for the resources whose rotations invalidated those. */
function withReplaced(
  { ledger }: Context,
  { replaced: earlier, ...record }: RotationState,
  { tokens = {} }: RotationState,
  minter: Minter | undefined,
): RotationState {
  const olds = [...(minter?.minted.keys() ?? [])].flatMap((name) => own(tokens, name) ?? []);
  const replaced = ledger.replace(olds, earlier);
  return { ...record, ...(replaced.length > 0 && { replaced }) };
}

/** A rotation that invalidates a token which was minted or found valid before must not pass for a success. */
async function withCasualties(
  { ledger }: Context,
  { casualties: before = {}, ...state }: RotationState,
  hit: readonly ManagedToken[],
): Promise<RotationState> {
  const hits = Object.fromEntries(hit.map(({ id, token }) => [fingerprint(token), id]));
  const casualties = { ...(await ledger.stillDead(before)), ...ledger.notReplaced(hits) };
  if (Object.keys(casualties).length === 0) return state;
  // whoever mints them again in this run has to record it
  ledger.suspect(casualties);
  const failures = casualtyNames(casualties).map((name) => [`token of ${name}`, CASUALTY] as const);
  return { ...state, casualties, failures: { ...state.failures, ...Object.fromEntries(failures) } };
}

const CASUALTY =
  "a rotation invalidated this token, which the program manages. Run `pulumi up --refresh`, which mints it again. To prevent this, give the resource that mints it this TokenRotation as `rotation`, or in dependsOn.";

/** How long the preflight of all targets together waits for databases that do not answer. */
const PREFLIGHT_MS = 10_000;

export function settingsOf(context: Context, subject: Resolved, record: RotationState): RunSettings {
  const { organization, isList, targets } = subject;
  const { verify, verifyTimeout, groupImpact, suspend, reach } = record;
  return {
    client: context.client(organization),
    targets: new Set(namesOf(targets)),
    isList,
    verify: verify ?? "auto",
    verifyTimeoutMs: durationMs(verifyTimeout ?? DEFAULT_VERIFY_TIMEOUT),
    groupImpact: groupImpact ?? "warn",
    reach,
    isSuspended: suspend === true,
    clock: context.clock,
    breaker: new Breaker(),
    silence: new Silence(verify === "required"),
    minter: undefined,
    followers: [],
    maxUnavailable: record.maxUnavailable ?? record.parallelism ?? DEFAULT_PARALLELISM,
    preflightUntil: performance.now() + PREFLIGHT_MS,
    notify: (level, target, text) => {
      const message = `${targetId(organization, target)}: ${text}`;
      context.notify(level, message, message);
    },
  };
}

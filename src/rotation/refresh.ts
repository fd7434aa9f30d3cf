import { requireExists, survey, type Survey } from "../core/blast-radius";
import type { Context } from "../core/context";
import { resolve } from "../core/members";
import type { ReadResult, Saved } from "../core/protocol";
import { isPresent } from "../core/unknown";
import { describeUnread } from "../turso/advice";
import { TursoError, attempt } from "../turso/errors";
import { own } from "../values/record";
import { ALL, namesOf, targetOf, type Resolved, type Subject, type Target } from "../values/scope";
import { nameList } from "../values/text";
import { concludeProof, reopen } from "./run/attempt";
import { NOTHING_MINTED, nextState, type Result } from "./next-state";
import { deadTokens, recreated, withoutTokens } from "./own-tokens";
import { membersOf } from "./plan";
import { prove } from "./run/prove";
import { settingsOf } from "./run/run";
import { DEFAULT_PARALLELISM } from "./arguments";
import type { RotationState } from "./state";

const PROOF_MS = 5_000;

/**
 * What a refresh finds: whether the target still exists, which databases "all" has now, which tokens are dead, and whether old tokens
 * are rejected that an earlier run saw accepted. It rotates nothing: it has no way to.
 */
export async function refresh(
  context: Context,
  { subject, state }: Saved<RotationState>,
): Promise<ReadResult<RotationState>> {
  const { id, isList, targets } = subject;
  if (!isList && (await isGone(context, subject))) return { gone: true };
  // a refresh tries every token, so the next update mints those that are dead
  const record = { ...state };
  delete record.casualties;
  const members = { ...subject, targets: await membersNow(context, subject, state) };
  const found = await lookUp(context, members, record);
  const isAll = targets === ALL;
  const proofs = await finishProofs(context, members, record, found);
  const minter = isPresent(record.mint) ? NOTHING_MINTED : undefined;
  const next = nextState(
    record,
    { isList, isFull: false, members: members.targets, results: proofs, minter },
    context.clock(),
  );
  const dead = [...recreated(next, found), ...(await deadTokens(context, { subject, state: next }))];
  if (dead.length > 0)
    context.notify(
      "warning",
      `${id}: the databases reject the tokens of ${nameList([...new Set(dead)])}, so the next update mints new ones.`,
      `${id} dead`,
    );
  const had = new Set(namesOf(membersOf(subject, state)));
  const joined = isAll && minter ? namesOf(members.targets).filter((name) => !had.has(name)) : [];
  if (joined.length > 0)
    context.notify(
      "info",
      `${id}: ${nameList(joined)} joined the organization; the next update mints their tokens, without a rotation.`,
      `${id} joined`,
    );
  const back = (next.gone ?? []).filter((name) => isFound(found, name));
  return { gone: false, state: withoutTokens(next, [...dead, ...joined, ...back]) };
}

const isFound = (found: Survey, name: string): boolean => {
  const lookup = found.get(name);
  return lookup !== undefined && !(lookup instanceof TursoError);
};

/** Whether the API itself says that a single target does not exist; any other failure is a warning. */
async function isGone(context: Context, subject: Subject): Promise<boolean> {
  const { id, organization } = subject;
  const error = await attempt(() => requireExists(context.client(organization), targetOf(subject)));
  if (!(error instanceof TursoError)) return false;
  const text = error.isGone
    ? `${id} no longer exists (${error.answer}), so it leaves the state.`
    : describeUnread(error, context.hasConfiguredToken);
  context.notify("warning", text, `${id} unreadable`);
  return error.isGone;
}

/** The members that the scope has now; those that the state has a record of, if "all" cannot be listed. */
async function membersNow(
  context: Context,
  subject: Subject,
  state: RotationState,
): Promise<readonly Target[]> {
  const found = await attempt(() => resolve(context.lookups(subject.organization), subject));
  if (!(found instanceof TursoError)) return found.targets;
  context.notify("warning", describeUnread(found, context.hasConfiguredToken), `${subject.id} unreadable`);
  return membersOf(subject, state);
}

/** Looks up the members that have tokens or whose rotation is not proven; the others are not asked for. */
async function lookUp(
  context: Context,
  { organization, targets }: Resolved,
  { pending = {}, tokens }: RotationState,
): Promise<Survey> {
  const asked = targets.filter(
    ({ name }) => tokens !== undefined || own(pending, name)?.status === "unproven",
  );
  return survey(context.lookups(organization), asked, DEFAULT_PARALLELISM);
}

/** Tries once more the tokens from before rotations that happened and were not proven. */
async function finishProofs(
  context: Context,
  members: Resolved,
  state: RotationState,
  found: Survey,
): Promise<Map<string, Result>> {
  if (state.verify === "off") return new Map();
  const run = settingsOf(context, members, state);
  const attempts = members.targets.flatMap((target) => {
    const pending = own(state.pending ?? {}, target.name);
    const lookup = found.get(target.name);
    if (pending?.status !== "unproven" || lookup === undefined) return [];
    return [reopen(run, { target, isAdopted: false, isKnown: true, lookup, pending }, pending)];
  });
  if (attempts.length === 0) return new Map();
  const seenOf = await prove(run, attempts, PROOF_MS);
  return new Map(attempts.map((each) => [each.task.target.name, concludeProof(run, each, seenOf(each))]));
}

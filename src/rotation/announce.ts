import {
  bystanders,
  describeBlastRadius,
  survey,
  wholeGroups,
  type BlastRadius,
  groupsOfDatabases,
} from "../core/blast-radius";
import type { Context } from "../core/context";
import { resolve } from "../core/members";
import type { Planned, Saved } from "../core/protocol";
import { TursoError, attempt } from "../turso/errors";
import { namesOf, type Resolved, type Subject, type Target } from "../values/scope";
import { nameList } from "../values/text";
import type { Plan } from "./plan";
import { describeAge, describeAhead, describeRoll } from "./report";
import { DEFAULT_PARALLELISM } from "./arguments";
import type { RotationInputs, RotationState } from "./state";

/**
 * Logs in a preview or a run what a rotation would invalidate; a failed lookup is a warning and stops nothing.
 *
 * @param why the beginning of the sentence: `the trigger changed, so this update rotates`
 * @param only the targets that rotate, where these are not all
 */
export async function announce(
  context: Context,
  subject: Subject | undefined,
  inputs: RotationInputs,
  why: string,
  only?: readonly Target[],
): Promise<void> {
  if (context.isQuiet) return;
  if (subject === undefined) {
    context.notify(
      "warning",
      `A TokenRotation's scope is not known before the update: ${why}, but its blast radius could not be looked up.`,
      "announce unknown",
    );
    return;
  }
  const { id, organization } = subject;
  const lookups = context.lookups(organization, { retries: 1 });
  const resolved = await attempt(() => resolve(lookups, subject));
  if (resolved instanceof TursoError) {
    context.notify("warning", `${id}: ${why}. ${resolved.message}`, `${id} announce failed`);
    return;
  }
  const found = await survey(lookups, only ?? resolved.targets, inputs.parallelism ?? DEFAULT_PARALLELISM);
  const radii = [...found.values()].filter((each): each is BlastRadius => !(each instanceof TursoError));
  const failures = [...found.values()].filter((each) => each instanceof TursoError);
  if (radii.length > 0)
    context.notify(
      "info",
      `${id}: ${why}; ${describeBlastRadius(radii)}.${subject.isList ? describeRoll(radii, inputs) : ""}`,
      `${id} announce`,
    );
  const [failure] = failures;
  if (failure) {
    const whose = failures.length > 1 ? ` of ${failures.length} targets` : "";
    const call = failure.data.attempted.endsWith(` ${id}`) ? "" : `${failure.data.attempted}: `;
    context.notify(
      "warning",
      `${id}: ${why}; the blast radius${whose} could not be looked up (${call}${failure.answer}).`,
      `${id} announce failed`,
    );
  }
  const names = new Set(namesOf(resolved.targets));
  if (inputs.groupImpact === "refuse" && radii.some((radius) => bystanders(radius, names).length > 0))
    context.notify(
      "warning",
      `${id}: groupImpact is "refuse", so the update will stop before it rotates.`,
      `${id} refuse`,
    );
  const groups = groupsOfDatabases(radii);
  if (groups.length > 0)
    context.notify(
      "warning",
      `${id}: on current servers a database's rotation leaves tokens of its group (${nameList(groups)}) valid. If one of those may have leaked, rotate the group.`,
      `${id} group tokens`,
    );
  for (const group of wholeGroups(radii))
    context.notify(
      "info",
      `${id}: the list names every database of the group "${group}"; rotating the group instead needs only one request.`,
      `${id} whole group ${group}`,
    );
}

/** Logs, in a preview and before an update, what the update will do. */
export async function announceUpdate(
  context: Context,
  { subject: { id }, state }: Saved<RotationState>,
  { subject, inputs }: Planned<RotationInputs>,
  plan: Plan,
  now: Date,
): Promise<void> {
  const warn = (text: string, key: string) => context.notify("warning", `${id}: ${text}`, `${id} ${key}`);
  const reason = plan.reason ?? plan.held;
  const why =
    reason === "trigger" ? "the trigger changed" : reason === "age" && describeAge(state, inputs, now);
  if (plan.held && why) warn(`${why}, but suspend is true, so nothing rotates until it is false.`, "held");
  if (plan.reason && why) await announce(context, subject, inputs, `${why}, so this update rotates`);
  if (plan.isUndecided)
    await announce(
      context,
      subject,
      inputs,
      "an argument is not known before the update; it rotates if the trigger has changed by then",
    );
  if (plan.isBaseline)
    warn(
      "it had no trigger before, so the new one is a baseline and rotates nothing. To rotate now, change the trigger once more after this update.",
      "baseline",
    );
  if (plan.isAhead) warn(`${describeAhead(state)}; age counts from now.`, "ahead");
  const names = nameList(namesOf(plan.joined));
  if (plan.joined.length > 0 && plan.reason === undefined)
    if (plan.rotates.length > 0)
      await announce(
        context,
        subject,
        inputs,
        `${names} joined the list, so this update rotates`,
        plan.rotates,
      );
    else
      context.notify(
        "info",
        `${id}: ${names} joined the list without a rotation; rotateOnJoin: true would rotate when a name joins.`,
        `${id} joined`,
      );
  if (plan.unfinished.length > 0)
    warn(
      `an earlier run did not finish ${nameList(namesOf(plan.unfinished))}; this update continues there.`,
      "unfinished",
    );
}

/** Adopts what exists, without changing it. @throws TursoError if a target does not exist */
export async function adopt(context: Context, { id, organization, targets }: Resolved): Promise<void> {
  const failure = await firstFailure(context, organization, targets);
  if (failure?.isGone) throw failure;
  if (failure)
    context.notify(
      "warning",
      `${id}: whether it exists could not be looked up (${failure.answer}).`,
      `${id} adopt failed`,
    );
  context.notify(
    "info",
    `${id}: adopted without rotating; its tokens stay as they are until a rotation is due.`,
    `${id} adopted`,
  );
}

/** The first target that could not be looked up; one that does not exist comes first. */
async function firstFailure(
  context: Context,
  organization: string,
  targets: readonly Target[],
): Promise<TursoError | undefined> {
  const found = await survey(context.lookups(organization), targets, DEFAULT_PARALLELISM);
  const failures = [...found.values()].filter((each) => each instanceof TursoError);
  return failures.find(({ isGone }) => isGone) ?? failures[0];
}

/** Warns about names that a list contains more than once. */
export function announceDuplicates(context: Context, { id, duplicates }: Subject): void {
  if (duplicates.length > 0)
    context.notify(
      "warning",
      `${id}: named more than once, but rotated only once: ${nameList(duplicates)}.`,
      `${id} duplicates`,
    );
}

import { randomUUID } from "node:crypto";
import { checkArguments } from "../core/argument-rules";
import { requireExists, survey, type BlastRadius } from "../core/blast-radius";
import { DEFAULT_VERIFY_TIMEOUT } from "../core/canary";
import type { Context } from "../core/context";
import {
  SavedError,
  type CheckResult,
  type Declared,
  type DiffResult,
  type Lifecycle,
  type Planned,
  type Properties,
  type ReadResult,
  type Saved,
} from "../core/protocol";
import type { Rotation } from "../core/run-ledger";
import { hasUnknown } from "../core/unknown";
import { TursoError, attempt } from "../turso/errors";
import { durationMs } from "../values/duration";
import { namesOf, parseSubject, targetId, type NonEmpty, type Subject, type Target } from "../values/scope";
import { nameList } from "../values/text";
import { adopt, announce, announceDuplicates } from "./announce";
import { RULES } from "./arguments";
import { nextState } from "./next-state";
import { planUpdate } from "./plan";
import type { RunSettings, Task } from "./preflight";
import { describeAge, describeFailures, describeList, describeSingle } from "./report";
import { rollAll } from "./roll";
import { DEFAULT_PARALLELISM, type RotationInputs, type RotationState } from "./state";

/** The life of a TokenRotation. Every method returns all outputs; only `rotate` rotates. */
export class RotationLifecycle implements Lifecycle<RotationInputs, RotationState> {
  constructor(private readonly context: Context) {}

  /** Validates the arguments and fills in the organization; before a create, logs its blast radius. */
  async check(olds: Properties, news: Properties): Promise<CheckResult> {
    const { organization, problems } = this.context.resolveOrganization(
      news["organization"],
      olds["organization"],
    );
    problems.push(...checkArguments("TokenRotation", RULES, { scope: null, ...news }));
    if ((news["scope"] ?? null) === null) problems.push({ property: "scope", reason: MISSING_SCOPE });
    if ((news["trigger"] ?? news["rotateEvery"] ?? null) === null)
      problems.push({ property: "trigger", reason: MISSING_TRIGGER });
    if (problems.length > 0) return { additions: {}, problems };
    const inputs = { ...news, organization } as unknown as RotationInputs;
    const subject = hasUnknown([inputs.scope, organization]) ? undefined : parseSubject(inputs);
    if (subject) announceDuplicates(this.context, subject);
    const isNew = Object.keys(olds).length === 0;
    if (isNew && inputs.rotateOnCreate !== false)
      await announce(this.context, subject, inputs, "creating it rotates");
    return { additions: { organization }, problems };
  }

  async diff(old: Saved<RotationState>, wanted: Planned<RotationInputs>): Promise<DiffResult> {
    const now = this.context.clock();
    const plan = planUpdate(old, wanted, now);
    const { changes, replaces } = plan;
    if (replaces.length > 0) return { changes, replaces };
    const { id } = old.subject;
    const { subject, inputs } = wanted;
    const joined = nameList(namesOf(plan.added));
    if (plan.reason === "trigger")
      await announce(this.context, subject, inputs, "the trigger changed, so this update rotates");
    else if (plan.reason === "age")
      await announce(this.context, subject, inputs, describeAge(old.state, inputs, now));
    else if (plan.isUndecided)
      this.context.notify(
        "info",
        `${id}: an argument is not known before the update; it rotates if the trigger has changed by then.`,
        `${id} undecided`,
      );
    if (plan.added.length > 0)
      await announce(
        this.context,
        subject,
        inputs,
        `${joined} joined the list, so this update rotates`,
        plan.added,
      );
    if (plan.unfinished.length > 0 && plan.reason === undefined)
      this.context.notify(
        "warning",
        `${id}: an earlier run did not finish ${nameList(plan.unfinished)}; this update continues there.`,
        `${id} unfinished`,
      );
    return { changes, replaces };
  }

  async create({ subject, inputs }: Declared<RotationInputs>): Promise<RotationState> {
    const createdAt = this.context.clock().toISOString();
    const baseline: RotationState = {
      ...inputs,
      stateVersion: 1,
      rotationId: randomUUID(),
      rotationCount: 0,
      createdAt,
    };
    if (inputs.rotateOnCreate !== false) return this.rotate(subject, baseline, subject.targets, true);
    await adopt(this.context, subject);
    return baseline;
  }

  async update(old: Saved<RotationState>, wanted: Declared<RotationInputs>): Promise<RotationState> {
    const plan = planUpdate(old, wanted, this.context.clock());
    const { subject, inputs } = wanted;
    const record = { ...inputs, ...whatHappened(old.state) };
    if (plan.reason) return this.rotate(subject, record, subject.targets, true);
    const added = new Set(namesOf(plan.added));
    const [first, ...rest] = subject.targets.filter(
      ({ name }) => added.has(name) || plan.unfinished.includes(name),
    );
    if (first === undefined) return record;
    return this.rotate(subject, record, [first, ...rest], false, old.state.pending);
  }

  /** Asks whether the target still exists. Only the API's own statement that it does not counts. */
  async read({ subject, state }: Saved<RotationState>): Promise<ReadResult<RotationState>> {
    const { id, isList, organization, targets } = subject;
    if (isList) return { gone: false, state };
    const error = await attempt(() => requireExists(this.context.client(organization), targets[0]));
    if (!(error instanceof TursoError)) return { gone: false, state };
    if (error.isGone) {
      this.context.notify(
        "warning",
        `${id} no longer exists (${error.answer}), so it leaves the state.`,
        `${id} gone`,
      );
      return { gone: true };
    }
    this.context.notify("warning", `${error.message} The state stays as it is.`, `${id} unreadable`);
    return { gone: false, state };
  }

  /** What a delete logs. It does nothing else, so that it needs neither network nor credentials. */
  farewell(id: string): string {
    return `${id}: no longer managed; nothing was rotated, and its tokens stay as they are.`;
  }

  /** The state of a target that this stack has never rotated, for `get`. */
  static found(
    subject: Subject,
    inputs: Pick<RotationInputs, "scope" | "organization">,
    now: Date,
  ): RotationState {
    return {
      ...inputs,
      stateVersion: 1,
      rotationId: `${subject.id} as found`,
      rotationCount: 0,
      createdAt: now.toISOString(),
    };
  }

  /**
   * The one function that rotates, whatever path led to it.
   *
   * @param coversAllTargets whether the run covers all targets of the resource: age then counts from now
   * @throws SavedError with what was done, if some targets were rotated and others were not
   */
  private async rotate(
    subject: Subject,
    record: RotationState,
    targets: NonEmpty<Target>,
    coversAllTargets: boolean,
    pending: RotationState["pending"] = {},
  ): Promise<RotationState> {
    const { id, isList, organization } = subject;
    const start = performance.now();
    const parallelism = record.parallelism ?? DEFAULT_PARALLELISM;
    const run = this.settings(subject, record);
    const found = await survey(this.context.lookups(organization), targets, parallelism);
    const taskOf = (target: Target): Task => ({
      target,
      lookup: found.get(target.name) as BlastRadius | TursoError,
      pending: Object.hasOwn(pending, target.name) ? pending[target.name] : undefined,
    });
    const [first, ...rest] = targets;
    const tasks: NonEmpty<Task> = [taskOf(first), ...rest.map(taskOf)];
    const rotations = tasks.map(({ target, lookup }): Rotation => {
      const group = lookup instanceof TursoError ? "" : lookup.endpoint.group;
      return { organization, target, group };
    });
    const say = (text: string) => this.context.notify("info", `${id}: ${text}`, `${id} ${text}`);
    const results = await this.context.ledger.during(rotations, () =>
      rollAll(run, tasks, parallelism, isList ? say : () => undefined),
    );
    const state = nextState(record, { isList, coversAllTargets, results }, this.context.clock());
    const summary = isList
      ? describeList(results, performance.now() - start)
      : describeSingle(results.get(first.name));
    if (summary !== undefined) say(summary);
    const rotated = rotations.filter(({ target }) => results.get(target.name)?.kind === "rotated");
    const casualties = await this.casualties(run, rotated);
    const failures = [...results].flatMap(([name, { error }]) => (error ? [{ name, error }] : []));
    const [failure] = failures;
    if (failure === undefined && casualties !== undefined) throw new SavedError(id, state, casualties);
    if (failure === undefined) return state;
    const isNothingDone = coversAllTargets && [...results.values()].every(({ kind }) => kind === "failed");
    const message = isList
      ? describeFailures(id, results.size, failures, isNothingDone)
      : failure.error.message;
    if (isNothingDone) throw new Error(message);
    throw new SavedError(id, state, message);
  }

  /** A rotation that invalidates a token which was minted or found valid before must not pass for a success. */
  private async casualties(
    { client, verify }: RunSettings,
    rotated: readonly Rotation[],
  ): Promise<string | undefined> {
    const hit = verify === "off" ? [] : await this.context.ledger.invalidatedBy(rotated, client);
    if (hit.length === 0) return undefined;
    const targets = nameList(rotated.map(({ target }) => targetId(client.organization, target)));
    return `Rotating ${targets}: the rotation succeeded, but it also invalidated tokens managed by this program: ${nameList(hit.map(({ id }) => id))}. Run \`pulumi up --refresh\`, which mints them again. To prevent this, give those AuthTokens this TokenRotation in dependsOn.`;
  }

  private settings(subject: Subject, record: RotationState): RunSettings {
    const { organization, verify, verifyTimeout, groupImpact } = record;
    return {
      client: this.context.client(organization),
      targets: new Set(namesOf(subject.targets)),
      verify: verify ?? "auto",
      verifyTimeoutMs: durationMs(verifyTimeout ?? DEFAULT_VERIFY_TIMEOUT),
      groupImpact: groupImpact ?? "warn",
      clock: this.context.clock,
      notify: (level, target, text) => {
        const message = `${targetId(organization, target)}: ${text}`;
        this.context.notify(level, message, message);
      },
    };
  }
}

/** What a state keeps besides the arguments, without what is still to do. */
function whatHappened(state: RotationState): Omit<RotationState, keyof RotationInputs | "pending"> {
  const { stateVersion, rotationId, rotationCount, createdAt, rotatedAt, verification } = state;
  const since = { ...(rotatedAt && { rotatedAt }), ...(verification && { verification }) };
  return { stateVersion, rotationId, rotationCount, createdAt, ...since };
}

const MISSING_SCOPE = `scope is missing: give it one of { database: "NAME" }, { group: "NAME" }, { databases: [...] }, { groups: [...] }.`;

const MISSING_TRIGGER =
  "trigger is missing: give it any JSON value, such as a date or a counter from the stack's config, or give rotateEvery. Changing the trigger rotates.";

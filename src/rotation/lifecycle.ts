import { randomUUID } from "node:crypto";
import { checkArguments } from "../core/argument-rules";
import type { Context } from "../core/context";
import { resolve } from "../core/members";
import type {
  CheckProblem,
  CheckResult,
  Declared,
  DiffResult,
  Lifecycle,
  Planned,
  Properties,
  ReadResult,
  Saved,
} from "../core/protocol";
import { hasUnknown, isPresent } from "../core/unknown";
import { parseDuration } from "../values/duration";
import { own } from "../values/record";
import { ALL, namesOf, parseSubject, type Resolved, type Subject } from "../values/scope";
import { nameList } from "../values/text";
import { adopt, announce, announceDuplicates, announceUpdate } from "./announce";
import { holdOwnTokens, tryOwnTokens, withDeadTokens } from "./own-tokens";
import { recordOf, tasksFor, tasksOf } from "./job";
import { notRotated } from "./pending";
import { membersOf, planUpdate } from "./plan";
import { preview } from "./preview";
import { refresh } from "./refresh";
import { rotate } from "./run/run";
import { RULES } from "./arguments";
import {
  casualtyNames,
  newState,
  type Declaration,
  type MintSettings,
  type RotationInputs,
  type RotationState,
} from "./state";

/** The life of a TokenRotation. Every method returns all outputs; only create and update rotate. */
export class RotationLifecycle implements Lifecycle<Declaration, RotationState> {
  constructor(private readonly context: Context) {}

  /** Validates the arguments and fills in the organization; before a create, logs its blast radius. */
  async check(olds: Properties, news: Properties): Promise<CheckResult> {
    const { organization, problems } = this.context.resolveOrganization(
      news["organization"],
      olds["organization"],
    );
    const given = { ...news };
    delete given["followers"]; // the resource class adds it
    problems.push(...checkArguments("TokenRotation", RULES, { scope: null, ...given }));
    if ((news["scope"] ?? null) === null) problems.push({ property: "scope", reason: MISSING_SCOPE });
    if ((news["trigger"] ?? news["rotateEvery"] ?? null) === null)
      problems.push({ property: "trigger", reason: MISSING_TRIGGER });
    problems.push(...checkMint(news["mint"], news["scope"]));
    if (problems.length > 0) return { additions: {}, problems };
    const inputs = { ...news, organization } as unknown as RotationInputs;
    const subject = hasUnknown([inputs.scope, organization]) ? undefined : parseSubject(inputs);
    if (subject) announceDuplicates(this.context, subject);
    const isNew = Object.keys(olds).length === 0;
    if (isNew && inputs.rotateOnCreate !== false && inputs.suspend !== true)
      await announce(this.context, subject, inputs, "creating it rotates");
    return { additions: { organization }, problems };
  }

  async diff(saved: Saved<RotationState>, wanted: Planned<RotationInputs>): Promise<DiffResult> {
    const now = this.context.clock();
    this.context.ledger.suspect(saved.state.casualties ?? {});
    this.context.ledger.replace([], saved.state.replaced);
    await tryOwnTokens(this.context, saved);
    const old = withDeadTokens(this.context, saved);
    const plan = planUpdate(old, wanted, now);
    const { changes, replaces } = plan;
    // what a rotation of its own does to its tokens, the update knows by itself
    const isRotating = plan.reason !== undefined || plan.rotates.length + plan.unfinished.length > 0;
    // and a resource that is replaced leaves its tokens behind, so nobody would ever mint them again
    if (!isRotating && replaces.length === 0 && isPresent(wanted.inputs.mint))
      holdOwnTokens(this.context, old, new Set(namesOf(plan.mints)));
    if (replaces.length === 0) await announceUpdate(this.context, old, wanted, plan, now);
    return { changes, replaces };
  }

  async create(declared: Declared<Declaration>): Promise<RotationState> {
    const subject = await this.resolve(declared.subject);
    const { followers, ...inputs } = declared.inputs;
    const record = newState(inputs, randomUUID(), this.context.clock());
    if (inputs.rotateOnCreate !== false && inputs.suspend !== true) {
      return rotate(this.context, subject, {
        record,
        plans: tasksFor(subject, false),
        isFull: true,
        followers,
      });
    }
    await adopt(this.context, subject);
    const adopted = inputs.mint
      ? await rotate(this.context, subject, { record, plans: tasksFor(subject, true), isFull: false })
      : record;
    if (inputs.rotateOnCreate === false) return adopted;
    const left = adopted.pending ?? {};
    const pending = subject.targets.map(({ name }) => [name, notRotated(own(left, name))] as const);
    return { ...adopted, pending: Object.fromEntries(pending) };
  }

  async update(saved: Saved<RotationState>, wanted: Declared<Declaration>): Promise<RotationState> {
    const old = withDeadTokens(this.context, saved);
    const { followers, ...inputs } = wanted.inputs;
    const now = this.context.clock();
    const subject = planUpdate(old, wanted, now).reason
      ? await this.resolve(wanted.subject)
      : { ...wanted.subject, targets: membersOf(wanted.subject, old.state) };
    const plan = planUpdate(old, { subject, inputs }, now);
    const record = recordOf(old.state, inputs, plan, now);
    return rotate(this.context, subject, {
      record,
      plans: tasksOf(old, plan),
      isFull: plan.reason !== undefined,
      before: old.state,
      followers,
    });
  }

  preview(old: Saved<RotationState> | undefined, wanted: Planned<Declaration>): Properties {
    return preview(old, wanted, this.context.clock());
  }

  /** What exists right now, because what is created in this very run rotates too. */
  private resolve(subject: Subject): Promise<Resolved> {
    return resolve(
      subject.targets === ALL
        ? this.context.freshLookups(subject.organization)
        : this.context.lookups(subject.organization),
      subject,
    );
  }

  /** Changes nothing outside the state. Only the API's own statement that the target does not exist counts. */
  read(saved: Saved<RotationState>): Promise<ReadResult<RotationState>> {
    return refresh(this.context, saved);
  }

  /** What a delete logs. It does nothing else, so that it needs neither network nor credentials. */
  farewell(id: string, { casualties = {} }: Partial<RotationState>): string {
    const text = `${id}: deleted from the stack, which changes nothing in Turso.`;
    const dead = casualtyNames(casualties);
    if (dead.length === 0) return text;
    return `${text} ${describeDead(dead)}`;
  }

  /** The state of a target that this stack has never rotated, for `get`. */
  static found(
    subject: Subject,
    inputs: Pick<RotationInputs, "scope" | "organization">,
    now: Date,
  ): RotationState {
    return newState(inputs, `${subject.id} as found`, now);
  }
}

/** After a delete nothing has them on record. */
const describeDead = (names: readonly string[]): string =>
  `Its rotations invalidated tokens of this program: ${nameList(names)}. If the program keeps them, run \`pulumi up --refresh\`, which mints them again.`;

/** What the rules of the single members of `mint` cannot see. */
function checkMint(mint: unknown, scope: unknown): CheckProblem[] {
  if (typeof mint !== "object" || mint === null) return [];
  const { expiration, renewBefore, per } = mint as MintSettings;
  const problem = (reason: string): CheckProblem[] => [{ property: "mint", reason }];
  const [form] = Object.keys(scope ?? {});
  if (per === "database" && (form === "database" || form === "databases"))
    return problem(
      'mint.per is "database", which needs a scope of groups: each database has its own token anyway.',
    );
  const [life, early] = [expiration, renewBefore].map((each) => {
    const parsed = parseDuration("", each);
    return "ms" in parsed ? parsed.ms : undefined;
  });
  if (life === undefined || early === undefined || early < life) return [];
  return problem(
    `mint.renewBefore ${renewBefore ?? ""} is not shorter than mint.expiration ${expiration ?? ""}, so every update would mint.`,
  );
}

const MISSING_SCOPE = `scope is missing: give it one of { database: "NAME" }, { group: "NAME" }, { databases: [...] }, { groups: [...] }; "all" instead of a list means every one.`;

const MISSING_TRIGGER =
  "trigger is missing: give it any JSON value, such as a date or a counter from the stack's config, or give rotateEvery. Changing the trigger rotates.";

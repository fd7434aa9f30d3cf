import { randomUUID } from "node:crypto";
import { durationMs } from "../values/duration";
import { nameList, parseId, scopeId, scopeOf, targetId, type Target } from "../values/scope";
import type { TursoClient } from "../turso/client";
import { TursoError } from "../turso/errors";
import { checkArguments } from "../core/argument-rules";
import {
  SavedError,
  type CheckResult,
  type Context,
  type DiffResult,
  type ReadResult,
} from "../core/context";
import { adopt, describeAge, forecast, tellDuplicates } from "./announce";
import { survey, type Impact } from "../core/blast-radius";
import { DEFAULT_VERIFY_TIMEOUT } from "../core/canary";
import { planUpdate } from "./plan";
import { rotateAll, type Task } from "./roll";
import { RULES } from "./arguments";
import type { Rotated } from "../core/run-ledger";
import { describeFailures, describeList, describeSingle, settle } from "./next-state";
import { DEFAULT_PARALLELISM, type Pending, type RotationInputs, type RotationState } from "./state";
import { hasUnknown } from "../core/unknown";

/** The life of a TokenRotation. Every method returns all outputs; only `rotate` rotates. */
export class TokenRotationLogic {
  constructor(private readonly context: Context) {}

  /** Validates the arguments and fills in the organization; before a create, tells what it will kill. */
  async check(olds: Record<string, unknown>, news: Record<string, unknown>): Promise<CheckResult> {
    const isNew = Object.keys(olds).length === 0;
    const { organization, problems } = this.context.resolveOrganization(
      news["organization"],
      olds["organization"],
    );
    problems.push(...checkArguments("TokenRotation", RULES, { scope: null, ...news }));
    if (news["scope"] === undefined || news["scope"] === null)
      problems.push({ property: "scope", reason: MISSING_SCOPE });
    if ((news["trigger"] ?? news["rotateEvery"] ?? null) === null)
      problems.push({ property: "trigger", reason: MISSING_TRIGGER });
    if (problems.length > 0) return { additions: {}, problems };
    const inputs = { ...news, organization } as unknown as RotationInputs;
    if (!hasUnknown(inputs.scope)) tellDuplicates(this.context, inputs);
    if (isNew && news["rotateOnCreate"] !== false)
      await forecast(this.context, inputs, "creating it rotates");
    return { additions: { organization }, problems };
  }

  async diff(olds: RotationState, news: RotationInputs): Promise<DiffResult> {
    const plan = planUpdate(olds, news, this.context.clock());
    const id = idOf(olds);
    if (plan.replaces.length === 0) {
      if (plan.reason === "trigger")
        await forecast(this.context, news, "the trigger changed, so this update rotates");
      else if (plan.reason === "age")
        await forecast(this.context, news, describeAge(olds, news, this.context.clock()));
      else if (plan.undecided)
        this.context.tell(
          `${id}: an argument is not known before the update; it rotates if the trigger has changed by then.`,
        );
      if (plan.added.length > 0)
        await forecast(
          this.context,
          news,
          `${nameList(plan.added.map(({ name }) => name))} came into the list, so this update rotates`,
          plan.added,
        );
      if (plan.unfinished.length > 0 && plan.reason === undefined)
        this.context.tell(
          `${id}: an earlier run left ${nameList(plan.unfinished)} unfinished; this update goes on there.`,
        );
    }
    return { changes: plan.changes, replaces: plan.replaces };
  }

  async create(news: RotationInputs): Promise<{ id: string; state: RotationState }> {
    const id = idOf(news);
    const since = this.context.clock().toISOString();
    const baseline: RotationState = { ...news, rotationId: randomUUID(), rotationCount: 0, since };
    if (news.rotateOnCreate !== false)
      return { id, state: await this.rotate(baseline, scopeOf(news).targets, true) };
    await adopt(this.context, news);
    return { id, state: baseline };
  }

  async update(olds: RotationState, news: RotationInputs): Promise<RotationState> {
    const plan = planUpdate(olds, news, this.context.clock());
    const record: RotationState = {
      ...news,
      ...pick(olds, "rotationId", "rotationCount", "since", "rotatedAt", "verification"),
    };
    const { targets } = scopeOf(news);
    if (plan.reason) return this.rotate(record, targets, true);
    const added = new Set(plan.added.map(({ name }) => name));
    const left = targets.filter(({ name }) => added.has(name) || plan.unfinished.includes(name));
    return left.length > 0 ? this.rotate(record, left, false, olds.pending) : record;
  }

  /** Asks whether the target still exists. Only the API's own word that it does not counts. */
  async read(id: string, props: Partial<RotationState>): Promise<ReadResult<RotationState>> {
    const state = this.stateOf(id, props);
    const { isList, targets } = scopeOf(state);
    const [target] = targets;
    if (isList || target === undefined) return { gone: false, state };
    try {
      const client = this.context.client(state.organization);
      await (target.kind === "group" ? client.getGroup(target.name) : client.getDatabase(target.name));
    } catch (error) {
      if (!(error instanceof TursoError)) throw error;
      if (error.isGone) {
        this.context.tell(`${id} no longer exists (${error.answer}), so it leaves the state.`);
        return { gone: true };
      }
      this.context.tell(`${error.message} The state stays as it is.`);
    }
    return { gone: false, state };
  }

  /** What a delete says. It does nothing else, so that it needs no network and no credentials. */
  static farewell(id: string): string {
    return `${id}: no longer managed; nothing was rotated, and its tokens stay as they are.`;
  }

  /**
   * The one function that rotates, whatever path led there.
   *
   * @param isWave whether these are all targets: age then counts from now
   * @throws SavedError with what was done, if something was and something was not
   */
  private async rotate(
    record: RotationState,
    targets: Target[],
    isWave: boolean,
    pending: Record<string, Pending> = {},
  ): Promise<RotationState> {
    const id = idOf(record);
    const { isList } = scopeOf(record);
    const client = this.context.client(record.organization);
    const start = performance.now();
    const parallelism = record.parallelism ?? DEFAULT_PARALLELISM;
    const tell = (message: string) => this.context.tell(`${id}: ${message}`);
    const tasks = await this.tasks(client, record, targets, pending);
    const rotating = tasks.map(({ target, look }) => ({
      organization: record.organization,
      target,
      group: look instanceof TursoError ? "" : look.group,
    }));
    const results = await this.context.run.during(rotating, () =>
      rotateAll(tasks, parallelism, isList ? tell : () => undefined),
    );
    const state = settle(record, results, isWave, this.context.clock());
    const summary = isList
      ? describeList(results, performance.now() - start)
      : describeSingle([...results.values()][0]);
    if (summary !== undefined) tell(summary);
    const casualties = await this.casualties(
      client,
      record.verify,
      rotating.filter(({ target }) => results.get(target.name)?.kind === "rotated"),
    );
    const failures = [...results].flatMap(([name, { error }]): [string, TursoError][] =>
      error ? [[name, error]] : [],
    );
    if (failures.length === 0 && casualties !== undefined) throw new SavedError(id, state, casualties);
    if (failures.length === 0) return state;
    const nothingDone = [...results.values()].every(({ kind }) => kind === "failed") && isWave;
    const error = isList
      ? describeFailures(id, results.size, failures, nothingDone)
      : (failures[0]?.[1] as TursoError).message;
    if (nothingDone) throw new Error(error);
    throw new SavedError(id, state, error);
  }

  /** A rotation that kills another resource's token, after that was minted or found in order, must not pass for a success. */
  private async casualties(
    client: TursoClient,
    verify: RotationState["verify"],
    rotated: Rotated[],
  ): Promise<string | undefined> {
    const killed = verify === "off" ? [] : await this.context.run.killedBy(rotated, client);
    if (killed.length === 0) return undefined;
    const whose = nameList(killed.map(({ id }) => id));
    return `Rotating ${nameList(rotated.map(({ target }) => targetId(client.organization, target)))}: done and recorded, but it killed tokens that this program manages and had in order before: ${whose}. Run \`pulumi up --refresh\`, which mints them again. To keep it from happening, give those AuthTokens this TokenRotation in dependsOn.`;
  }

  private async tasks(
    client: TursoClient,
    record: RotationState,
    targets: Target[],
    pending: Record<string, Pending>,
  ): Promise<Task[]> {
    const { organization, verify, verifyTimeout, groupImpact, parallelism } = record;
    const looks = await survey(
      this.context.looker(organization),
      targets,
      parallelism ?? DEFAULT_PARALLELISM,
    );
    const all = scopeOf(record);
    const names = new Set(all.targets.map(({ name }) => name));
    return targets.map((target) => ({
      client,
      target,
      look: looks.get(target.name) as Impact | TursoError,
      targets: names,
      verify: verify ?? "auto",
      verifyTimeoutMs: durationMs(verifyTimeout ?? DEFAULT_VERIFY_TIMEOUT),
      groupImpact: groupImpact ?? "warn",
      clock: this.context.clock,
      isWanted: this.context.isWanted,
      tell: (message: string) => this.context.tell(`${targetId(organization, target)}: ${message}`),
      pending: Object.hasOwn(pending, target.name) ? pending[target.name] : undefined,
    }));
  }

  /** What `get` reads by its id alone has never been rotated by this stack. */
  private stateOf(id: string, props: Partial<RotationState>): RotationState {
    if (props.scope !== undefined && props.rotationId !== undefined) return props as RotationState;
    const named = parseId(id);
    if (named === undefined)
      throw new Error(
        `Reading "${id}": an id looks like acme/groups/default or acme/databases/app. Nothing was changed.`,
      );
    return {
      ...named,
      rotationId: `${id} as found`,
      rotationCount: 0,
      since: this.context.clock().toISOString(),
    };
  }
}

const idOf = ({ organization, scope: value }: Pick<RotationInputs, "organization" | "scope">): string =>
  scopeId(organization, scopeOf({ scope: value }));

function pick<T extends object, K extends keyof T>(from: T, ...keys: K[]): Pick<T, K> {
  return Object.fromEntries(
    keys.filter((key) => from[key] !== undefined).map((key) => [key, from[key]]),
  ) as Pick<T, K>;
}

const MISSING_SCOPE = `scope is missing: give it one of { database: "NAME" }, { group: "NAME" }, { databases: [...] }, { groups: [...] }.`;

const MISSING_TRIGGER =
  "trigger is missing: give it any JSON value, such as a date or a counter from the stack's config, or give rotateEvery. Changing the trigger rotates.";

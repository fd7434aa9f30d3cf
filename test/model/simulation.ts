import assert from "node:assert/strict";
import { Clock } from "./world/clock";
import { rotationStateOf, type Engine, type Step } from "./world/engine";
import { Rotations } from "./rules/rotations";
import { Crashed } from "./world/caller";
import { Process } from "./world/process";
import type { Circumstances } from "./world/trouble";
import { changesNothing, rotatesNothing, sendsNothing } from "./rules/sending";
import {
  allTargetsOf,
  change,
  FIRST,
  isSingle,
  repair,
  resourcesOf,
  retrigger,
  rotationsOf,
  targetsOf,
  withMembers,
  withoutGone,
  type Change,
  type Program,
} from "./schedule/program";
import { SecretsRule } from "./rules/secrets";
import type { Target } from "../../src/values/scope";
import type { Operation, Schedule } from "./schedule/schedule";
import { Followers, hasRejectedToken, targetsIn } from "./rules/followers";
import { beginning, describe } from "./schedule/text";
import { isUnfinished, isUnresolved, pendingIn, recordOf, type Pendings } from "./journal";
import type { ModelOrganization } from "./world/organization";

const HOUR_MS = 3_600_000;
const NO_FAULTS: Circumstances = { credentials: "full", faults: [] };

/** Runs a schedule and throws if a rule is violated. `journal` records what happened. */
export class Simulation {
  readonly journal: string[] = [];
  readonly #clock = new Clock();
  readonly #followers: Followers;
  readonly #rotations: Rotations;
  readonly #secrets: SecretsRule;
  #program: Program;
  /** The program's text at the last successful `up`, if nothing has changed since. */
  #atRest: string | undefined;
  /** How far the machine's clock is ahead. */
  #skewMs = 0;
  /** The process whose CLI was killed. */
  #orphan: Process | undefined;

  constructor(
    private readonly organization: ModelOrganization,
    private readonly schedule: Schedule,
    private readonly engine: Engine,
  ) {
    this.#followers = new Followers(organization);
    this.#rotations = new Rotations(organization, this.#followers);
    this.#secrets = new SecretsRule(organization);
    this.#program = change(FIRST, schedule.first);
  }

  async play(): Promise<void> {
    const { rejectionDelays, acceptanceDelays, operations } = this.schedule;
    await this.organization.reset(this.#clock.now, rejectionDelays, acceptanceDelays);
    this.journal.push(beginning(this.schedule, this.#program));
    for (const [i, operation] of operations.entries()) {
      this.journal.push(`${i + 1}. ${describe(operation)}`);
      await this.#operate(operation);
    }
    this.journal.push("No more faults.");
    await this.#converge();
  }

  async #operate(operation: Operation): Promise<void> {
    switch (operation.type) {
      case "wait":
      case "clock":
        if (operation.type === "wait") this.#clock.advance(operation.hours * HOUR_MS);
        else this.#skewMs = operation.hours * HOUR_MS;
        this.#atRest = undefined;
        return;
      case "destroy":
        this.engine.destroy();
        this.#forget("rotation");
        this.#forget("beside");
        return;
      case "create a database":
      case "recreate a database":
        if (operation.type === "recreate a database") this.organization.deleteDatabase(operation.name);
        await this.organization.createDatabase(operation.name);
        this.#followers.mayBeDead();
        return;
      case "delete a database":
        this.organization.deleteDatabase(operation.name);
        return;
      case "up":
        await this.#up(operation, operation.change);
        return;
      case "preview":
        return this.#runReadOnly(operation, async (process) => {
          const error = await this.engine.preview(
            resourcesOf(change(this.#program, operation.change ?? {})),
            process,
          );
          this.#secrets.check("an error", error?.message ?? "");
        });
      case "refresh":
        return this.#runReadOnly(operation, (process) => this.#refresh(process));
    }
  }

  /** A preview or a refresh: it must send no request that changes anything. */
  async #runReadOnly(
    circumstances: Circumstances & { type: string },
    act: (process: Process) => Promise<void>,
  ): Promise<void> {
    const process = this.#start(circumstances);
    try {
      await act(process);
    } finally {
      this.journal.push(...recordOf(process, []));
    }
    this.#end(process);
    changesNothing(process.sent, circumstances.type === "refresh");
  }

  async #refresh(process: Process): Promise<void> {
    const before = new Map(this.engine.state);
    this.#atRest = undefined;
    const { credentials, faults } = process.circumstances;
    const isReliable = credentials === "full" && faults.length === 0;
    for (const { name, did } of await this.engine.refresh(process)) {
      if (did !== "gone") continue;
      const [target] = targetsIn(before.get(name));
      assert(target && !this.organization.exists(target), `refresh reports ${name} as gone, but it exists`);
      this.#forget(name);
    }
    this.#rotations.refreshedMembers();
    if (isReliable) await this.#followers.refreshed(this.engine.state);
  }

  #forget(name: string): void {
    this.#rotations.forget(name);
    this.#atRest = undefined;
  }

  #start(circumstances: Circumstances): Process {
    return new Process(this.organization, this.#clock, circumstances, this.#skewMs);
  }

  /** @returns whether it succeeded */
  async #up(circumstances: Circumstances, edit: Change = {}): Promise<boolean> {
    const edited = change(this.#program, edit);
    const text = JSON.stringify({ ...edited, members: undefined });
    const saved = this.engine.state.get("rotation");
    const all = (kind: Target["kind"]): Target[] => this.organization.all(kind);
    this.#program = withMembers(edited, all, saved && rotationStateOf(saved));
    for (const program of Object.values(rotationsOf(this.#program)))
      for (const target of targetsOf(program)) await this.organization.leak(target);
    const process = this.#start(circumstances);
    const orphan = this.#orphan;
    this.#orphan = undefined;
    this.#rotations.begin(this.#program, this.engine, this.#clock.now() + this.#skewMs);
    const resources = resourcesOf(this.#program);
    let done = 0;
    const judge = async (step?: Step): Promise<void> => {
      const times = { now: this.#clock.now() + this.#skewMs, skewMs: this.#skewMs };
      await this.#rotations.judge(resources[done]?.name, process, step, this.engine, times);
      done += 1;
    };
    let steps: Step[] | undefined;
    try {
      steps = await this.engine.up(resources, process, judge);
    } catch (error) {
      if (!(error instanceof Crashed)) throw error;
      await judge();
      if (process.isOrphan) this.#orphan = process;
    } finally {
      this.journal.push(...recordOf(process, steps));
    }
    const error = steps?.find((step) => step.error)?.error;
    const isSuccess =
      steps?.every((step) => step.error === undefined && step.complaint === undefined) === true;
    if (!process.isOrphan) this.#end(process, error);
    if (process.isRotatedElsewhere) this.#followers.mayBeDead();
    if (!this.engine.state.has("beside")) this.#rotations.forget("beside");
    if (orphan) await this.#resume(orphan);
    await this.#followers.judge(process, steps, this.engine.state, {
      isSuccess,
      // by a wrong clock, tokens expire too early or too late
      isUncertain: this.#rotations.needsRefresh || this.#skewMs !== 0,
    });
    if (isSuccess && this.#atRest === text) sendsNothing(process.sent);
    const isSkewed = this.#skewMs !== 0 && text.includes("expiration");
    const isAtRest =
      isSuccess &&
      !hasRejectedToken(this.engine.state) &&
      !this.#rotations.isDeferred &&
      !isUnfinished(this.#pending()) &&
      !isSkewed;
    this.#atRest = isAtRest ? text : undefined;
    return isSuccess;
  }

  /** A provider that outlived its CLI goes on: whatever it still does, it must not rotate. */
  async #resume(orphan: Process): Promise<void> {
    const before = orphan.sent.length;
    await orphan.resume();
    const late = orphan.sent.slice(before);
    this.journal.push(
      "     The provider whose CLI was killed goes on:",
      ...late.map(({ text }) => `     ${text}`),
    );
    this.#end(orphan);
    if (orphan.isRotatedElsewhere) this.#followers.mayBeDead();
    rotatesNothing(late);
  }

  #end(process: Process, error?: Error): void {
    process.exit();
    this.#secrets.judge(process, this.engine.state, error);
  }

  /** Without faults, at most two runs succeed, and the next one has nothing to do. */
  async #converge(): Promise<void> {
    this.#skewMs = 0;
    if (this.#orphan) await this.#resume(this.#orphan);
    this.#orphan = undefined;
    this.#clock.runAll();
    this.#clock.advance(2 * HOUR_MS); // old tokens die
    await this.#runReadOnly({ ...NO_FAULTS, type: "refresh" }, (process) => this.#refresh(process));
    this.#rotations.refreshed();
    const gone = allTargetsOf(this.#program).filter((target) => !this.organization.exists(target));
    const isExpected =
      !isSingle(this.#program) && gone.every((target) => this.#rotations.hasSeen(target, this.#program));
    const { beside } = rotationsOf(this.#program);
    const edit = {
      ...repair(this.#program),
      ...(gone.length > 0 && withoutGone(isExpected)),
      ...(beside &&
        !targetsOf(beside).every((target) => this.organization.exists(target)) && { beside: undefined }),
    };
    let isSuccess = (await this.#up(NO_FAULTS, edit)) || (await this.#upWithRefresh());
    if (!isSuccess && isUnresolved(this.#pending())) {
      // what the error asks for; if the program had no trigger, the first one is only a baseline
      await this.#up(NO_FAULTS, retrigger(this.#program, "by hand"));
      const again = retrigger(this.#program, "by hand again");
      // a second rotation of the same group may invalidate what the first one has minted
      isSuccess = (await this.#up(NO_FAULTS, again)) || (await this.#upWithRefresh());
    }
    assert(isSuccess, "without faults, no up succeeds");
    if (this.#rotations.isDeferred) await this.#up(NO_FAULTS);
    // a database that was created again may have left a canary token that can be tried nowhere
    for (const hours of this.organization.hasChanged ? [2, 8 * 24] : [2])
      if (isUnfinished(this.#pending()) || hasRejectedToken(this.engine.state)) {
        this.#clock.advance(hours * HOUR_MS);
        assert(await this.#up(NO_FAULTS), "an up after a successful one must succeed");
      }
    assert(!isUnfinished(this.#pending()), "something remains to be done");
    await this.#up(NO_FAULTS);
    assert(this.#atRest !== undefined, "an up after a successful one must succeed");
    await this.#up(NO_FAULTS);
  }

  /** What the error asks for if a rotation has invalidated a token of a different resource. */
  async #upWithRefresh(): Promise<boolean> {
    if (this.#program.beside)
      await this.#runReadOnly({ ...NO_FAULTS, type: "refresh" }, (process) => this.#refresh(process));
    return this.#up(NO_FAULTS);
  }

  #pending(): Pendings {
    return pendingIn(this.engine.state);
  }
}

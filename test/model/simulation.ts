import assert from "node:assert/strict";
import { inspect } from "node:util";
import type { RotationState } from "../../src/rotation/state";
import type { TokenState } from "../../src/token/state";
import type { Target } from "../../src/values/scope";
import { Clock } from "./clock";
import { Engine, type SavedResource, type Step } from "./engine";
import { Oracle } from "./oracle";
import { Crashed, Process, type Circumstances } from "./process";
import { change, FIRST, resourcesOf, targetsOf, type Change, type Program } from "./program";
import type { Operation, Schedule } from "./schedule";
import { delaysText, describe } from "./text";
import type { ModelOrganization } from "./organization";

const HOUR_MS = 3_600_000;
const NO_FAULTS: Circumstances = { credentials: "full", faults: [] };

/** Runs a schedule and throws if a rule is violated. `journal` records what happened. */
export class Simulation {
  readonly journal: string[] = [];
  readonly #clock = new Clock();
  readonly #engine = new Engine();
  readonly #oracle: Oracle;
  #program: Program;
  /** The program's text at the last successful `up`, if nothing has changed since. */
  #atRest: string | undefined;
  #logged = 0;

  constructor(
    private readonly organization: ModelOrganization,
    private readonly schedule: Schedule,
  ) {
    this.#oracle = new Oracle(organization);
    this.#program = change(FIRST, schedule.first);
  }

  async play(): Promise<void> {
    const { serverGeneration, rejectionDelays, first, operations } = this.schedule;
    await this.organization.reset(this.#clock.now, rejectionDelays);
    this.journal.push(
      `A rotation invalidates the tokens of the ${serverGeneration}${delaysText(rejectionDelays)}. Program: ${JSON.stringify(change(FIRST, first))}`,
    );
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
        this.#clock.advance(operation.hours * HOUR_MS);
        this.#atRest = undefined;
        return;
      case "destroy":
        this.#engine.destroy();
        this.#forget();
        return;
      case "delete a database":
        if (this.organization.exists({ kind: "database", name: operation.name }))
          this.organization.emulator.platform.deleteDatabase(operation.name);
        return;
      case "up":
        await this.#up(operation, operation.change);
        return;
      case "preview":
        return this.#runReadOnly(operation, async (process) => {
          const error = await this.#engine.preview(
            resourcesOf(change(this.#program, operation.change ?? {})),
            process,
          );
          this.#holdsNoSecret("an error", error ?? "");
        });
      case "refresh":
        return this.#runReadOnly(operation, (process) => this.#refresh(process));
    }
  }

  /** A preview or a refresh: it must send no request that changes anything. */
  async #runReadOnly(circumstances: Circumstances, act: (process: Process) => Promise<void>): Promise<void> {
    const process = new Process(this.organization, this.#clock, circumstances);
    try {
      await act(process);
    } finally {
      this.#record(process, []);
    }
    this.#end(process);
    const posts = process.sent.filter(({ kind }) => kind === "rotate" || kind === "mint");
    assert.deepEqual(posts, [], "rule 1: a preview or refresh changes nothing");
  }

  async #refresh(process: Process): Promise<void> {
    const before = new Map(this.#engine.state);
    this.#atRest = undefined;
    for (const { name, did } of await this.#engine.refresh(process)) {
      if (did !== "gone") continue;
      const [target] = targetsIn(before.get(name));
      assert(target && !this.organization.exists(target), `refresh reports ${name} as gone, but it exists`);
      if (name === "rotation") this.#forget();
    }
  }

  #forget(): void {
    this.#oracle.forget();
    this.#atRest = undefined;
  }

  /** @returns whether it succeeded */
  async #up(circumstances: Circumstances, edit: Change = {}): Promise<boolean> {
    this.#program = change(this.#program, edit);
    const text = JSON.stringify(this.#program);
    for (const target of targetsOf(this.#program)) await this.organization.leak(target);
    const process = new Process(this.organization, this.#clock, circumstances);
    this.#oracle.begin(this.#program, this.#engine.state.get("rotation"), this.#clock.now());
    let isJudged = false;
    const judge = async (step?: Step): Promise<void> => {
      if (isJudged) return;
      isJudged = true;
      await this.#oracle.judge(this.#program, process, step, this.#engine.state.get("rotation"));
    };
    let steps: Step[] | undefined;
    try {
      steps = await this.#engine.up(resourcesOf(this.#program), process, judge);
    } catch (error) {
      if (!(error instanceof Crashed)) throw error;
      await judge();
    } finally {
      this.#record(process, steps);
    }
    const error = steps?.find((step) => step.error)?.error;
    // what failed in part was saved, its dependents were updated, and the run is red
    const isSuccess =
      steps !== undefined && error === undefined && Object.keys(this.#state.failures ?? {}).length === 0;
    this.#end(process, error);
    if (steps !== undefined) this.#dependentsHaveNewTokens(process, steps);
    if (isSuccess) await this.#tokensAreAccepted();
    if (isSuccess && this.#atRest === text)
      assert.deepEqual(
        process.sent.map((sent) => sent.text),
        [],
        "rule 1: a no-op up makes no API call",
      );
    const isDone = isSuccess && this.#state.pending === undefined;
    this.#atRest = isDone && !this.#oracle.isDeferred ? text : undefined;
    return isSuccess;
  }

  get #state(): Partial<RotationState> {
    return this.#engine.state.get("rotation")?.outputs ?? {};
  }

  /** Nobody may keep a token from before a rotation that the run knew of, unless minting failed. */
  #dependentsHaveNewTokens({ sent }: Process, steps: readonly Step[]): void {
    for (const { name, did } of steps) {
      const saved = this.#engine.state.get(name);
      const [target] = targetsIn(saved);
      if (saved?.type !== "token" || did === "failed" || target === undefined) continue;
      const isRotated = sent.some(
        (each) =>
          each.kind === "rotate" && each.executed && each.lateBy === 0 && sameTarget(each.target, target),
      );
      if (!isRotated || this.#oracle.needsRefresh) continue;
      const { token } = saved.outputs as unknown as TokenState;
      const { rotationsBefore } = this.organization.held.find(({ jwt }) => jwt === token) ?? {
        rotationsBefore: -1,
      };
      assert(
        rotationsBefore >= this.organization.rotations(target),
        `${name} was left with a token from before a rotation that the run made`,
      );
    }
  }

  #record({ sent, messages }: Process, steps: Step[] | undefined): void {
    const outcomes = steps?.map(({ name, did }) => `${name}: ${did}`).join(", ") ?? "did not finish";
    const error = steps?.find((step) => step.error)?.error?.message;
    this.journal.push(
      ...sent.map(({ text }) => `     ${text}`),
      ...messages.map((text) => `     reports: ${text}`),
      `   = ${outcomes}${error === undefined ? "" : `. ${error}`}`,
    );
  }

  #end(process: Process, error?: Error): void {
    process.exit();
    this.#holdsNoSecret("a message", process.messages.join("\n"));
    if (error) {
      this.#holdsNoSecret(
        "an error",
        inspect([error.message, error.stack, error.cause, error], { depth: 10 }),
      );
    }
    const { log } = this.organization.emulator;
    this.#holdsNoSecret("the log", JSON.stringify(log.slice(this.#logged)));
    this.#logged = log.length;
    for (const [name, { inputs, outputs }] of this.#engine.state) {
      const plain = Object.entries(outputs).filter(([key]) => !["token", "tokens", "pending"].includes(key));
      this.#holdsNoSecret(`the state of ${name}`, JSON.stringify([inputs, plain]));
    }
  }

  #holdsNoSecret(where: string, what: unknown): void {
    const text = typeof what === "string" ? what : inspect(what, { depth: 10 });
    const found = this.organization.secrets.find((secret) => text.includes(secret));
    assert(
      found === undefined,
      `rule 4: ${where} contains a credential: ${text.replaceAll(found ?? "", "<HERE>")}`,
    );
  }

  async #tokensAreAccepted(): Promise<void> {
    if (this.#oracle.needsRefresh) return;
    for (const [name, saved] of this.#engine.state) {
      if (saved.type !== "token") continue;
      const { token } = saved.outputs as unknown as TokenState;
      const [target] = targetsIn(saved);
      if (!target || this.organization.databasesOf(target).length === 0) continue;
      assert(
        await this.organization.accepts(target, token),
        `an up succeeded, but the token of ${name} is rejected`,
      );
    }
  }

  /** Without faults, at most two runs succeed, and the next one has nothing to do. */
  async #converge(): Promise<void> {
    this.#clock.runAll();
    const { rotation } = this.#program;
    const allExist = targetsOf(this.#program).every((target) => this.organization.exists(target));
    const edit: Change = {
      groupImpact: undefined,
      ...(rotation.verify === "required" && { verify: undefined }),
      ...(!allExist && { scope: { group: "default" } }),
    };
    if (this.#oracle.needsRefresh) await this.#runReadOnly(NO_FAULTS, (process) => this.#refresh(process));
    let isSuccess = (await this.#up(NO_FAULTS, edit)) || (await this.#up(NO_FAULTS));
    if (!isSuccess && this.#isUnresolved()) {
      // what the error asks for; if the program had no trigger, the first one is only a baseline
      await this.#up(NO_FAULTS, { trigger: "by hand" });
      isSuccess = await this.#up(NO_FAULTS, { trigger: "by hand again" });
    }
    assert(isSuccess, "without faults, no up succeeds");
    for (let i = 0; i < 3 && (this.#oracle.isDeferred || this.#state.pending !== undefined); i += 1) {
      this.#clock.advance(2 * HOUR_MS); // what an up has rotated may be proven later only
      await this.#up(NO_FAULTS);
    }
    await this.#up(NO_FAULTS);
    assert(this.#atRest !== undefined, "an up after a successful one must succeed");
  }

  /** Whether a rotation stays pending until the trigger changes. */
  #isUnresolved(): boolean {
    return Object.values(this.#state.pending ?? {}).some(({ status }) => status === "unknown");
  }
}

const targetsIn = (saved: SavedResource | undefined): readonly Target[] =>
  saved ? targetsOf({ rotation: saved.outputs as unknown as Program["rotation"] }) : [];

const sameTarget = (a: Target | undefined, b: Target): boolean => a?.kind === b.kind && a.name === b.name;

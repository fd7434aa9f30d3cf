import assert from "node:assert/strict";
import { inspect } from "node:util";
import type { RotationState } from "../../src/rotation/state";
import { Clock } from "./clock";
import { Engine, type Step } from "./engine";
import { Oracle } from "./oracle";
import { Crashed, Process, type Circumstances, type Sent } from "./process";
import { change, FIRST, isSingle, resourcesOf, targetsOf, type Change, type Program } from "./program";
import type { Operation, Schedule } from "./schedule";
import { Followers, targetsIn } from "./followers";
import { delaysText, describe } from "./text";
import type { ModelOrganization } from "./organization";

const HOUR_MS = 3_600_000;
const SECRET_OUTPUTS = new Set(["token", "pending", "heldTrigger"]);
const NO_FAULTS: Circumstances = { credentials: "full", faults: [] };

/** Runs a schedule and throws if a rule is violated. `journal` records what happened. */
export class Simulation {
  readonly journal: string[] = [];
  readonly #clock = new Clock();
  readonly #engine = new Engine();
  readonly #oracle: Oracle;
  readonly #followers: Followers;
  #program: Program;
  /** The program's text at the last successful `up`, if nothing has changed since. */
  #atRest: string | undefined;
  #logged = 0;

  constructor(
    private readonly organization: ModelOrganization,
    private readonly schedule: Schedule,
  ) {
    this.#oracle = new Oracle(organization);
    this.#followers = new Followers(organization);
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
        this.organization.deleteDatabase(operation.name);
        return;
      case "recreate a database":
        await this.organization.recreateDatabase(operation.name);
        this.#followers.mayBeDead();
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
  async #runReadOnly(
    circumstances: Circumstances & { type: string },
    act: (process: Process) => Promise<void>,
  ): Promise<void> {
    const process = new Process(this.organization, this.#clock, circumstances);
    try {
      await act(process);
    } finally {
      this.#record(process, []);
    }
    this.#end(process);
    // a refresh finishes a proof, for which it mints a token that nobody gets
    const isControl = ({ text }: Sent): boolean =>
      circumstances.type === "refresh" && text.includes("?expiration=1h&authorization=read-only");
    const posts = process.sent.filter(
      (sent) => sent.kind === "rotate" || (sent.kind === "mint" && !isControl(sent)),
    );
    assert.deepEqual(posts, [], "rule 1: a preview or refresh changes nothing");
  }

  async #refresh(process: Process): Promise<void> {
    const before = new Map(this.#engine.state);
    this.#atRest = undefined;
    const { credentials, faults } = process.circumstances;
    const isReliable = credentials === "full" && faults.length === 0;
    for (const { name, did } of await this.#engine.refresh(process)) {
      if (did !== "gone") continue;
      const [target] = targetsIn(before.get(name));
      assert(target && !this.organization.exists(target), `refresh reports ${name} as gone, but it exists`);
      if (name === "rotation") this.#forget();
    }
    if (isReliable) await this.#followers.refreshed(this.#engine.state);
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
      if (step !== undefined && step.error === undefined) this.#followers.note(process.sent);
      const saved = this.#engine.state.get("rotation");
      await this.#oracle.judge(this.#program, process, step, saved, this.#clock.now());
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
    const isSuccess =
      steps?.every((step) => step.error === undefined && step.complaint === undefined) === true;
    this.#end(process, error);
    await this.#followers.judge(process, steps, this.#engine.state, {
      isSuccess,
      isUncertain: this.#oracle.needsRefresh,
    });
    if (isSuccess && this.#atRest === text)
      assert.deepEqual(
        process.sent.map((sent) => sent.text),
        [],
        "rule 1: a no-op up makes no API call",
      );
    const isAtRest = isSuccess && !this.#oracle.isDeferred && !this.#isUnfinished();
    this.#atRest = isAtRest ? text : undefined;
    return isSuccess;
  }

  #record({ sent, messages }: Process, steps: Step[] | undefined): void {
    const outcomes = steps?.map(({ name, did }) => `${name}: ${did}`).join(", ") ?? "did not finish";
    const failed = steps?.find((step) => step.error ?? step.complaint);
    const error = failed?.error?.message ?? failed?.complaint;
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
      const shown = [error.message, error.stack, error.cause, Object.entries(error)];
      this.#holdsNoSecret("an error", inspect(shown, { depth: 10 }));
    }
    const { log } = this.organization.emulator;
    this.#holdsNoSecret("the log", JSON.stringify(log.slice(this.#logged)));
    this.#logged = log.length;
    for (const [name, { inputs, outputs }] of this.#engine.state) {
      const plain = Object.entries(outputs).filter(([key]) => !SECRET_OUTPUTS.has(key));
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

  /** Without faults, at most two runs succeed, and the next one has nothing to do. */
  async #converge(): Promise<void> {
    this.#clock.runAll();
    this.#clock.advance(2 * HOUR_MS); // old tokens die
    await this.#runReadOnly({ ...NO_FAULTS, type: "refresh" }, (process) => this.#refresh(process));
    this.#oracle.refreshed();
    const { rotation } = this.#program;
    const gone = targetsOf(this.#program).filter((target) => !this.organization.exists(target));
    const isExpected = !isSingle(this.#program) && gone.every((target) => this.#oracle.hasSeen(target));
    const edit: Change = {
      groupImpact: undefined,
      suspend: undefined,
      // weeks may pass here, and each rotation leaves a proof to finish
      ...(rotation.rotateEvery !== undefined && { rotateEvery: "52w" }),
      ...(rotation.verify === "required" && { verify: undefined }),
      ...(gone.length > 0 && (isExpected ? { tokens: 0 } : { scope: { group: "default" } })),
    };
    let isSuccess = (await this.#up(NO_FAULTS, edit)) || (await this.#up(NO_FAULTS));
    if (!isSuccess && this.#isUnresolved()) {
      // what the error asks for; if the program had no trigger, the first one is only a baseline
      await this.#up(NO_FAULTS, { trigger: "by hand" });
      isSuccess = await this.#up(NO_FAULTS, { trigger: "by hand again" });
    }
    assert(isSuccess, "without faults, no up succeeds");
    if (this.#oracle.isDeferred) await this.#up(NO_FAULTS);
    // a database that was created again may have left a canary token that can be tried nowhere
    for (const hours of this.organization.hasChanged ? [2, 8 * 24] : [2])
      if (this.#isUnfinished()) {
        this.#clock.advance(hours * HOUR_MS);
        assert(await this.#up(NO_FAULTS), "an up after a successful one must succeed");
      }
    assert(!this.#isUnfinished(), "something remains to be done");
    await this.#up(NO_FAULTS);
    assert(this.#atRest !== undefined, "an up after a successful one must succeed");
    await this.#up(NO_FAULTS);
  }

  /** Whether the next `up` goes on with what this one left. */
  #isUnfinished(): boolean {
    return Object.values(this.#pending()).some(({ status }) => status !== "not-rotated");
  }

  /** Whether a rotation stays pending until the trigger changes. */
  #isUnresolved(): boolean {
    return Object.values(this.#pending()).some(({ status }) => status === "unknown");
  }

  #pending(): NonNullable<RotationState["pending"]> {
    const state = this.#engine.state.get("rotation")?.outputs as Partial<RotationState> | undefined;
    return state?.pending ?? {};
  }
}

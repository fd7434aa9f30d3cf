import assert from "node:assert/strict";
import { inspect } from "node:util";
import { SavedError } from "../../src/provider/context";
import type { RotationState } from "../../src/provider/rotation-state";
import type { TokenState } from "../../src/provider/token-state";
import { scopeOf, type Target } from "../../src/scope";
import { Clock } from "./clock";
import { Engine, type Saved, type Step } from "./engine";
import { Oracle } from "./oracle";
import { Crashed, Process, type Circumstances } from "./process";
import { change, FIRST, resourcesOf, targetsOf, type Change, type Program } from "./program";
import type { Operation, Schedule } from "./schedule";
import { describe } from "./text";
import type { ModelOrganization } from "./organization";

const HOUR_MS = 3_600_000;
const CALM: Circumstances = { credentials: "full", faults: [] };

/** Plays a schedule, and throws where a rule breaks. What happened is in `journal`. */
export class Simulation {
  readonly journal: string[] = [];
  readonly #clock = new Clock();
  readonly #engine = new Engine();
  readonly #oracle: Oracle;
  #program: Program;
  /** The program's text at the last `up` that ended well, if nothing has come in between. */
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
    const { blastRadius, deathDelayMs, first, operations } = this.schedule;
    await this.organization.reset(this.#clock.now, deathDelayMs);
    this.journal.push(
      `A rotation kills the tokens of the ${blastRadius}, after ${deathDelayMs} ms. Program: ${JSON.stringify(change(FIRST, first))}`,
    );
    for (const [i, operation] of operations.entries()) {
      this.journal.push(`${i + 1}. ${describe(operation)}`);
      await this.#operate(operation);
    }
    this.journal.push("The faults are over.");
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
        return this.#look(operation, async (process) => {
          const error = await this.#engine.preview(
            resourcesOf(change(this.#program, operation.change ?? {})),
            process,
          );
          this.#holdsNoSecret("an error", error ?? "");
        });
      case "refresh":
        return this.#look(operation, (process) => this.#refresh(process));
    }
  }

  /** What only looks: whatever it finds, it asks for no change. */
  async #look(circumstances: Circumstances, act: (process: Process) => Promise<void>): Promise<void> {
    const process = new Process(this.organization, this.#clock, circumstances);
    try {
      await act(process);
    } finally {
      this.#note(process, []);
    }
    this.#end(process);
    const posts = process.sent.filter(({ kind }) => kind === "rotate" || kind === "mint");
    assert.deepEqual(posts, [], "rule 1: what only looks changes nothing");
  }

  async #refresh(process: Process): Promise<void> {
    const before = new Map(this.#engine.state);
    this.#atRest = undefined;
    for (const { name, did } of await this.#engine.refresh(process)) {
      if (did !== "gone") continue;
      const [target] = targetsIn(before.get(name));
      assert(target && !this.organization.exists(target), `refresh says that ${name} is gone, and it exists`);
      if (name === "rotation") this.#forget();
    }
  }

  #forget(): void {
    this.#oracle.forget();
    this.#atRest = undefined;
  }

  /** @returns whether it ended well */
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
      this.#note(process, steps);
    }
    const error = steps?.find((step) => step.error)?.error;
    const isWell = steps !== undefined && error === undefined;
    this.#end(process, error);
    if (isWell) await this.#tokensAreAccepted();
    if (isWell && this.#atRest === text)
      assert.deepEqual(
        process.sent.map((sent) => sent.text),
        [],
        "rule 1: a no-op up makes no API call",
      );
    this.#atRest = isWell && !this.#oracle.isDeferred ? text : undefined;
    return isWell;
  }

  #note({ sent, told }: Process, steps: Step[] | undefined): void {
    const outcomes = steps?.map(({ name, did }) => `${name}: ${did}`).join(", ") ?? "cut short";
    const error = steps?.find((step) => step.error)?.error?.message;
    this.journal.push(
      ...sent.map(({ text }) => `     ${text}`),
      ...told.map((text) => `     says: ${text}`),
      `   = ${outcomes}${error === undefined ? "" : `. ${error}`}`,
    );
  }

  #end(process: Process, error?: Error): void {
    process.exit();
    this.#holdsNoSecret("what it tells", process.told.join("\n"));
    if (error) {
      const shown = Object.entries(error).filter(
        ([key]) => !(error instanceof SavedError && key === "state"),
      );
      this.#holdsNoSecret(
        "an error",
        inspect([error.message, error.stack, error.cause, shown], { depth: 10 }),
      );
    }
    const { log } = this.organization.emulator;
    this.#holdsNoSecret("the log", JSON.stringify(log.slice(this.#logged)));
    this.#logged = log.length;
    for (const [name, { inputs, outputs }] of this.#engine.state) {
      const plain = Object.entries(outputs).filter(([key]) => key !== "token" && key !== "pending");
      this.#holdsNoSecret(`the state of ${name}`, JSON.stringify([inputs, plain]));
    }
  }

  #holdsNoSecret(where: string, what: unknown): void {
    const text = typeof what === "string" ? what : inspect(what, { depth: 10 });
    const found = this.organization.secrets.find((secret) => text.includes(secret));
    assert(
      found === undefined,
      `rule 4: ${where} holds a credential: ${text.replaceAll(found ?? "", "<HERE>")}`,
    );
  }

  async #tokensAreAccepted(): Promise<void> {
    if (this.#oracle.needsRefresh) return;
    for (const [name, saved] of this.#engine.state) {
      if (saved.type !== "token") continue;
      const { token } = saved.outputs as unknown as TokenState;
      const [target] = targetsIn(saved);
      if (!target || this.organization.databasesOf(target).length === 0) continue;
      assert(await this.organization.accepts(target, token), `an up ended well, and ${name} is not accepted`);
    }
  }

  /** Nothing is in the way any more: two runs at most, and then there is nothing to do. */
  async #converge(): Promise<void> {
    this.#clock.runOut();
    const { rotation } = this.#program;
    const isWhole = targetsOf(this.#program).every((target) => this.organization.exists(target));
    const edit: Change = {
      groupImpact: undefined,
      ...(rotation.verify === "required" && { verify: undefined }),
      ...(!isWhole && { scope: { group: "default" } }),
    };
    if (this.#oracle.needsRefresh) await this.#look(CALM, (process) => this.#refresh(process));
    let isWell = (await this.#up(CALM, edit)) || (await this.#up(CALM));
    if (!isWell && this.#needsAPerson()) {
      // what the error asks for; where there was no trigger the first is only a baseline
      await this.#up(CALM, { trigger: "a person's" });
      isWell = await this.#up(CALM, { trigger: "a person's second" });
    }
    assert(isWell, "nothing is in the way, and no up ends well");
    if (this.#oracle.isDeferred) await this.#up(CALM);
    await this.#up(CALM);
    assert(this.#atRest !== undefined, "an up after one that ended well must end well");
  }

  #needsAPerson(): boolean {
    const state = this.#engine.state.get("rotation")?.outputs as Partial<RotationState> | undefined;
    return Object.values(state?.pending ?? {}).some(({ fate }) => fate === "unknown");
  }
}

const targetsIn = (saved: Saved | undefined): Target[] =>
  saved ? scopeOf(saved.outputs as unknown as { scope: unknown }).targets : [];

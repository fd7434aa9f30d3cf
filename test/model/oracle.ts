import assert from "node:assert/strict";
import { durationMs } from "../../src/values/duration";
import type { RotationState } from "../../src/rotation/state";
import type { Target } from "../../src/values/scope";
import type { SavedResource, Step } from "./engine";
import { TIMEOUT_MS, type Process, type Sent } from "./process";
import { targetsOf, type Program } from "./program";
import { mayMint, mayRead, type ModelOrganization } from "./organization";

/** The rotations of one target for one reason. */
interface Work {
  reason: string;
  done: number;
  /** How many rotations are allowed: one, and one more for each whose outcome the provider could not determine. */
  allowed: number;
  /** How often the target's key had been replaced before. */
  keyChangesBefore: number;
}

const AGE = "its age";

const key = ({ kind, name }: Target): string => `${kind} ${name}`;

/** Derives from the schedule alone which targets may be rotated and when, and checks what happened against it. */
export class Oracle {
  /** Whether a rotation by age is due but waits for an unfinished one, which may turn out to be the same rotation. */
  isDeferred = false;
  /** The rotations that this `up` may make. */
  #work = new Map<string, Work>();
  /** Rotations that are recorded in the state: the next `up` may only complete those of them that are pending. */
  readonly #known = new Map<string, Work>();
  /** What the state should record of the TokenRotation; undefined if it does not exist. */
  #recorded: { program: Program; ageFrom: number } | undefined;
  /** The start of its age if this `up` saves a state. */
  #ageFrom = 0;
  /** How many tokens existed before this `up`. */
  #heldBefore = 0;
  /** When this `up` began. */
  #begunAt = 0;
  /** Targets with a canary from an earlier run, which this `up` checks whatever `verify` is now. */
  readonly #watched = new Set<string>();
  #rotationId: string | undefined;
  /** Whether this `up` finds a rotation of an earlier one whose outcome is unknown. */
  #wasUnknown = false;
  #isLate = false;
  #isUnseen = false;

  constructor(private readonly organization: ModelOrganization) {}

  /** Before an `up`: determines which targets have a reason to be rotated. */
  begin(program: Program, saved: SavedResource | undefined, now: number): void {
    const { rotationId, pending } = (saved?.outputs ?? {}) as Partial<RotationState>;
    this.#rotationId = rotationId;
    this.#begunAt = now;
    this.#heldBefore = this.organization.held.length;
    const isUnknown = (name: string): boolean => pending?.[name]?.status === "unknown";
    const reason = this.#reasonForAll(
      program,
      targetsOf(program).some(({ name }) => isUnknown(name)),
      now,
    );
    const isSame = this.#recorded && identity(this.#recorded.program) === identity(program);
    this.#wasUnknown = targetsOf(program).some(({ name }) => isUnknown(name));
    const rotates = targetsOf(program).some(({ name }) => this.#isRotated(reason, isUnknown(name)));
    this.#ageFrom = isSame && !rotates ? (this.#recorded?.ageFrom ?? now) : now;
    // work that was begun and never saved continues only for the same reason
    const last = this.#work;
    this.#work = new Map();
    this.#watched.clear();
    for (const target of targetsOf(program)) {
      // a target that joins a list is adopted, and one whose rotation may have happened is resolved before it is due again
      const why = this.#isRotated(reason, isUnknown(target.name)) ? reason : undefined;
      const begun = last.get(key(target));
      const isUnfinished = isSame && pending !== undefined && Object.hasOwn(pending, target.name);
      const left = isUnfinished && why === undefined ? pending[target.name] : undefined;
      if (left && "canary" in left) this.#watched.add(key(target));
      const work = why === undefined ? isUnfinished && this.#known.get(key(target)) : begun;
      if (work && (why === undefined || work.reason === why)) this.#work.set(key(target), work);
      else if (why !== undefined)
        this.#work.set(key(target), {
          reason: why,
          done: 0,
          allowed: 1,
          keyChangesBefore: this.organization.keyChanges(target),
        });
    }
  }

  #isRotated(reason: string | undefined, isUnknown: boolean): boolean {
    return reason !== undefined && !(isUnknown && reason.startsWith(AGE));
  }

  #reasonForAll(program: Program, isUnknown: boolean, now: number): string | undefined {
    this.isDeferred = false;
    const { rotation } = program;
    const known = this.#recorded?.program.rotation;
    if (known === undefined || identity({ rotation: known }) !== identity(program))
      return rotation.rotateOnCreate === false ? undefined : `${identity(program)} is new`;
    if (known.trigger !== undefined && rotation.trigger !== undefined) {
      const [was, is] = [JSON.stringify(known.trigger), JSON.stringify(rotation.trigger)];
      if (was !== is) return `the trigger became ${is}`;
    }
    const ageFrom = this.#recorded?.ageFrom ?? now;
    const isDue = rotation.rotateEvery !== undefined && ageFrom + durationMs(rotation.rotateEvery) <= now;
    this.isDeferred = isDue && isUnknown;
    return isDue ? `${AGE}, counted from ${new Date(ageFrom).toISOString()}, is due` : undefined;
  }

  /** After the TokenRotation's step, or a crash in it. */
  async judge(
    program: Program,
    process: Process,
    step: Step | undefined,
    saved: SavedResource | undefined,
  ): Promise<void> {
    const rotates = process.sent.filter(({ kind }) => kind === "rotate");
    for (const sent of rotates) this.#mayBeSent(sent, program, process);
    for (const target of targetsOf(program))
      this.#count(target, program, process, rotates, step === undefined);
    if (step === undefined || step.did === "failed") {
      const lost = rotates.filter(({ executed }) => executed);
      assert(step === undefined || lost.length === 0, "it rotated, but failed without saving that");
      return;
    }
    const work = this.#work;
    // a single target's age counts from its latest rotation, including one that completes an earlier run's
    const isRotated = rotates.some(({ executed, lateBy }) => executed && lateBy === 0);
    const state = saved?.outputs as unknown as RotationState;
    const isResolved = this.#wasUnknown && state.pending === undefined;
    if (isSingle(program) && (isRotated || isResolved)) this.#ageFrom = this.#begunAt;
    this.#record(program);
    if (Object.keys(state.failures).length > 0) return;
    await this.#isTrue(program, process, state, work);
  }

  /**
   * Whether there was a rotation that the state cannot record: one executed after the client's timeout, or one of a
   * crashed process whose trigger was then reverted. Only a refresh detects that the tokens it invalidated are rejected.
   */
  get needsRefresh(): boolean {
    return this.#isLate || this.#isUnseen;
  }

  /** The resource was deleted: a new one starts without history. */
  forget(): void {
    this.#recorded = undefined;
    this.#work.clear();
    this.#known.clear();
  }

  #record(program: Program): void {
    for (const [name, work] of this.#work) this.#known.set(name, work);
    this.#work = new Map();
    this.#recorded = { program, ageFrom: this.#ageFrom };
  }

  #mayBeSent({ target, text }: Sent, program: Program, { circumstances, sent }: Process): void {
    const targets = targetsOf(program);
    const own = targets.find((each) => target && key(each) === key(target));
    assert(own, `${text}: not a target`);
    assert(this.#work.has(key(own)), `rule 1: ${key(own)} was rotated without a reason`);
    const { credentials } = circumstances;
    const isRefused = sent.some((each) => each.kind === "mint" && each.text.endsWith(" 403"));
    assert(
      program.rotation.verify === "off" || !isRefused || this.#watched.has(key(own)),
      `rule 3: nothing can mint the token that replaces those of ${key(own)}`,
    );
    if (mayRead(credentials)) assert(this.organization.exists(own), `rule 3: ${key(own)} does not exist`);
    const bystanders = this.organization
      .bystanders([own])
      .filter((name) => !targets.some((each) => each.name === name));
    assert(
      program.rotation.groupImpact !== "refuse" || bystanders.length === 0,
      `rule 3: groupImpact is "refuse", and ${bystanders.join(", ")} are affected`,
    );
    const canBeProven = mayMint(credentials) && this.organization.databasesOf(own).length > 0;
    assert(
      program.rotation.verify !== "required" || canBeProven,
      'rule 3: verify is "required", but verification is impossible',
    );
  }

  #count(target: Target, { rotation }: Program, process: Process, rotates: Sent[], isCrash: boolean): void {
    const own = rotates.filter((sent) => sent.target && key(sent.target) === key(target));
    const work = this.#work.get(key(target));
    if (work === undefined) return;
    const limit = durationMs(rotation.verifyTimeout ?? "60s");
    for (const { executed, lost, lateBy } of own) {
      if (!executed) continue;
      work.done += 1;
      this.#isLate ||= lateBy > 0;
      const acceptedMs = lateBy + this.organization.rejectionDelay(target);
      const outlives = acceptedMs > limit + (lateBy > 0 ? TIMEOUT_MS : 0) - 10;
      const isProven = rotation.verify !== "off" && mayMint(process.circumstances.credentials);
      const isSeen = isProven || this.#watched.has(key(target));
      this.#isUnseen ||= isCrash;
      if (isCrash || (lost && isSeen && outlives)) work.allowed += 1;
    }
    assert(
      work.done <= work.allowed,
      `rule 2: ${key(target)} was rotated ${work.done} times because ${work.reason}; at most ${work.allowed} allowed`,
    );
  }

  /** Checks what a successful step claims. */
  async #isTrue(
    program: Program,
    { sent }: Process,
    state: RotationState,
    begun: Map<string, Work>,
  ): Promise<void> {
    const rotated = sent.some(({ kind, executed }) => kind === "rotate" && executed);
    // what follows a target is minted again when that target's entry changes
    const isEach = targetsOf(program).every(
      ({ name }) => Date.parse(state.rotations[name] ?? "") >= this.#begunAt,
    );
    if (isEach) this.#isUnseen = false;
    if (rotated)
      assert.notEqual(state.rotationId, this.#rotationId, "it rotated, but rotationId is unchanged");
    for (const [name, { status }] of Object.entries(state.pending ?? {}))
      assert.equal(status, "unproven", `a successful step leaves ${name} ${status}`);
    for (const target of targetsOf(program)) {
      const work = begun.get(key(target));
      if (work === undefined) continue;
      assert(
        this.#isLate || this.organization.keyChanges(target) > work.keyChangesBefore,
        `${key(target)} was not rotated though ${work.reason}, but the step succeeded`,
      );
    }
    if (state.verification !== "verified" || !rotated || this.#isLate) return;
    for (const target of targetsOf(program)) {
      const last = this.organization.rotations(target);
      // those that this run minted itself, between two rotations of one group, are nobody's
      for (const { jwt, rotationsBefore } of this.organization.held
        .slice(0, this.#heldBefore)
        .filter((held) => key(held.target) === key(target)))
        assert(
          rotationsBefore >= last || !(await this.organization.accepts(target, jwt)),
          `verification is "verified", but ${key(target)} accepts a token from before the last rotation`,
        );
    }
  }
}

const isSingle = ({ rotation: { scope } }: Pick<Program, "rotation">): boolean =>
  "database" in scope || "group" in scope;

/** A change of this replaces the resource: the kind of its scope and, for a single target, the target. */
const identity = ({ rotation }: Pick<Program, "rotation">): string =>
  isSingle({ rotation }) ? JSON.stringify(rotation.scope) : (Object.keys(rotation.scope)[0] ?? "");

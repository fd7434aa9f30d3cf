import assert from "node:assert/strict";
import { durationMs } from "../../../src/values/duration";
import type { RotationState } from "../../../src/rotation/state";
import type { Target } from "../../../src/values/scope";
import { judgeState, type Judged } from "./claims";
import { identity, reasonToRotate, type Recorded } from "./due";
import { rotationStateOf, type SavedResource, type Step } from "../world/engine";
import type { Part } from "../world/part";
import { TIMEOUT_MS } from "../world/process";
import type { Sent } from "../world/requests";
import { isAll, recorded, targetsOf, type Program } from "../schedule/program";
import { judgeMinting } from "./minting";
import { key, maySend } from "./sending";
import { mayMint } from "../world/credentials";
import type { ModelOrganization } from "../world/organization";

/** The rotations of one target for one reason. */
export interface Work {
  reason: string;
  done: number;
  /** How many rotations are allowed: one, and one more for each whose outcome the provider could not determine. */
  allowed: number;
  /** How often the target's key had been replaced before. */
  keyChangesBefore: number;
}

/** Derives from the schedule alone which targets may be rotated and when, and checks what happened against it. */
export class Oracle {
  /** Whether a rotation by age is due but waits for an unfinished one, which may turn out to be the same rotation. */
  isDeferred = false;
  /** The rotations that this `up` may make. */
  #work = new Map<string, Work>();
  /** Rotations that are recorded in the state: the next `up` may only complete those of them that are pending. */
  readonly #known = new Map<string, Work>();
  /** Undefined if the TokenRotation does not exist. */
  #recorded: Recorded | undefined;
  /** Targets that the resource has rotated or adopted. */
  readonly #seen = new Set<string>();
  /** Whether this `up` is to rotate all targets. */
  #isFull = false;
  /** When this `up` began, and with which state. */
  #heldBefore = 0;
  #begunAt = 0;
  #before: RotationState | undefined;
  /** What its earlier rotations were seen to reach. */
  #reach: RotationState["reach"];
  /** Targets with a canary from an earlier run, which this `up` checks whatever `verify` is now. */
  readonly #watched = new Set<string>();
  #isLate = false;
  /** Targets with rotations that no state records: those of crashed processes. */
  readonly #unseen = new Set<string>();

  constructor(private readonly organization: ModelOrganization) {}

  /** Before an `up`: determines which targets have a reason to be rotated. */
  begin(program: Program, saved: SavedResource | undefined, now: number): void {
    this.#before = saved && rotationStateOf(saved);
    this.#begunAt = now;
    this.#heldBefore = this.organization.held.length;
    const pending = this.#before?.pending ?? {};
    const isSame = this.#recorded !== undefined && identity(this.#recorded.program) === identity(program);
    const was = isSame ? this.#recorded?.program : undefined;
    this.#reach = isSame ? this.#before?.reach : undefined;
    const before = new Set((was && isAll(was) ? recorded(this.#before) : was ? targetsOf(was) : []).map(key));
    const reason = isSame ? reasonToRotate(this.#recorded, program, now) : undefined;
    const isUnknown = ({ name }: Target): boolean => isSame && pending[name]?.status === "unknown";
    const whyOf = (target: Target): string | undefined => {
      const { rotateOnCreate, rotateOnJoin, suspend } = program.rotation;
      if (!isSame) return rotateOnCreate === false ? undefined : `${identity(program)} is new`;
      if (suspend === true) return undefined;
      if (reason && !(reason.isAge && isUnknown(target))) return reason.why;
      // with "all", whoever appears waits for the next rotation
      if (isAll(program)) return undefined;
      return rotateOnJoin === true && !before.has(key(target)) ? "it joined the list" : undefined;
    };
    const targets = targetsOf(program);
    const isDue = reason !== undefined && program.rotation.suspend !== true;
    this.#isFull = isSame
      ? isDue && !(reason.isAge && targets.every(isUnknown))
      : program.rotation.rotateOnCreate !== false && program.rotation.suspend !== true;
    this.isDeferred = isDue && reason.isAge && targets.every(isUnknown) && targets.length > 0;
    // work that was begun and never saved continues only for the same reason
    const last = this.#work;
    this.#work = new Map();
    this.#watched.clear();
    for (const target of targets) {
      const why = whyOf(target);
      const begun = last.get(key(target));
      const isUnfinished = isSame && Object.hasOwn(pending, target.name);
      const left = isUnfinished && why === undefined ? pending[target.name] : undefined;
      if (left && "canaries" in left && left.canaries.length > 0) this.#watched.add(key(target));
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

  /** After the TokenRotation's step, or a crash in it. */
  async judge(
    program: Program,
    part: Part,
    step: Step | undefined,
    saved: SavedResource | undefined,
    { now, skewMs }: { now: number; skewMs: number },
  ): Promise<void> {
    const rotates = part.sent.filter(({ kind }) => kind === "rotate");
    maySend(this.organization, program, part, {
      hasReason: (target) => this.#work.has(key(target)),
      isWatched: (target) => this.#watched.has(key(target)),
      isReached: (group) => this.#reach?.[group]?.siblings === "rejected",
    });
    for (const target of targetsOf(program)) this.#count(target, program, part, rotates, step === undefined);
    if (step === undefined || step.did === "failed") {
      const lost = rotates.filter(({ executed, lateBy }) => executed && lateBy === 0);
      assert(step === undefined || lost.length === 0, "it rotated, but failed without saving that");
      return;
    }
    const state = rotationStateOf(saved as SavedResource);
    const isUpdate = step.did === "updated" || step.did === "nothing";
    const judged: Judged = {
      program,
      part,
      step,
      state,
      rotates,
      before: isUpdate ? this.#before : undefined,
      work: this.#work,
      seen: isUpdate ? this.#seen : new Set(),
      isFull: this.#isFull,
      isUncertain: this.#isLate || this.#unseen.size > 0,
      begunAt: this.#begunAt,
      heldBefore: this.#heldBefore,
      now,
      skewMs,
    };
    await judgeState(this.organization, judged);
    if (step.did !== "nothing") judgeMinting(this.organization, program, part, state);
    // a rotation that only now turns out to have happened can be older than one that no state records
    const done = rotates.flatMap(({ executed, target }) => (executed && target ? [key(target)] : []));
    for (const target of targetsOf(program)) {
      const isRecorded = this.#before?.rotations[target.name] !== state.rotations[target.name];
      if (done.includes(key(target)) || (isRecorded && done.length > 0)) this.#unseen.delete(key(target));
    }
    this.#record(program, state);
  }

  /**
   * Whether there was a rotation that the state cannot record: one executed after the client's timeout, or one of a
   * crashed part whose trigger was then reverted. Only a refresh detects that the tokens it invalidated are rejected.
   */
  get needsRefresh(): boolean {
    return this.#isLate || this.#unseen.size > 0;
  }

  /**
   * Whether the resource has rotated or adopted this target; with "all", whoever is gone is none of its members any more. A program that
   * was never saved may name a list instead, and a name in it that never existed.
   */
  hasSeen(target: Target, program: Program): boolean {
    const was = this.#recorded?.program;
    return (was !== undefined && isAll(was) && isAll(program)) || this.#seen.has(key(target));
  }

  /** A refresh has tried every token. */
  refreshed(): void {
    this.#unseen.clear();
    this.#isLate = false;
  }

  /** With "all", a refresh drops whoever is gone: the name in a later list is a new one. */
  refreshedMembers(): void {
    if (this.#recorded === undefined || !isAll(this.#recorded.program)) return;
    for (const target of targetsOf(this.#recorded.program))
      if (!this.organization.exists(target)) this.#seen.delete(key(target));
  }

  /** The resource was deleted: a new one starts without history. */
  forget(): void {
    this.#recorded = undefined;
    this.#work.clear();
    this.#known.clear();
    this.#seen.clear();
  }

  #record(
    program: Program,
    { rotatedAt, createdAt, rotations, failures, pending = {} }: RotationState,
  ): void {
    const isSame = this.#recorded !== undefined && identity(this.#recorded.program) === identity(program);
    if (!isSame) {
      // a new resource starts without history, also of what the one before left to do
      this.#seen.clear();
      this.#known.clear();
    }
    for (const [name, work] of this.#work) this.#known.set(name, work);
    this.#work = new Map();
    for (const target of targetsOf(program)) {
      const left = pending[target.name];
      const wasSeen = left?.status === "not-rotated" && left.wasSeen === true;
      if (wasSeen || rotations[target.name] !== undefined || failures[target.name] === undefined)
        this.#seen.add(key(target));
    }
    const was = isSame ? this.#recorded?.trigger : undefined;
    const is = program.rotation.trigger;
    const isHeld = program.rotation.suspend === true && was !== undefined && is !== undefined;
    this.#recorded = { program, trigger: isHeld ? was : is, ageFrom: Date.parse(rotatedAt ?? createdAt) };
  }

  #count(target: Target, { rotation }: Program, part: Part, rotates: Sent[], isCrash: boolean): void {
    const own = rotates.filter((sent) => sent.target && key(sent.target) === key(target));
    const work = this.#work.get(key(target));
    if (work === undefined) return;
    const limit = durationMs(rotation.verifyTimeout ?? "60s");
    for (const [i, { executed, lost, lateBy, at }] of own.entries()) {
      const before = own[i - 1];
      assert(
        !before?.lost || at - before.at >= limit,
        `rule 2: ${key(target)} was sent again after ${at - (before?.at ?? at)} ms`,
      );
      if (!executed) continue;
      work.done += 1;
      this.#isLate ||= lateBy > 0;
      const acceptedMs = lateBy + this.organization.rejectionDelay(target);
      const outlives = acceptedMs > limit + (lateBy > 0 ? TIMEOUT_MS : 0) - 10;
      const isProven = rotation.verify !== "off" && mayMint(part.circumstances.credentials, target.kind);
      const isSeen = isProven || this.#watched.has(key(target));
      if (isCrash) this.#unseen.add(key(target));
      if (isCrash || (lost && isSeen && outlives)) work.allowed += 1;
    }
    assert(
      work.done <= work.allowed,
      `rule 2: ${key(target)} was rotated ${work.done} times because ${work.reason}; at most ${work.allowed} allowed`,
    );
  }
}

import { rotationsOf, type Program, type RotationName } from "../schedule/program";
import type { Target } from "../../../src/values/scope";
import type { Engine, Step } from "../world/engine";
import type { ModelOrganization } from "../world/organization";
import { partOf } from "../world/part";
import type { Process } from "../world/process";
import type { Followers } from "./followers";
import { Oracle } from "./oracle";

/** Judges each TokenRotation of the program by what the run did for it alone. */
export class Rotations {
  readonly #oracles: Record<RotationName, Oracle>;
  #programs: Partial<Record<RotationName, Program>> = {};
  /** The first request of the resource that the engine has come to. */
  #from = 0;

  constructor(
    organization: ModelOrganization,
    private readonly followers: Followers,
  ) {
    this.#oracles = { rotation: new Oracle(organization), beside: new Oracle(organization) };
  }

  /** Before an `up`. */
  begin(program: Program, { state }: Engine, now: number): void {
    this.#from = 0;
    this.#programs = rotationsOf(program);
    for (const [name, each] of this.#entries()) this.#oracles[name].begin(each, state.get(name), now);
  }

  /**
   * After each resource's step, or a crash in it.
   *
   * @param name the resource
   */
  async judge(
    name: string | undefined,
    process: Process,
    step: Step | undefined,
    { state }: Engine,
    times: { now: number; skewMs: number },
  ): Promise<void> {
    const part = partOf(process, this.#from);
    this.#from = process.sent.length;
    const [of, program] = this.#entries().find(([each]) => each === name) ?? [];
    if (of === undefined || program === undefined) return;
    if (step !== undefined && step.error === undefined)
      this.followers.note(of, part.sent, step.did === "created" || step.did === "replaced");
    // without verification, nobody tries the tokens of the other resource
    const isRotated = part.sent.some(({ kind }) => kind === "rotate");
    if (isRotated && program.rotation.verify === "off" && "beside" in this.#programs)
      this.followers.mayBeDead();
    if (isRotated) await this.followers.noteDying(state);
    await this.#oracles[of].judge(program, part, step, state.get(of), times);
  }

  /** A resource was deleted: a new one starts without history. */
  forget(name: string): void {
    if (name in this.#oracles) this.#oracles[name as RotationName].forget();
  }

  /** With "all", a refresh drops whoever is gone. */
  refreshedMembers(): void {
    for (const oracle of Object.values(this.#oracles)) oracle.refreshedMembers();
  }

  /** A refresh has tried every token. */
  refreshed(): void {
    for (const oracle of Object.values(this.#oracles)) oracle.refreshed();
  }

  /** Whether there was a rotation that no state can record. */
  get needsRefresh(): boolean {
    return Object.values(this.#oracles).some((each) => each.needsRefresh);
  }

  /** Whether a rotation by age is due but waits for an unfinished one. */
  get isDeferred(): boolean {
    return this.#oracles.rotation.isDeferred;
  }

  /** Whether the first resource has rotated or adopted this target. */
  hasSeen(target: Target, program: Program): boolean {
    return this.#oracles.rotation.hasSeen(target, program);
  }

  #entries(): [RotationName, Program][] {
    return Object.entries(this.#programs) as [RotationName, Program][];
  }
}

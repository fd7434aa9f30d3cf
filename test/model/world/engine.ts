import { UNKNOWN } from "../../../src/core/unknown";
import { readRotationState, type RotationState } from "../../../src/rotation/state";
import { canonicalJson } from "../../../src/values/json";
import { summarise } from "../../../src/values/failures";
import { Crashed } from "./caller";
import { logicIn, type Host, type Logic, type ResourceType } from "./host";
import type { Process } from "./process";

export type Properties = Record<string, unknown>;

/** A resource as the program declares it. Its inputs may depend on the outputs of other resources. */
export interface DeclaredResource {
  name: string;
  type: ResourceType;
  inputs: (outputsOf: (name: string) => Properties) => Properties;
}

/** A resource as the state file keeps it. */
export interface SavedResource {
  type: ResourceType;
  id: string;
  inputs: Properties;
  outputs: Properties;
}

/** The state of a TokenRotation, as its logic reads what the state file keeps. */
export const rotationStateOf = ({ id, outputs }: SavedResource): RotationState =>
  readRotationState(id, outputs);

export interface Step {
  name: string;
  did: "created" | "updated" | "replaced" | "nothing" | "failed" | "refreshed" | "gone";
  /** Why the engine did not save it. It skips what depends on it. */
  error?: Error;
  /** Why the run fails although the resource was saved: the resource class throws this once the outputs are known. */
  complaint?: string;
}

/** A model of Pulumi's engine as a provider sees it: the order of its calls, and what it saves of the results. */
export class Engine {
  readonly state = new Map<string, SavedResource>();

  constructor(private readonly host: Host) {}

  /** Calls `check` and `diff` only. */
  async preview(program: DeclaredResource[], process: Process): Promise<Error | undefined> {
    const planned = new Map<string, Properties>();
    for (const resource of program) {
      const saved = this.state.get(resource.name);
      const news = resource.inputs((name) => planned.get(name) ?? {});
      const inputs = await this.#check(resource, saved?.inputs ?? {}, news, process);
      if (inputs instanceof Error) return inputs;
      const diff =
        saved && (await process.run(() => this.#logic(saved.type, process).diff(saved.outputs, inputs)));
      const isReplaced = diff !== undefined && diff.replaces.length > 0;
      if (isReplaced) await this.#check(resource, {}, news, process);
      const isStill = saved !== undefined && diff?.changes === false;
      const unknown = { rotationId: UNKNOWN, rotations: UNKNOWN, rotatedAt: UNKNOWN, token: UNKNOWN };
      planned.set(resource.name, isStill ? saved.outputs : { ...inputs, ...unknown });
    }
    return undefined;
  }

  /**
   * Creates or updates the resources in the program's order, and saves the state after each. Stops at a failure, but not at
   * a complaint. A program that fails deletes nothing.
   *
   * @param onStep is called after each resource
   */
  async up(
    program: DeclaredResource[],
    process: Process,
    onStep: (step: Step) => Promise<void> = () => Promise.resolve(),
  ): Promise<Step[]> {
    const steps: Step[] = [];
    for (const resource of program) {
      const step = await this.#apply(resource, process, steps.length);
      steps.push(step);
      await onStep(step);
      if (step.error) return steps;
    }
    if (steps.some(({ complaint }) => complaint !== undefined)) return steps;
    for (const name of this.state.keys())
      if (!program.some((resource) => resource.name === name)) this.#delete(name);
    return steps;
  }

  async refresh(process: Process): Promise<Step[]> {
    const steps: Step[] = [];
    for (const [name, saved] of [...this.state]) {
      const result = await process.run(() => this.#logic(saved.type, process).read(saved.id, saved.outputs));
      process.crashAtSave(steps.length);
      if (result.gone) this.state.delete(name);
      else this.#save(name, { ...saved, outputs: result.state });
      steps.push({ name, did: result.gone ? "gone" : "refreshed" });
    }
    return steps;
  }

  destroy(): void {
    for (const name of [...this.state.keys()].reverse()) this.#delete(name);
  }

  async #apply(resource: DeclaredResource, process: Process, index: number): Promise<Step> {
    const { name, type } = resource;
    const saved = this.state.get(name);
    const news = resource.inputs((other) => this.state.get(other)?.outputs ?? {});
    const inputs = await this.#check(resource, saved?.inputs ?? {}, news, process);
    if (inputs instanceof Error) return { name, did: "failed", error: inputs };
    if (saved === undefined) return this.#create(resource, inputs, "created", process, index);
    const provider = this.#logic(type, process);
    const diff = await process.run(() => provider.diff(saved.outputs, inputs));
    if (diff.changes && diff.replaces.length > 0) {
      const anew = await this.#check(resource, {}, news, process);
      if (anew instanceof Error) return { name, did: "failed", error: anew };
      return this.#create(resource, anew, "replaced", process, index);
    }
    if (!diff.changes) {
      this.#save(name, { ...saved, inputs });
      return { name, did: "nothing", ...complaintOf(saved) };
    }
    return this.#execute(name, "updated", process, index, async () => {
      const outputs = await process.run(() => provider.update(saved.outputs, inputs));
      return { ...saved, inputs, outputs };
    });
  }

  #create(
    resource: DeclaredResource,
    inputs: Properties,
    did: Step["did"],
    process: Process,
    index: number,
  ): Promise<Step> {
    return this.#execute(resource.name, did, process, index, async () => {
      const { id, state } = await process.run(() => this.#logic(resource.type, process).create(inputs));
      return { type: resource.type, id, inputs, outputs: state };
    });
  }

  async #execute(
    name: string,
    did: Step["did"],
    process: Process,
    index: number,
    act: () => Promise<SavedResource>,
  ): Promise<Step> {
    try {
      const saved = await act();
      process.crashAtSave(index);
      this.#save(name, saved);
      return { name, did, ...complaintOf(saved) };
    } catch (error) {
      if (error instanceof Crashed || !(error instanceof Error)) throw error;
      return { name, did: "failed", error };
    }
  }

  async #check(
    { type }: DeclaredResource,
    olds: Properties,
    news: Properties,
    process: Process,
  ): Promise<Properties | Error> {
    const { additions, problems } = await process.run(() => this.#logic(type, process).check(olds, news));
    if (problems.length > 0) return new Error(problems.map(({ reason }) => reason).join(" "));
    return { ...news, ...additions };
  }

  /** The state file is JSON: values that JSON cannot represent are lost. The engine sorts the names in it. */
  #save(name: string, saved: SavedResource): void {
    this.state.set(name, JSON.parse(canonicalJson(saved)) as SavedResource);
  }

  #logic(type: ResourceType, process: Process): Logic {
    return logicIn(this.host, type, process);
  }

  #delete(name: string): void {
    this.state.delete(name);
  }
}

/** As the class TokenRotation does it. */
function complaintOf({ outputs }: SavedResource): Pick<Step, "complaint"> {
  const complaint = summarise((outputs["failures"] ?? {}) as Record<string, string>);
  return complaint === undefined ? {} : { complaint };
}

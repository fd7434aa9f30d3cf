import type { Subject } from "../values/scope";

/** The properties of a resource as the engine passes them, without what belongs to the host. */
export type Properties = Record<string, unknown>;

export interface CheckProblem {
  property: string;
  reason: string;
}

export interface CheckResult {
  /** Inputs to add to those of the program. */
  additions: Properties;
  problems: CheckProblem[];
}

export interface DiffResult {
  changes: boolean;
  replaces: string[];
}

export type ReadResult<State> = { gone: true } | { gone: false; state: State };

/** What the program declares, with its scope parsed once. */
export interface Declared<Inputs> {
  subject: Subject;
  inputs: Inputs;
}

/** What a preview knows of the program: the scope or the organization may not be known yet. */
export interface Planned<Inputs> {
  subject: Subject | undefined;
  inputs: Inputs;
}

/** What the stack's state keeps of a resource, with its scope parsed once. */
export interface Saved<State> {
  subject: Subject;
  state: State;
}

/** The life of a resource, whatever host runs it. */
export interface Lifecycle<Inputs, State> {
  check(olds: Properties, news: Properties): Promise<CheckResult>;
  diff(old: Saved<State>, wanted: Planned<Inputs>): Promise<DiffResult>;
  create(wanted: Declared<Inputs>): Promise<State>;
  /** The outputs that create or update would return, as far as they are known before; `UNKNOWN` stands for the rest. */
  preview(old: Saved<State> | undefined, wanted: Planned<Inputs>): Properties;
  read(saved: Saved<State>): Promise<ReadResult<State>>;
  update(old: Saved<State>, wanted: Declared<Inputs>): Promise<State>;
  /** What to log when the resource leaves the stack. A delete does nothing else. */
  farewell(id: string, state: Partial<State>): string;
}

/**
 * The error of a state that this version cannot read.
 *
 * @param version what the state says of itself
 */
export const unreadableState = (id: string, version: unknown): Error =>
  new Error(
    `Reading the state of ${id}: its stateVersion is ${JSON.stringify(version) ?? "missing"}, and this version of pulumi-turso-tokens reads 1. Nothing was changed. Install the version that wrote the state, or a newer one.`,
  );

/** A saved state with these properties as the objects that their JSON texts hold. @throws an error that says what to do */
export function withTextsParsed(id: string, props: Properties, texts: readonly string[]): Properties {
  const parsed = { ...props };
  for (const key of texts) {
    const text = props[key];
    if (typeof text !== "string") continue;
    try {
      parsed[key] = JSON.parse(text);
    } catch {
      throw new Error(
        `Reading the state of ${id}: it is damaged: ${key} is not JSON. Nothing was changed. Restore an earlier state with \`pulumi stack import\`.`,
      );
    }
  }
  return parsed;
}

import type { Context } from "../../core/context";
import type {
  CheckResult,
  Declared,
  DiffResult,
  Lifecycle,
  Planned,
  Properties,
  ReadResult,
  Saved,
} from "../../core/protocol";
import { hasUnknown } from "../../core/unknown";
import { RotationLifecycle } from "../../rotation/lifecycle";
import {
  SECRETS as ROTATION_SECRETS,
  TEXTS as ROTATION_TEXTS,
  readRotationState,
  type Declaration,
  type RotationState,
} from "../../rotation/state";
import { TokenLifecycle } from "../../token/lifecycle";
import {
  SECRETS as TOKEN_SECRETS,
  readTokenState,
  type TokenInputs,
  type TokenState,
} from "../../token/state";
import { describeUnfinished } from "../../values/failures";
import { parseId, parseSubject, type Scope } from "../../values/scope";
import type { Forms } from "./values";

/** What every resource has in its inputs and its state. */
export interface Scoped {
  scope: Scope;
  organization: string;
}

/** A resource as any host calls it: with the engine's plain properties, in which unknown values are `UNKNOWN`. */
export interface Resource<Inputs, State extends object> {
  check(olds: Properties, news: Properties): Promise<CheckResult>;
  diff(olds: State, news: Inputs): Promise<DiffResult>;
  create(news: Inputs): Promise<{ id: string; state: State }>;
  /** @param olds undefined before a create. @returns an id only if the scope is known */
  preview(olds: State | undefined, news: Inputs): { id: string | undefined; state: Properties };
  read(id: string, props: Partial<State>): Promise<ReadResult<State>>;
  update(olds: State, news: Inputs): Promise<State>;
  farewell(id: string, state: Partial<State>): string;
  /** What failed in a run whose other results are kept; undefined if nothing did. */
  unfinished(state: State): string | undefined;
  forms: Forms<State>;
}

const ROTATION_FORMS: Forms<RotationState> = { secrets: ROTATION_SECRETS, texts: ROTATION_TEXTS };
const TOKEN_FORMS: Forms<TokenState> = { secrets: TOKEN_SECRETS, texts: [] };

export const rotationResource = (context: Context): Resource<Declaration, RotationState> => ({
  ...resource(new RotationLifecycle(context), ROTATION_FORMS, readRotationState, (named) =>
    RotationLifecycle.found(parseSubject(named), named, context.clock()),
  ),
  unfinished: (state) => describeUnfinished(parseSubject(state).id, state.failures),
});

export const tokenResource = (context: Context): Resource<TokenInputs, TokenState> =>
  resource(new TokenLifecycle(context), TOKEN_FORMS, readTokenState, (named, { token }, id) => {
    if (token !== undefined) return TokenLifecycle.found(named, token, context.clock());
    throw new Error(
      `Reading the token of ${id}: Turso does not return existing tokens, so pass it in: AuthToken.get(name, id, { token }). Nothing was changed.`,
    );
  });

/**
 * Parses each resource's scope and state once, so that a lifecycle never does.
 *
 * @param readState reads a state of any version
 * @param found the state of what `get` names by its id
 */
function resource<Inputs extends Scoped, State extends Scoped>(
  lifecycle: Lifecycle<Inputs, State>,
  forms: Forms<State>,
  readState: (id: string, props: Properties) => State,
  found: (named: Scoped, props: Partial<State>, id: string) => State,
): Resource<Inputs, State> {
  const saved = (state: State): Saved<State> => {
    const subject = parseSubject(state);
    return { subject, state: readState(subject.id, state as object as Properties) };
  };
  const declared = (inputs: Inputs): Declared<Inputs> => ({ subject: parseSubject(inputs), inputs });
  const planned = (inputs: Inputs): Planned<Inputs> =>
    hasUnknown([inputs.scope, inputs.organization]) ? { subject: undefined, inputs } : declared(inputs);
  return {
    check: (olds, news) => lifecycle.check(olds, news),
    diff: async (olds, news) => lifecycle.diff(saved(olds), planned(news)),
    create: async (news) => {
      const wanted = declared(news);
      return { id: wanted.subject.id, state: await lifecycle.create(wanted) };
    },
    preview: (olds, news) => {
      const wanted = planned(news);
      const state = lifecycle.preview(olds && saved(olds), wanted);
      return { id: wanted.subject?.id, state };
    },
    read: async (id, props) => {
      const isSaved = props.scope !== undefined && props.organization !== undefined;
      return lifecycle.read(saved(isSaved ? (props as State) : found(named(id), props, id)));
    },
    update: async (olds, news) => lifecycle.update(saved(olds), declared(news)),
    farewell: (id, state) => lifecycle.farewell(id, state),
    unfinished: () => undefined,
    forms,
  };
}

/** The scope that an id names, for `get`. */
function named(id: string): Scoped {
  const parsed = parseId(id);
  if (parsed) return parsed;
  throw new Error(
    `Reading "${id}": an id looks like acme/groups/default or acme/databases/app. Nothing was changed.`,
  );
}

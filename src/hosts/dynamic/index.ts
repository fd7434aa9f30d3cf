/**
 * The dynamic host: what Pulumi's provider process calls, by this module's name. It translates between the engine's
 * values and the logic's, and holds no logic of its own.
 */
import { sameJson } from "../../values/json";
import { readSettings, type Settings } from "../../turso/connection";
import { TursoError } from "../../turso/errors";
import { AuthTokenLogic } from "../../token/lifecycle";
import {
  Context,
  SavedError,
  type CheckProblem,
  type CheckResult,
  type DiffResult,
  type ReadResult,
} from "../../core/context";
import { isEngine, isEngineThere } from "./engine";
import { layOut, terminalWidth } from "./layout";
import type { RotationInputs, RotationState } from "../../rotation/state";
import { TokenRotationLogic } from "../../rotation/lifecycle";
import type { TokenInputs, TokenState } from "../../token/state";
import { UNKNOWN } from "../../core/unknown";

type Properties = Record<string, unknown>;

/** What the engine sends in a preview for a value that it does not know yet. */
const ENGINE_UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const PROVIDER_KEY = "__provider";

/** Config as the engine gives it, secrets in clear, in this process alone. */
let config: { get(key: string): unknown } | undefined;

/** One for all resources of a run, so that each thing is told once. */
let context: { settings: Settings; of: Context } | undefined;

/** What the engine passed as this process's last argument. */
const ENGINE = process.argv.at(-1);
const WIDTH = isEngine(ENGINE) ? terminalWidth() : undefined;

const tell = (message: string): void => console.log(layOut(message, WIDTH));

/** Settings are read when a method runs, since configure must not fail: the engine never calls it twice. */
function contextOrProblem(): Context | CheckResult["problems"][number] {
  const settings = readSettings((key) => config?.get(key), process.env);
  if ("problem" in settings) return { property: settings.property, reason: settings.problem };
  if (context === undefined || !sameJson(context.settings, settings)) {
    const isWanted = () => isEngineThere(ENGINE);
    context = { settings, of: new Context({ settings, clock: () => new Date(), tell, isWanted }) };
  }
  return context.of;
}

/** The life of a resource, as the logic sees it. */
interface Logic<Inputs, State> {
  check(olds: Properties, news: Properties): Promise<CheckResult>;
  diff(olds: State, news: Inputs): Promise<DiffResult>;
  create(news: Inputs): Promise<{ id: string; state: State }>;
  read(id: string, state: Partial<State>): Promise<ReadResult<State>>;
  update(olds: State, news: Inputs): Promise<State>;
}

/** A resource's provider, in the form in which Pulumi's provider process calls it. */
function host<Inputs extends object, State extends object>(
  make: (context: Context) => Logic<Inputs, State>,
  farewell: (id: string, state: Partial<State>) => string,
) {
  const logic = (): Logic<Inputs, State> => {
    const found = contextOrProblem();
    if (!(found instanceof Context)) throw new Error(found.reason);
    return make(found);
  };
  return {
    configure(request: { config: { get(key: string): unknown } }): void {
      config = request.config;
    },

    async check(
      olds: Properties,
      news: Properties,
    ): Promise<{ inputs: Properties; failures: CheckResult["problems"] }> {
      const found = contextOrProblem();
      if (!(found instanceof Context)) return { inputs: news, failures: [forPerson(found)] };
      const { additions, problems } = await make(found).check(fromEngine(olds), fromEngine(news));
      return { inputs: { ...news, ...toEngine(additions) }, failures: problems.map(forPerson) };
    },

    diff(_id: string, olds: Properties, news: Properties): Promise<DiffResult> {
      return logic().diff(fromEngine<State>(olds), fromEngine<Inputs>(news));
    },

    async create(news: Properties): Promise<{ id: string; outs: object }> {
      const { id, state } = await saving(news, () => logic().create(fromEngine<Inputs>(news)));
      return { id, outs: state };
    },

    async read(id: string, props: Properties): Promise<{ id?: string; props?: object }> {
      const result = await telling(() => logic().read(id, fromEngine<Partial<State>>(props)));
      return result.gone ? {} : { id, props: result.state };
    },

    async update(_id: string, olds: Properties, news: Properties): Promise<{ outs: object }> {
      return {
        outs: await saving(news, () => logic().update(fromEngine<State>(olds), fromEngine<Inputs>(news))),
      };
    },

    delete(id: string, props: Properties): Promise<void> {
      tell(farewell(id, fromEngine<Partial<State>>(props)));
      return Promise.resolve();
    },
  };
}

export const tokenRotation = host<RotationInputs, RotationState>(
  (found) => new TokenRotationLogic(found),
  (id) => TokenRotationLogic.farewell(id),
);

export const authToken = host<TokenInputs, TokenState>(
  (found) => new AuthTokenLogic(found),
  (id, state) => AuthTokenLogic.farewell(id, state),
);

/** Gives an error that carries state the form in which the engine saves it. */
function saving<T>(news: Properties, act: () => Promise<T>): Promise<T> {
  return telling(act, (error, message) => {
    const properties = { ...error.state, [PROVIDER_KEY]: news[PROVIDER_KEY] };
    return { id: error.id, properties, reasons: [message] };
  });
}

/** Lays out what an error says, and leaves out the stack trace, which the provider process would print with it. */
async function telling<T>(
  act: () => Promise<T>,
  saved: (error: SavedError, message: string) => object = () => ({}),
): Promise<T> {
  try {
    return await act();
  } catch (error) {
    // any other kind is a mistake of this package's, for which the trace is wanted
    const isAnswer = error instanceof TursoError || error instanceof SavedError;
    if (!isAnswer && !(error instanceof Error && error.name === "Error")) throw error;
    const message = layOut(error.message, WIDTH);
    throw Object.assign(
      new Error(message),
      { stack: "" },
      error instanceof SavedError && saved(error, message),
    );
  }
}

/** The engine writes a long beginning before the reason, so that starts on a line of its own. */
const forPerson = ({ property, reason }: CheckProblem): CheckProblem => ({
  property,
  reason: WIDTH === undefined ? reason : `\n${layOut(reason, WIDTH)}`,
});

/** What the engine gives has passed check, or was returned by this provider. */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- a cast, in the one place for it
function fromEngine<T = Properties>(props: Properties): T {
  const own = Object.fromEntries(Object.entries(props).filter(([key]) => key !== PROVIDER_KEY));
  return mapDeep(own, (value) => (value === ENGINE_UNKNOWN ? UNKNOWN : value)) as T;
}

const toEngine = (props: Properties): Properties =>
  mapDeep(props, (value) => (value === UNKNOWN ? ENGINE_UNKNOWN : value)) as Properties;

function mapDeep(value: unknown, map: (leaf: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map((member) => mapDeep(member, map));
  if (typeof value !== "object" || value === null) return map(value);
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, mapDeep(member, map)]));
}

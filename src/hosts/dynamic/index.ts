/**
 * The dynamic host: what Pulumi's provider process calls, by this module's name. It translates between the engine's
 * values and the resources', and contains no logic of its own.
 */
import type * as pulumi from "@pulumi/pulumi";
import { Context } from "../../core/context";
import type { CheckProblem, Properties } from "../../core/protocol";
import type { Declaration, RotationState } from "../../rotation/state";
import type { TokenInputs, TokenState } from "../../token/state";
import { DEFAULT_API_URL, readSettings, type Settings } from "../../turso/connection";
import { TursoError } from "../../turso/errors";
import { sameJson } from "../../values/json";
import { rotationResource, tokenResource, type Resource } from "../shared/resource";
import { fromEngine, toEngine, withSecrets } from "../shared/values";
import { endWithEngine, isEngineThere } from "./engine";
import { engineLog } from "./log";

const PROVIDER_KEY = "__provider";

/** Config as the engine passes it, secrets in clear, in this process alone. */
let config: { get(key: string): unknown } | undefined;

/** One for all resources of a run, so that each message is shown once. */
let context: { settings: Settings; of: Context; ofRefresh: Context } | undefined;

/** Whether the engine has checked a resource: it does so before any other call, except in a refresh. */
let runsProgram = false;

/** The engine's address: the process's last argument. */
const ENGINE = process.argv.at(-1);
endWithEngine(ENGINE);
const log = engineLog(ENGINE);

/** Settings are read when a method runs, because configure must not fail: the engine never calls it twice. */
function contextOrProblem(): Context | CheckProblem {
  const settings = readSettings((key) => config?.get(key), process.env);
  if ("problem" in settings) return { property: settings.property, reason: settings.problem };
  if (context === undefined || !sameJson(context.settings, settings)) {
    const notify = log.notify;
    const isCallerAlive = () => isEngineThere(ENGINE);
    const environment = { settings, clock: () => new Date(), notify, isCallerAlive };
    const ofRefresh = new Context({ ...environment, isQuiet: true });
    context = { settings, of: new Context(environment), ofRefresh };
  }
  return context.of;
}

function requireContext(): Context {
  const found = contextOrProblem();
  if (!(found instanceof Context)) throw new Error(found.reason);
  return found;
}

/** For the comparison of a refresh. */
const refreshContext = (): Context => {
  const run = requireContext();
  return context?.ofRefresh ?? run;
};

/** For a delete, which only logs a message: invalid settings must not keep a resource in the stack. */
const offline = new Context({
  settings: {
    apiUrl: DEFAULT_API_URL,
    apiToken: undefined,
    apiTokenOrigin: "no settings",
    organization: undefined,
    organizationIsConfigured: false,
  },
  clock: () => new Date(),
  notify: log.notify,
});

type Host = Required<pulumi.dynamic.ResourceProvider<Properties, Properties>>;

/** A resource's provider, in the form in which Pulumi's provider process calls it. */
function host<Inputs extends object, State extends object>(
  make: (context: Context) => Resource<Inputs, State>,
): Host {
  const resource = (): Resource<Inputs, State> => make(requireContext());
  return {
    configure(request) {
      config = request.config;
      return Promise.resolve();
    },

    check(olds, news) {
      runsProgram = true;
      return finishing(async () => {
        const found = contextOrProblem();
        if (!(found instanceof Context)) return { inputs: news, failures: unnamed([found]) };
        const { additions, problems } = await make(found).check(own(olds), own(news));
        return { inputs: { ...news, ...toEngine(additions) }, failures: unnamed(problems) };
      });
    },

    diff(_id, olds, news) {
      // a refresh compares too, but no update follows that a message could announce
      const of = runsProgram ? resource : () => make(refreshContext());
      return finishing(() => of().diff(own(olds), own(news)));
    },

    create(news) {
      return finishing(async () => {
        const made = resource();
        const { id, state } = await made.create(own(news));
        return { id, outs: withSecrets(state, made.secrets) };
      });
    },

    read(id, props = {}) {
      return finishing(async () => {
        const made = resource();
        const result = await made.read(id, own<Partial<State>>(props));
        return result.gone ? {} : { id, props: withSecrets(result.state, made.secrets) };
      });
    },

    update(_id, olds, news) {
      return finishing(async () => {
        const made = resource();
        return { outs: withSecrets(await made.update(own(olds), own(news)), made.secrets) };
      });
    },

    delete(id, props) {
      return finishing(() => {
        // the delete half of a replacement, after its rotation: what a delete does would read as what the run did
        if (context?.of.ledger.hasRotated(id) !== true)
          log.notify("info", make(offline).farewell(id, own<Partial<State>>(props)));
        return Promise.resolve();
      });
    },
  };
}

export const tokenRotation: Host = host<Declaration, RotationState>(rotationResource);

export const authToken: Host = host<TokenInputs, TokenState>(tokenResource);

/** The reasons name their arguments; with a name, Pulumi would put `property trigger value {<nil>}` before each sentence. */
const unnamed = (problems: readonly CheckProblem[]): pulumi.dynamic.CheckFailure[] =>
  problems.map(({ reason }) => ({ property: "", reason }));

/** The properties without Pulumi's own. */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- a cast, in the one place for it
function own<T = Properties>(props: Properties): T {
  return fromEngine<T>(Object.fromEntries(Object.entries(props).filter(([key]) => key !== PROVIDER_KEY)));
}

/**
 * Delivers all messages before the method ends, and gives errors the form that the engine expects: without a stack trace,
 * which the provider process would print.
 */
async function finishing<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    // any other kind is a bug of this package, for which the trace is useful
    if (!(error instanceof TursoError) && !(error instanceof Error && error.name === "Error")) throw error;
    throw Object.assign(new Error(error.message), { stack: "" });
  } finally {
    await log.flush();
  }
}

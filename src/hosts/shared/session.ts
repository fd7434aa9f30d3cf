import { Context } from "../../core/context";
import type { CheckProblem } from "../../core/protocol";
import { DEFAULT_API_URL, readSettings, type ConfigNamespace, type Settings } from "../../turso/connection";
import { sameJson } from "../../values/json";
import type { Log } from "./log";

/** What a host passes to the resources of its process. */
export interface Surroundings {
  configNamespace: ConfigNamespace;
  /** Reads a full key of the stack's config, with secrets in clear. */
  config: (key: string) => unknown;
  log: Log;
  /** Whether this host has to show what failed in a run. With the dynamic one, the program's own error shows it. */
  showsFailures: boolean;
  /** Whether the engine that called is still there and has not cancelled the run. */
  isCallerAlive: () => Promise<boolean>;
}

/** One run of the engine, as all resources of a provider process see it. */
export class Session {
  /** One for all resources, so that each message is shown once. */
  #contexts: { settings: Settings; ofRun: Context; ofRefresh: Context } | undefined;
  /** Whether the engine has checked a resource: it does so before any other call, except in a refresh. */
  #runsProgram = false;

  constructor(private readonly surroundings: Surroundings) {}

  get log(): Log {
    return this.surroundings.log;
  }

  get showsFailures(): boolean {
    return this.surroundings.showsFailures;
  }

  /** Settings are read when a method runs, because an engine that met an error in `configure` never calls it again. */
  contextOrProblem(): Context | CheckProblem {
    const { configNamespace, config, log, isCallerAlive } = this.surroundings;
    const settings = readSettings(config, process.env, configNamespace);
    if ("problem" in settings) return { property: settings.property, reason: settings.problem };
    if (this.#contexts === undefined || !sameJson(this.#contexts.settings, settings)) {
      const environment = { settings, clock: () => new Date(), notify: log.notify, isCallerAlive };
      const ofRefresh = new Context({ ...environment, isQuiet: true });
      this.#contexts = { settings, ofRun: new Context(environment), ofRefresh };
    }
    return this.#contexts.ofRun;
  }

  /** @throws an error that says which setting is invalid */
  requireContext(): Context {
    const found = this.contextOrProblem();
    if (!(found instanceof Context)) throw new Error(found.reason);
    return found;
  }

  /** A refresh compares too, but no update follows that a message could announce. */
  contextOfDiff(): Context {
    const run = this.requireContext();
    return this.#runsProgram ? run : (this.#contexts?.ofRefresh ?? run);
  }

  programRuns(): void {
    this.#runsProgram = true;
  }

  /** Whether this process has rotated the target that the id names. */
  hasRotated(id: string): boolean {
    return this.#contexts?.ofRun.ledger.hasRotated(id) === true;
  }

  /** For a delete, which only logs a message: invalid settings must not keep a resource in the stack. */
  get offline(): Context {
    return new Context({
      settings: {
        apiUrl: DEFAULT_API_URL,
        apiToken: undefined,
        apiTokenOrigin: "no settings",
        organization: undefined,
        organizationIsConfigured: false,
      },
      clock: () => new Date(),
      notify: this.log.notify,
    });
  }
}

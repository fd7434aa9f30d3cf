import { TursoClient } from "../turso/client";
import type { Settings } from "../turso/connection";
import { RateLimit } from "../turso/rate-limit";
import type { RetryPolicy } from "../turso/retry-policy";
import { nameProblem } from "../values/scope";
import { LookupCache, type Lookups } from "./lookup-cache";
import type { CheckProblem } from "./protocol";
import { RunLedger } from "./run-ledger";
import { UNKNOWN } from "./unknown";

/**
 * How a message is shown: `warning` for what a person should worry about, `info` for what happens or will happen, `progress` for
 * how far it is, which need not stay on the screen.
 */
export type Level = "info" | "warning" | "progress";

/** What the lifecycles need from outside; tests inject their own clock and logger. */
export interface Environment {
  settings: Settings;
  clock: () => Date;
  /** Shows a sentence to the person who runs the program. */
  notify: (level: Level, text: string) => void;
  retryPolicy?: Partial<RetryPolicy>;
  /** Whether messages are suppressed. Then nothing is looked up for them either. */
  isQuiet?: boolean;
  /** Whether the caller that asked for this run is still there. The default is yes. */
  isCallerAlive?: () => Promise<boolean>;
}

/** What the lifecycles of both resources share in one run. */
export class Context {
  readonly clock: () => Date;
  readonly isQuiet: boolean;
  readonly ledger = new RunLedger();
  /** Whether the data plane said nothing about the last token that was tried. */
  isDataPlaneSilent = false;
  private readonly cache = new LookupCache();
  /** One gate for all requests of the run: a limit that one of them meets holds for the others. */
  private readonly rateLimit = new RateLimit();
  private readonly notified = new Set<string>();

  constructor(private readonly environment: Environment) {
    this.clock = environment.clock;
    this.isQuiet = environment.isQuiet ?? false;
  }

  /** Shows each thing once in a run. @param key names the thing, whatever words describe it */
  readonly notify = (level: Level, text: string, key: string): void => {
    if (this.isQuiet || this.notified.has(key)) return;
    this.notified.add(key);
    this.environment.notify(level, text);
  };

  /** Whether the API token comes from stack config; a refresh then uses that of the last `up`. */
  get hasConfiguredToken(): boolean {
    return this.environment.settings.apiTokenOrigin.startsWith("stack config");
  }

  client(organization: string, policy: Partial<RetryPolicy> = {}): TursoClient {
    const { settings, retryPolicy, isCallerAlive = () => Promise.resolve(true) } = this.environment;
    const onRetry = (line: string) => this.notify("info", line, line);
    const hooks = { onRetry, isCallerAlive, rateLimit: this.rateLimit };
    return new TursoClient(settings, organization, hooks, { ...retryPolicy, ...policy });
  }

  /** What exists, from the API's answer moments ago or from a new request. */
  lookups(organization: string, policy?: Partial<RetryPolicy>): Lookups {
    return this.cache.through(this.client(organization, policy));
  }

  /** What exists now, for this question and for those after it. */
  freshLookups(organization: string): Lookups {
    return this.cache.through(this.client(organization), { isFresh: true });
  }

  /**
   * The argument, else stack config, else what the resource already has, else the environment: a machine's environment
   * never moves a resource that exists, because that would rotate a different organization's tokens.
   */
  resolveOrganization(
    argument: unknown,
    recorded: unknown,
  ): { organization: unknown; problems: CheckProblem[] } {
    const { organization, organizationIsConfigured, configNamespace } = this.environment.settings;
    const known = typeof recorded === "string" ? recorded : undefined;
    const resolved = argument ?? (organizationIsConfigured ? organization : (known ?? organization));
    if (resolved === undefined)
      return {
        organization: resolved,
        problems: [{ property: "organization", reason: missingOrganization(configNamespace) }],
      };
    const problem = resolved === UNKNOWN ? undefined : nameProblem("organization", resolved);
    return {
      organization: resolved,
      problems: problem === undefined ? [] : [{ property: "organization", reason: `${problem}.` }],
    };
  }
}

const missingOrganization = (configNamespace = "turso"): string =>
  `The organization is missing. Set it with \`pulumi config set ${configNamespace}:organization SLUG\`, in the environment as TURSO_ORGANIZATION, or as the argument \`organization\`.`;

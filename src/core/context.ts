import { nameProblem } from "../values/scope";
import { TursoClient } from "../turso/client";
import type { Settings } from "../turso/connection";
import type { Patience } from "../turso/transport";
import { Looks, type Looker } from "./lookup-cache";
import { Run } from "./run-ledger";
import { UNKNOWN } from "./unknown";

/** What the resources' logic needs from outside; a test gives it its own clock and ears. */
export interface Environment {
  settings: Settings;
  clock: () => Date;
  /** Shows a sentence to the person who runs the program. */
  tell: (message: string) => void;
  patience?: Partial<Patience>;
  /** Whether whoever asked for this run is still there; without it, they are. */
  isWanted?: () => Promise<boolean>;
}

export interface CheckProblem {
  property: string;
  reason: string;
}

export interface CheckResult {
  /** Inputs to add to those of the program. */
  additions: Record<string, unknown>;
  problems: CheckProblem[];
}

export interface DiffResult {
  changes: boolean;
  replaces: string[];
}

export type ReadResult<State> = { gone: true } | { gone: false; state: State };

/** A failure after which something is to be kept: the resource counts as failed, and the next `up` calls update. */
export class SavedError extends Error {
  constructor(
    readonly id: string,
    readonly state: object,
    message: string,
  ) {
    super(message);
    this.name = "SavedError";
  }
}

/** What the logic of both resources shares. */
export class Context {
  readonly clock: () => Date;
  readonly run = new Run();
  private readonly looks = new Looks();
  private readonly told = new Set<string>();

  constructor(private readonly environment: Environment) {
    this.clock = environment.clock;
  }

  /** Tells a person something, once. */
  readonly tell = (message: string): void => {
    if (this.told.has(message)) return;
    this.told.add(message);
    this.environment.tell(message);
  };

  /** Whether whoever asked for this run is still there. */
  readonly isWanted = (): Promise<boolean> => this.environment.isWanted?.() ?? Promise.resolve(true);

  client(organization: string, patience: Partial<Patience> = {}): TursoClient {
    const { settings } = this.environment;
    return new TursoClient(settings, organization, this.tell, { ...this.environment.patience, ...patience });
  }

  /** What exists, as the API said moments ago or says now. */
  looker(organization: string, patience?: Partial<Patience>): Looker {
    return this.looks.through(this.client(organization, patience));
  }

  /**
   * The argument, else stack config, else what the resource already has, else the environment: a machine's environment
   * never moves a resource that exists, since that would rotate somebody else's.
   */
  resolveOrganization(
    argument: unknown,
    recorded: unknown,
  ): { organization: unknown; problems: CheckProblem[] } {
    const { organization, organizationIsConfigured } = this.environment.settings;
    const known = typeof recorded === "string" ? recorded : undefined;
    const resolved = argument ?? (organizationIsConfigured ? organization : (known ?? organization));
    if (resolved === undefined)
      return {
        organization: resolved,
        problems: [{ property: "organization", reason: MISSING_ORGANIZATION }],
      };
    const problem = resolved === UNKNOWN ? undefined : nameProblem("organization", resolved);
    return {
      organization: resolved,
      problems: problem === undefined ? [] : [{ property: "organization", reason: `${problem}.` }],
    };
  }
}

const MISSING_ORGANIZATION =
  "The organization is missing: set it with `pulumi config set turso:organization SLUG`, in the environment as TURSO_ORGANIZATION, or as the argument `organization`.";

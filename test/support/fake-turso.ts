import assert from "node:assert/strict";
import { startEmulator, type Emulator, type FaultAction } from "../../emulator/src";
import { Context, type Environment, type Level } from "../../src/core/context";
import type { RotationInputs, RotationState } from "../../src/rotation/state";
import { rotationResource, type Resource } from "../../src/hosts/shared/resource";
import { TursoError } from "../../src/turso/errors";
import type { Settings } from "../../src/turso/connection";
import { RateLimit } from "../../src/turso/rate-limit";
import type { RetryPolicy } from "../../src/turso/retry-policy";
import type { RunHooks } from "../../src/turso/transport";

/** The time of the clock that tests inject. */
export const NOW = "2026-03-01T12:00:00.000Z";

/** Short enough for fast tests, and long enough for a busy machine. */
export const PATIENCE: RetryPolicy = {
  timeoutMs: 2_000,
  retries: 2,
  pauseMs: 1,
  longestPauseMs: 1_500,
  patienceMs: 1_500,
};

/** What the requests of a run share, for a client without a Context. Its caller is always there. */
export const hooks = (changes: Partial<RunHooks> = {}): RunHooks => ({
  onRetry: (line) => assert.fail(`unexpected retry: ${line}`),
  isCallerAlive: () => Promise.resolve(true),
  rateLimit: new RateLimit(),
  ...changes,
});

export const ORIGIN = "the environment's TURSO_API_TOKEN";

/**
 * An emulated Turso for the tests of a describe, whose log and faults are cleared before each test. It has the group
 * `default` with the databases `app` and `reports`, the group `solo` with `lone`, and the empty group `bare`.
 */
export class FakeTurso {
  /** All messages to the person who runs the program. */
  readonly messages: string[] = [];
  /** Those that the person should worry about. */
  readonly warnings: string[] = [];
  #emulator: Emulator | undefined;

  get emulator(): Emulator {
    assert(this.#emulator, "the emulator starts before the tests");
    return this.#emulator;
  }

  get url(): string {
    return this.emulator.url;
  }

  static use(): FakeTurso {
    const turso = new FakeTurso();
    before(async () => {
      const emulator = await startEmulator({ serverGeneration: "legacy-group" });
      turso.#emulator = emulator;
      for (const group of ["default", "solo", "bare"]) emulator.platform.createGroup(group);
      await emulator.platform.createDatabase("app", "default");
      await emulator.platform.createDatabase("reports", "default");
      await emulator.platform.createDatabase("lone", "solo");
    });
    beforeEach(() => {
      turso.emulator.clearLog();
      turso.emulator.clearFaults();
      turso.emulator.platform.rotations.length = 0;
      turso.forgetMessages();
    });
    after(() => turso.emulator.close());
    return turso;
  }

  /** Records a message. */
  readonly notify = (level: Level, text: string): void => {
    this.messages.push(text);
    if (level === "warning") this.warnings.push(text);
  };

  forgetMessages(): void {
    this.messages.length = 0;
    this.warnings.length = 0;
  }

  settings(changes: Partial<Settings> = {}): Settings {
    return {
      apiUrl: this.url,
      apiToken: this.emulator.apiToken,
      apiTokenOrigin: ORIGIN,
      organization: "acme",
      organizationIsConfigured: false,
      ...changes,
    };
  }

  /** The logic in a new process, which shares nothing with earlier ones except the state. */
  logic(
    settings: Partial<Settings> = {},
    environment: Partial<Environment> = {},
  ): Resource<RotationInputs, RotationState> {
    return rotationResource(this.context({ settings: this.settings(settings), ...environment }));
  }

  /** A context as of a new run, at `NOW` unless the changes have a clock of their own. */
  context(changes: Partial<Environment> = {}): Context {
    return new Context({
      settings: this.settings(),
      clock: () => new Date(NOW),
      notify: this.notify,
      retryPolicy: PATIENCE,
      ...changes,
    });
  }

  /** Makes each database reject every token, in its own words. */
  rejectTokens(): void {
    this.emulator.fault({
      plane: "data",
      path: /./,
      when: "before",
      action: {
        type: "status",
        status: 401,
        body: JSON.stringify({ error: "Unauthorized: `The JWT is invalid`" }),
      },
      times: 1_000,
    });
  }

  /** Injects a fault into the next rotate requests, before or after the rotation. */
  onRotate(when: "before" | "after", action: FaultAction, times = 1): void {
    this.emulator.fault({ method: "POST", path: /\/auth\/rotate$/, plane: "control", when, action, times });
  }

  onLookUp(action: FaultAction, times = 1): void {
    this.emulator.fault({ method: "GET", path: /./, plane: "control", when: "before", action, times });
  }

  /** The API requests, for example `GET ~/groups/default 200`, where `~` is the organization's path. */
  requests(): string[] {
    return this.emulator.log
      .filter(({ plane }) => plane === "control")
      .map(({ method, path, status }) =>
        `${method} ${path} ${status}`.replace("/v1/organizations/acme", "~"),
      );
  }

  rotateRequests(): string[] {
    return this.requests().filter((request) => request.includes("/auth/rotate"));
  }

  /** The rotations that the platform carried out, for example `database app`. */
  rotations(): string[] {
    return this.emulator.platform.rotations.map(({ kind, name }) => `${kind} ${name}`);
  }
}

export const inputs = (changes: Partial<RotationInputs> = {}): RotationInputs => ({
  scope: { database: "app" },
  organization: "acme",
  trigger: "1",
  verify: "off",
  ...changes,
});

/** The state of a TokenRotation that has rotated once. */
export const state = (changes: Partial<RotationState> = {}): RotationState => ({
  ...inputs(),
  stateVersion: 1,
  rotationId: "first",
  rotations: { app: "2026-01-01T00:00:00.000Z" },
  failures: {},
  createdAt: "2026-01-01T00:00:00.000Z",
  rotatedAt: "2026-01-01T00:00:00.000Z",
  rotationCount: 1,
  cause: "creation",
  verification: "skipped",
  ...changes,
});

/** The parts of a state that record rotations. */
export const rotationsOf = ({ rotationId, rotatedAt, rotationCount }: RotationState) => ({
  rotationId,
  rotatedAt,
  rotationCount,
});

/** The arguments that a state contains. */
export const argumentsOf = (kept: RotationState, { ...news }: RotationInputs): Record<string, unknown> =>
  Object.fromEntries(Object.entries(kept).filter(([key]) => key in news || ARGUMENTS.has(key)));

const ARGUMENTS = new Set([
  "scope",
  "organization",
  "trigger",
  "rotateEvery",
  "rotateOnCreate",
  "groupImpact",
]);

/** What is recorded of a rotation whose outcome stays unknown because verification is off. */
export const unresolved = (answer: string): string =>
  `${answer}. Whether it was carried out is unknown. There is no old token that ` +
  "could be tried. It is saved as pending and not sent again blindly: a second rotation would invalidate the tokens " +
  "minted after the first. Try an old token: if it is rejected, the rotation happened. To rotate for certain, change " +
  "the trigger. To accept it as done, set rotateOnCreate: false and replace the resource (pulumi up --replace URN).";

/** The message about a rotation that was not verified. */
export const rotated = (id: string): string => `${id}: rotated at ${NOW}.`;

/** Returns the error of a promise, which must reject. */
export async function failure(promise: Promise<unknown>): Promise<Error> {
  const outcome: unknown = await promise.then(
    (value: unknown) => assert.fail(`expected a rejection, but it resolved to ${JSON.stringify(value)}`),
    (error: unknown) => error,
  );
  if (!(outcome instanceof Error)) assert.fail(`it rejected with ${String(outcome)}, which is not an Error`);
  if (outcome instanceof assert.AssertionError) throw outcome;
  return outcome;
}

export async function tursoFailure(promise: Promise<unknown>): Promise<TursoError> {
  const error = await failure(promise);
  assert(error instanceof TursoError, `expected a TursoError: ${String(error.stack)}`);
  return error;
}

/** Returns the error of an operation that changed nothing, and says so. */
export async function harmlessFailure(promise: Promise<unknown>): Promise<Error> {
  const error = await failure(promise);
  assert.match(error.message, /\. Nothing was changed\. /);
  return error;
}

/** Returns what a create or an update saved of targets that need another run: a success with failures. */
export async function unfinishedRun(
  promise: Promise<RotationState | { id: string; state: RotationState }>,
): Promise<{ id?: string; state: RotationState; message: string }> {
  const result = await promise;
  const run = "state" in result ? result : { state: result };
  const sentences = Object.values(run.state.failures);
  assert(sentences.length > 0, `expected failures in ${JSON.stringify(run.state)}`);
  return { ...run, message: sentences.join("\n") };
}

/** The warning before a database's rotation: its group's tokens stay valid on current servers. */
export const groupTokensSurvive = (id: string, group: string): string =>
  `${id}: on current servers a database's rotation leaves tokens of its group (${group}) valid. If one of those may have leaked, rotate the group.`;

import type { AddressInfo } from "node:net";
import { rotationReport, type RotationReport } from "./admin/rotations";
import { controlPlane } from "./control-plane";
import { DataPlane } from "./data-plane";
import { answerDirectly, type DirectAnswer, type DirectRequest } from "./direct";
import { Faults, type Fault } from "./faults";
import type { Instruments } from "./instrument";
import { RequestLog, type LogEntry } from "./log";
import { type DeathDelay, Platform, requireGeneration, type ServerGeneration } from "./platform";
import { ApiTokens, type ApiTokenOptions } from "./platform/api-tokens";
import { populate, type GroupSeed } from "./seed";

export type { DatabaseRotations, GroupRotations, ReportedRotation, RotationReport } from "./admin/rotations";
export type { DirectAnswer, DirectRequest } from "./direct";
export type { Fault, FaultAction } from "./faults";
export type { LogEntry, Plane } from "./log";
export type { Action, FineGrainedPermission } from "./permissions";
export type {
  Database,
  DatabaseOptions,
  Group,
  GroupOptions,
  MintOptions,
  Platform,
  RotationRecord,
  ServerGeneration,
} from "./platform";
export { requireGeneration } from "./platform";
export type { ApiTokenOptions, ApiTokenPermission } from "./platform/api-tokens";
export { InputError, readSeed } from "./seed";
export type { DatabaseSeed, GroupSeed, Settings } from "./seed";

export interface EmulatorOptions {
  /** Port of the control plane; 0, the default, lets the operating system choose. */
  port?: number | undefined;
  /** The slug of the only organization; `acme` by default. */
  organization?: string | undefined;
  /** An unrestricted API token; a random one by default. */
  apiToken?: string | undefined;
  /** What rotating one database does; `current` by default. A group may have a generation of its own. */
  serverGeneration?: ServerGeneration | undefined;
  /**
   * How long tokens of the old key stay accepted after a rotation, in milliseconds, or a function of what is rotated; 0 by
   * default. A group or a database may have a delay of its own.
   */
  deathDelayMs?: DeathDelay | undefined;
  /**
   * How long, after `deathDelayMs`, every other request with a token of the old key is still accepted, as if the data
   * plane had two edges; 0 by default. Groups and databases may differ.
   */
  alternatingEdgesMs?: number | undefined;
  /** How many requests per second the control plane answers before it answers 429; not limited by default. */
  requestsPerSecond?: number | undefined;
  /** The groups and databases that exist from the start, and again after a reset. */
  groups?: readonly GroupSeed[] | undefined;
  /** The faults that are set from the start, and again after a reset. */
  faults?: readonly Fault[] | undefined;
  /** A fixed delay before each answer; 0 by default. */
  latencyMs?: number | undefined;
  /** How long a stream of the data plane may be idle; 10 seconds by default, as on a libSQL server. */
  streamExpiryMs?: number | undefined;
  /** How long a statement waits for a transaction of another stream; 5 seconds by default, then SQLITE_BUSY. */
  busyTimeoutMs?: number | undefined;
  /** The clock of issue times, expiries and death delays. */
  now?: (() => number) | undefined;
  /** Called after each request, whether it was answered or a fault dropped the answer. */
  onRequest?: ((entry: LogEntry) => void) | undefined;
}

export interface Emulator {
  readonly url: string;
  readonly organization: string;
  readonly apiToken: string;
  /** Seeds and reads state without HTTP. */
  readonly platform: Platform;
  readonly log: readonly LogEntry[];
  clearLog(): void;
  /**
   * Answers a request as the server at its URL does, but without a connection, which takes most of a request's time. A fault that
   * breaks or withholds a connection has none to act on here.
   */
  answer(request: DirectRequest): Promise<DirectAnswer>;
  fault(fault: Fault): void;
  clearFaults(): void;
  createApiToken(options?: ApiTokenOptions): string;
  revokeApiToken(token: string): boolean;
  /** What was rotated, when, and how often. */
  rotationReport(): RotationReport;
  /**
   * Returns to the state at the start: the same API token, groups, databases and faults. The databases are empty, have
   * new keys and listen on new ports.
   */
  reset(): Promise<void>;
  close(): Promise<void>;
}

/** Starts Turso on loopback: a control plane, and a data plane for each database that is created. */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  const { organization = "acme", now = Date.now, deathDelayMs = 0, alternatingEdgesMs = 0 } = options;
  const serverGeneration = requireGeneration(options.serverGeneration ?? "current");
  const tokens = new ApiTokens(() => platform, now);
  const { value: apiToken } = tokens.create({}, options.apiToken);
  const log = new RequestLog(() => tokens.values(), options.onRequest);
  const faults = new Faults();
  const instruments: Instruments = { log, faults, latencyMs: options.latencyMs ?? 0, now };
  const { streamExpiryMs = 10_000, busyTimeoutMs = 5_000 } = options;
  const hosting = new DataPlane(() => platform, instruments, { streamExpiryMs, busyTimeoutMs });
  const platform: Platform = new Platform(
    { serverGeneration, deathDelayMs, alternatingEdgesMs, now },
    hosting,
  );
  const begin = async (): Promise<void> => {
    await populate(platform, options.groups ?? []);
    for (const fault of options.faults ?? []) faults.add(fault);
  };
  let resetting = Promise.resolve();
  const reset = async (): Promise<void> => {
    faults.clear();
    faults.wakeAll();
    tokens.keepOnly(apiToken);
    await platform.clear();
    log.clear();
    await begin();
  };
  // one after the other: in parallel, two would create every database twice
  const resetInTurn = (): Promise<void> => (resetting = resetting.then(reset, reset));
  const admin = { platform, organization, log: log.entries, faults, reset: resetInTurn };
  const app = controlPlane({ platform, organization, tokens, instruments }, admin, options.requestsPerSecond);

  await hosting.ready();
  try {
    await begin();
    await app.listen({ host: "127.0.0.1", port: options.port ?? 0 });
  } catch (error) {
    await hosting.close();
    throw error;
  }
  const { port } = app.server.address() as AddressInfo;

  let closed: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    faults.clear();
    faults.wakeAll();
    await Promise.all([app.close(), hosting.close()]);
  };

  return {
    url: `http://127.0.0.1:${port}`,
    organization,
    apiToken,
    platform,
    log: log.entries,
    clearLog: () => log.clear(),
    answer: (request) =>
      new URL(request.url).port === String(port) ? answerDirectly(app, request) : hosting.answer(request),
    fault: (fault) => faults.add(fault),
    clearFaults: () => faults.clear(),
    createApiToken: (restrictions) => tokens.create(restrictions).value,
    revokeApiToken: (token) => tokens.revoke(token),
    rotationReport: () => rotationReport(platform),
    reset: resetInTurn,
    close: () => (closed ??= close()),
  };
}

import { AsyncLocalStorage } from "node:async_hooks";
import axios, { type AxiosAdapter, type AxiosResponse, type InternalAxiosRequestConfig } from "axios";
import { Context } from "../../src/core/context";
import { withClock, type Clock } from "./clock";
import { actionOf, lateness, losesResponse, type Crash, type PlannedFault, type RequestKind } from "./faults";
import type { Target } from "../../src/values/scope";
import { mayRotate, type Credentials, type ModelOrganization } from "./organization";

/** The process has ended: it must not write to the state any more. */
export class Crashed extends Error {}

/** How long the provider waits for a response, by the schedule's clock. */
export const TIMEOUT_MS = 500;

/** A request that was sent. */
export interface Sent {
  kind: RequestKind;
  target: Target | undefined;
  /** Whether the platform has carried out this rotation, or will. */
  executed: boolean;
  /** Whether the response was lost. */
  lost: boolean;
  /** How many milliseconds after the client's timeout the platform carries it out; 0: before the timeout. */
  lateBy: number;
  /** When it was sent, by the schedule's clock. */
  at: number;
  /** How many tokens had been minted before it. */
  heldBefore: number;
  text: string;
}

export interface Circumstances {
  credentials: Credentials;
  faults: PlannedFault[];
  crash?: Crash | undefined;
}

const NEVER = new Promise<never>(() => undefined);

const processes = new AsyncLocalStorage<Process>();

/** Routes the requests of simulated processes, and only those, through `Process.request`. Returns the undo function. */
export function interceptRequests(): () => void {
  const before = axios.defaults.adapter;
  const http = axios.getAdapter("http");
  axios.defaults.adapter = (config) => processes.getStore()?.request(config, http) ?? http(config);
  return () => {
    if (before === undefined) delete axios.defaults.adapter;
    else axios.defaults.adapter = before;
  };
}

/** One run of the provider. It sends its requests over real HTTP; each may hit a fault or be the last one. */
export class Process {
  readonly sent: Sent[] = [];
  readonly messages: string[] = [];
  /** When a database first rejected a token after this process had sent a rotation, by the schedule's clock. */
  rejectedAt: number | undefined;
  readonly context: Context;
  readonly #faults: (PlannedFault & { left: number; toSkip: number })[];
  readonly #inFlight = new Set<Promise<unknown>>();
  /** Requests are carried out in the order in which they are sent, so that a schedule can be repeated. */
  #turn = Promise.resolve();
  #hasExited = false;
  #abort!: (reason: Crashed) => void;
  readonly #aborted = new Promise<never>((_resolve, reject) => {
    this.#abort = reject;
  });

  constructor(
    private readonly organization: ModelOrganization,
    private readonly clock: Clock,
    readonly circumstances: Circumstances,
  ) {
    this.#aborted.catch(() => undefined); // it may reject while `run` is not waiting for it
    this.#faults = circumstances.faults.map((fault) => ({ ...fault, left: fault.times, toSkip: fault.skip }));
    this.context = new Context({
      settings: {
        apiUrl: organization.emulator.url,
        apiToken: organization.apiToken(circumstances.credentials),
        apiTokenOrigin: "the environment's TURSO_API_TOKEN",
        organization: "acme",
        organizationIsConfigured: false,
      },
      clock: () => new Date(clock.now()),
      notify: (_level, text) => this.messages.push(text),
      // TIMEOUT_MS is what limits a request here
      retryPolicy: { timeoutMs: 60_000, retries: 2, pauseMs: 0.1, longestPauseMs: 1_000, patienceMs: 1_000 },
    });
  }

  /** Runs a call of the provider until it returns or the process crashes. */
  async run<T>(act: () => Promise<T>): Promise<T> {
    try {
      return await Promise.race([processes.run(this, () => withClock(this.clock, act)), this.#aborted]);
    } finally {
      // requests in flight reach the server even if the process has crashed
      await Promise.allSettled(this.#inFlight);
    }
  }

  /** Ends the process before the engine saves this step's result, if the schedule says so. */
  crashAtSave(step: number): void {
    const { crash } = this.circumstances;
    if (crash?.at !== "the save" || crash.of !== step) return;
    this.exit();
    throw new Crashed();
  }

  /** From now on, requests of this process never get a response. */
  exit(): void {
    this.#hasExited = true;
    this.clock.forgetSleepers();
  }

  async request(config: InternalAxiosRequestConfig, http: AxiosAdapter): Promise<AxiosResponse> {
    const before = this.#turn;
    let pass = (): void => undefined;
    this.#turn = new Promise((resolve) => (pass = resolve));
    await before;
    if (this.#hasExited) return NEVER;
    try {
      if (config.signal?.aborted) return await http(config);
      return await this.#exchange(config, http, pass);
    } finally {
      pass();
    }
  }

  /** @param pass lets the next request begin */
  async #exchange(
    config: InternalAxiosRequestConfig,
    http: AxiosAdapter,
    pass: () => void,
  ): Promise<AxiosResponse> {
    const sent = this.#describe(config);
    const { crash } = this.circumstances;
    const isLast = crash?.at === this.sent.length;
    if (isLast && crash.when === "before it is sent") return this.#crash();
    this.sent.push(sent);
    this.clock.advance(1);
    const fault = isLast ? undefined : this.#nextFault(sent.kind);
    const rotations = this.#rotations(sent);
    try {
      if (isLast)
        return await this.#hang(config, http, "after", pass, () => {
          sent.executed = this.#rotations(sent) > rotations; // a crashed process does not return from here
          return this.#crash();
        });
      if (fault === undefined) return this.#read(sent, await this.#deliver(config, http));
      sent.text += ` [${fault.when} ${fault.trouble}]`;
      sent.lost = losesResponse(fault);
      if (actionOf(fault).type === "hang")
        return await this.#hang(config, http, fault.when, pass, () => this.#executeLater(sent, fault));
      this.organization.emulator.fault({ path: mark(config), when: fault.when, action: actionOf(fault) });
      return this.#read(sent, await this.#deliver(config, http));
    } finally {
      sent.executed ||= this.#rotations(sent) > rotations;
    }
  }

  /** The server never responds, and the client times out. */
  async #hang(
    config: InternalAxiosRequestConfig,
    http: AxiosAdapter,
    when: PlannedFault["when"],
    pass: () => void,
    then: () => unknown,
  ): Promise<AxiosResponse> {
    const timeout = new AbortController();
    const hanging = this.organization.hang();
    this.organization.emulator.fault({ path: mark(config), when, action: { type: "hang" } });
    const response = this.#deliver({ ...config, signal: timeout.signal }, http);
    await hanging;
    timeout.abort();
    const outcome = await Promise.allSettled([response]);
    await then();
    pass();
    await this.clock.sleep(TIMEOUT_MS, config.signal as AbortSignal | undefined).catch(() => undefined);
    if (outcome[0].status === "fulfilled") return outcome[0].value;
    throw outcome[0].reason;
  }

  #executeLater(sent: Sent, fault: PlannedFault): void {
    const delay = lateness(fault);
    const { target } = sent;
    if (delay === undefined || target === undefined || !this.organization.exists(target)) return;
    if (!mayRotate(this.circumstances.credentials)) return;
    sent.executed = true;
    sent.lateBy = delay;
    const { platform } = this.organization.emulator;
    this.clock.at(this.clock.now() + delay, () => {
      if (!this.organization.exists(target)) return;
      if (target.kind === "group") platform.rotateGroup(target.name);
      else platform.rotateDatabase(target.name);
    });
  }

  #crash(): Promise<never> {
    this.exit();
    this.#abort(new Crashed());
    return NEVER;
  }

  async #deliver(config: InternalAxiosRequestConfig, http: AxiosAdapter): Promise<AxiosResponse> {
    const response = this.clock.during(() => http(config));
    this.#inFlight.add(response);
    try {
      return await response;
    } finally {
      this.#inFlight.delete(response);
    }
  }

  #nextFault(kind: RequestKind): PlannedFault | undefined {
    const fault = this.#faults.find(({ on, left }) => on === kind && left > 0);
    if (fault === undefined) return undefined;
    if (fault.toSkip > 0) {
      fault.toSkip -= 1;
      return undefined;
    }
    fault.left -= 1;
    return fault;
  }

  #read(sent: Sent, response: AxiosResponse<unknown>): AxiosResponse {
    const { data } = response;
    const jwt = typeof data === "string" ? /"jwt":"([^"]+)"/.exec(data)?.[1] : undefined;
    if (jwt !== undefined && sent.target) this.organization.hold(sent.target, jwt);
    sent.text += ` ${response.status}`;
    const isRejection = sent.kind === "probe" && response.status === 401;
    if (isRejection && this.sent.some(({ kind }) => kind === "rotate")) this.rejectedAt ??= this.clock.now();
    return response;
  }

  #rotations = ({ kind, target }: Sent): number =>
    kind === "rotate" && target ? this.organization.rotations(target) : 0;

  #describe({ method = "get", url = "", baseURL = "", params }: InternalAxiosRequestConfig): Sent {
    const { pathname: path } = new URL(url, baseURL || undefined);
    const named = /\/(database|group)s\/([^/]+)/.exec(path);
    const isProbe = path === "/v2/pipeline";
    const asked = path.endsWith("/auth/rotate") ? "rotate" : path.endsWith("/auth/tokens") ? "mint" : "read";
    const query = new URLSearchParams(params as Record<string, string> | undefined);
    query.delete(MARK);
    return {
      kind: isProbe ? "probe" : asked,
      target: named ? ({ kind: named[1], name: named[2] } as Target) : undefined,
      executed: false,
      lost: false,
      lateBy: 0,
      at: this.clock.now(),
      heldBefore: this.organization.held.length,
      text: isProbe
        ? `probe ${this.organization.databaseAt(url) ?? "an unknown host"}`
        : `${method.toUpperCase()} ${path.replace("/v1/organizations/acme", "~")}${query.size > 0 ? `?${query.toString()}` : ""}`,
    };
  }
}

/** Makes each request unique, so that a fault hits the one that it is meant for. */
let marks = 0;
const MARK = "mark";
const mark = (config: InternalAxiosRequestConfig): RegExp => {
  config.params = { ...(config.params as object | undefined), [MARK]: (marks += 1) };
  return new RegExp(`[?&]${MARK}=${marks}$`);
};

import { AsyncLocalStorage } from "node:async_hooks";
import axios, { type AxiosAdapter, type AxiosResponse, type InternalAxiosRequestConfig } from "axios";
import { Context } from "../../src/provider/context";
import { withClock, type Clock } from "./clock";
import { actionOf, lateness, losesAnswer, type Crash, type Fault, type RequestKind } from "./faults";
import type { Target } from "../../src/scope";
import { mayRotate, type Credentials, type ModelOrganization } from "./organization";

/** The process is no more: nothing of it may reach the state. */
export class Crashed extends Error {}

/** How long the provider waits for an answer, by the schedule's clock. */
export const TIMEOUT_MS = 500;

/** A request that was sent. */
export interface Sent {
  kind: RequestKind;
  target: Target | undefined;
  /** Of a rotation: whether it was or will be carried out, and whether the answer that says so was lost. */
  executed: boolean;
  lost: boolean;
  lateBy: number;
  text: string;
}

export interface Circumstances {
  credentials: Credentials;
  faults: Fault[];
  crash?: Crash | undefined;
}

const NEVER = new Promise<never>(() => undefined);

const processes = new AsyncLocalStorage<Process>();

/** Leads the provider's requests, and nobody else's, through the process that sends them. */
export function tapNetwork(): () => void {
  const before = axios.defaults.adapter;
  const http = axios.getAdapter("http");
  axios.defaults.adapter = (config) => processes.getStore()?.request(config, http) ?? http(config);
  return () => {
    if (before === undefined) delete axios.defaults.adapter;
    else axios.defaults.adapter = before;
  };
}

/** One run of the provider: its requests go over real HTTP, and each may meet a fault or be the last. */
export class Process {
  readonly sent: Sent[] = [];
  readonly told: string[] = [];
  readonly context: Context;
  readonly #faults: (Fault & { left: number; toSkip: number })[];
  readonly #inFlight = new Set<Promise<unknown>>();
  #isDead = false;
  #kill!: (reason: Crashed) => void;
  readonly #death = new Promise<never>((_resolve, reject) => {
    this.#kill = reject;
  });

  constructor(
    private readonly organization: ModelOrganization,
    private readonly clock: Clock,
    readonly circumstances: Circumstances,
  ) {
    this.#death.catch(() => undefined); // it may die when nobody waits for it
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
      tell: (message) => this.told.push(message),
      // the clock's own: what limits an exchange here is TIMEOUT_MS
      patience: { timeoutMs: 60_000, retries: 2, pauseMs: 0.1, longestPauseMs: 1_000 },
    });
  }

  /** Runs a piece of the provider, until it is done or the process is dead. */
  async run<T>(act: () => Promise<T>): Promise<T> {
    try {
      return await Promise.race([processes.run(this, () => withClock(this.clock, act)), this.#death]);
    } finally {
      // what is on its way arrives, whoever waits for it
      await Promise.allSettled(this.#inFlight);
    }
  }

  /** The end of the process before what it did is saved, if that is the schedule's. */
  crashAtSave(step: number): void {
    const { crash } = this.circumstances;
    if (crash?.at !== "the save" || crash.of !== step) return;
    this.exit();
    throw new Crashed();
  }

  /** What is left running of a process that has ended never gets an answer again. */
  exit(): void {
    this.#isDead = true;
  }

  request(config: InternalAxiosRequestConfig, http: AxiosAdapter): Promise<AxiosResponse> {
    return this.#isDead ? NEVER : this.#exchange(config, http);
  }

  async #exchange(config: InternalAxiosRequestConfig, http: AxiosAdapter): Promise<AxiosResponse> {
    const sent = this.#describe(config);
    const { crash } = this.circumstances;
    const isLast = crash?.at === this.sent.length;
    if (isLast && crash.when === "before it is sent") return this.#die();
    this.sent.push(sent);
    this.clock.advance(1);
    const fault = isLast ? undefined : this.#meets(sent.kind);
    const rotations = this.#rotations(sent);
    try {
      if (isLast)
        return await this.#silence(config, http, "after", () => {
          sent.executed = this.#rotations(sent) > rotations; // nothing of a dead process comes back here
          return this.#die();
        });
      if (fault === undefined) return this.#read(sent, await this.#deliver(config, http));
      sent.text += ` [${fault.when} ${fault.trouble}]`;
      sent.lost = losesAnswer(fault);
      if (actionOf(fault).type === "hang")
        return await this.#silence(config, http, fault.when, () => this.#later(sent, fault));
      this.organization.emulator.fault({ path: mark(config), when: fault.when, action: actionOf(fault) });
      return this.#read(sent, await this.#deliver(config, http));
    } finally {
      sent.executed ||= this.#rotations(sent) > rotations;
    }
  }

  /** The server never answers; the client gives up. */
  async #silence(
    config: InternalAxiosRequestConfig,
    http: AxiosAdapter,
    when: Fault["when"],
    then: () => unknown,
  ): Promise<AxiosResponse> {
    const patience = new AbortController();
    const silent = this.organization.hang();
    this.organization.emulator.fault({ path: mark(config), when, action: { type: "hang" } });
    const answer = this.#deliver({ ...config, signal: patience.signal }, http);
    await silent;
    patience.abort();
    const outcome = await Promise.allSettled([answer]);
    await then();
    this.clock.advance(TIMEOUT_MS);
    if (outcome[0].status === "fulfilled") return outcome[0].value;
    throw outcome[0].reason;
  }

  #later(sent: Sent, fault: Fault): void {
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

  #die(): Promise<never> {
    this.exit();
    this.#kill(new Crashed());
    return NEVER;
  }

  async #deliver(config: InternalAxiosRequestConfig, http: AxiosAdapter): Promise<AxiosResponse> {
    const answer = http(config);
    this.#inFlight.add(answer);
    try {
      return await answer;
    } finally {
      this.#inFlight.delete(answer);
    }
  }

  #meets(kind: RequestKind): Fault | undefined {
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
      text: isProbe
        ? `probe ${this.organization.databaseAt(url) ?? "nobody"}`
        : `${method.toUpperCase()} ${path.replace("/v1/organizations/acme", "~")}${query.size > 0 ? `?${query.toString()}` : ""}`,
    };
  }
}

/** Tells requests apart that are otherwise the same, so that a fault meets the one that it is meant for. */
let marks = 0;
const MARK = "mark";
const mark = (config: InternalAxiosRequestConfig): RegExp => {
  config.params = { ...(config.params as object | undefined), [MARK]: (marks += 1) };
  return new RegExp(`[?&]${MARK}=${marks}$`);
};

import { AxiosError, type AxiosAdapter, type AxiosResponse, type InternalAxiosRequestConfig } from "axios";
import { Context } from "../../../src/core/context";
import { withClock, type Clock } from "./clock";
import { actionOf, lateness, losesResponse, type PlannedFault } from "../schedule/faults";
import { Caller, Crashed } from "./caller";
import { mayRotate, settingsOf } from "./credentials";
import { sendThrough } from "./intercept";
import { LATE, triesLateToken } from "./lateness";
import type { ModelOrganization } from "./organization";
import { answerOf, describeRequest, isForTrial, isRefusal, jwtIn, mark, type Sent } from "./requests";
import { Trouble, type Circumstances } from "./trouble";

/** How long the provider waits for a response, by the schedule's clock. */
export const TIMEOUT_MS = 500;

/** TIMEOUT_MS is what limits a request here. */
const RETRY_POLICY = {
  timeoutMs: 60_000,
  retries: 2,
  pauseMs: 0.1,
  longestPauseMs: 1_000,
  patienceMs: 5_000,
};

const NEVER = new Promise<never>(() => undefined);

/** One run of the provider, whose requests go to the emulator. Each may hit a fault or be the last one. */
export class Process {
  readonly sent: Sent[] = [];
  readonly messages: string[] = [];
  isRotatedElsewhere = false;
  readonly context: Context;
  readonly #trouble: Trouble;
  readonly #inFlight = new Set<Promise<unknown>>();
  /** Requests are carried out in the order in which they are sent, so that a schedule can be repeated. */
  #turn = Promise.resolve();
  #hasExited = false;
  readonly #caller = new Caller();
  /** What the provider is doing; it goes on after the CLI was killed. */
  #work: Promise<unknown> = Promise.resolve();
  /** Requests that were sent before the CLI was killed, until they have a response. */
  readonly #underWay = new Set<Promise<unknown>>();
  #abort!: (reason: Crashed) => void;
  readonly #aborted = new Promise<never>((_resolve, reject) => {
    this.#abort = reject;
  });

  constructor(
    private readonly organization: ModelOrganization,
    private readonly clock: Clock,
    readonly circumstances: Circumstances,
    /** How far the machine's clock is ahead. */
    skewMs = 0,
  ) {
    this.#aborted.catch(() => undefined); // it may reject while `run` is not waiting for it
    const { faults, limit, refused } = circumstances;
    this.#trouble = new Trouble(faults, limit, refused);
    this.context = new Context({
      settings: settingsOf(organization, circumstances),
      clock: () => new Date(clock.now() + skewMs),
      notify: (_level, text) => this.messages.push(text),
      retryPolicy: RETRY_POLICY,
      isCallerAlive: () => this.#caller.isAlive(),
    });
  }

  /** Runs a call of the provider until it returns or the process crashes. */
  async run<T>(act: () => Promise<T>): Promise<T> {
    const work = sendThrough(this, () => withClock(this.clock, this, act));
    this.#work = work;
    try {
      return await Promise.race([work, this.#aborted]);
    } finally {
      // requests in flight reach the server even if the process has crashed
      while (this.isOrphan && this.#underWay.size > 0) await Promise.allSettled(this.#underWay);
      if (this.isOrphan) this.clock.freeze(this);
      await Promise.allSettled(this.#inFlight);
    }
  }

  /** Whether the CLI was killed, and this process lives on. */
  get isOrphan(): boolean {
    return this.#caller.isGone;
  }

  /** Lets an orphan go on to its end. */
  async resume(): Promise<void> {
    this.clock.thaw(this);
    this.#caller.resume();
    await Promise.allSettled([this.#work]);
    this.exit();
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
    this.clock.forgetSleepers(this);
  }

  async request(config: InternalAxiosRequestConfig, http: AxiosAdapter): Promise<AxiosResponse> {
    const askedAt = this.clock.now();
    const held = this.#caller.hold(config.isIdempotent === false);
    if (held) {
      await held;
      return this.#request(config, http, askedAt);
    }
    const request = this.#request(config, http, askedAt);
    this.#underWay.add(request);
    try {
      return await request;
    } finally {
      this.#underWay.delete(request);
    }
  }

  async #request(
    config: InternalAxiosRequestConfig,
    http: AxiosAdapter,
    askedAt: number,
  ): Promise<AxiosResponse> {
    const before = this.#turn;
    let pass = (): void => undefined;
    this.#turn = new Promise((resolve) => (pass = resolve));
    await before;
    if (this.#hasExited) return NEVER;
    try {
      if (config.signal?.aborted) return await http(config);
      return await this.#exchange(config, http, askedAt, pass);
    } finally {
      pass();
    }
  }

  /** @param pass lets the next request begin */
  async #exchange(
    config: InternalAxiosRequestConfig,
    http: AxiosAdapter,
    askedAt: number,
    pass: () => void,
  ): Promise<AxiosResponse> {
    const sent = describeRequest(config, this.organization, { askedAt, at: this.clock.now() });
    const { crash } = this.circumstances;
    const isLast = crash?.at === this.sent.length;
    if (isLast && crash.when === "before it is sent") return this.#crash();
    if (isLast && crash.when === "its CLI is killed") this.#orphan();
    this.#rotateElsewhere(sent);
    this.sent.push(sent);
    this.clock.advance(1);
    const isCrash = isLast && crash.when === "while waiting for the response";
    sent.isLate = sent.kind === "probe" && triesLateToken(this.organization, config);
    const fault = isCrash ? undefined : (this.#trouble.next(sent) ?? (sent.isLate ? LATE : undefined));
    const rotations = this.#rotations(sent);
    try {
      if (isCrash)
        return await this.#hang(config, http, "after", pass, () => {
          sent.executed = this.#rotations(sent) > rotations; // a crashed process does not return from here
          return this.#crash();
        });
      const direct = this.organization.direct ?? http;
      if (fault === undefined) return this.#read(sent, await this.#deliver(config, direct));
      sent.text += ` [${fault.when} ${fault.trouble}]`;
      sent.lost = losesResponse(fault);
      if (actionOf(fault).type === "hang")
        return await this.#hang(config, http, fault.when, pass, () => this.#executeLater(sent, fault));
      const action = actionOf(fault);
      this.organization.emulator.fault({ path: mark(config), when: fault.when, action });
      // a connection that is to break must be one
      return this.#read(sent, await this.#deliver(config, action.type === "status" ? direct : http));
    } catch (error) {
      if (error instanceof AxiosError && error.response) {
        this.#note(sent, error.response);
        if (fault?.trouble === "truncate") sent.lost &&= !isRefusal(error.response);
      }
      throw error;
    } finally {
      sent.executed ||= this.#rotations(sent) > rotations;
      sent.endedAt = this.clock.now();
    }
  }

  #rotateElsewhere(sent: Sent): void {
    const { elsewhere } = this.circumstances;
    if (elsewhere?.at !== this.sent.length || !this.organization.rotateElsewhere(elsewhere.target)) return;
    this.isRotatedElsewhere = true;
    sent.text += " [a target was rotated elsewhere before]";
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
    this.clock.at(this.clock.now() + delay, () => this.organization.rotate(target));
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

  #orphan(): void {
    this.#caller.kill();
    this.#abort(new Crashed());
  }

  #read(sent: Sent, response: AxiosResponse<unknown>): AxiosResponse {
    const jwt = jwtIn(response);
    if (jwt !== undefined && sent.target) this.organization.hold(sent.target, jwt, isForTrial(sent));
    this.#note(sent, response);
    return response;
  }

  #note(sent: Sent, response: AxiosResponse): void {
    sent.answer = answerOf(response, this.clock.now());
    sent.text += ` ${response.status}`;
  }

  #rotations = ({ kind, target }: Sent): number =>
    kind === "rotate" && target ? this.organization.rotations(target) : 0;
}

import type { Endpoint } from "../../core/blast-radius";
import { mintAccepted } from "../../core/mint";
import type { MintOptions, TursoClient } from "../../turso/client";
import { TursoError, attempt } from "../../turso/errors";
import type { Probe } from "../../turso/probe";
import { inParallel, type Places } from "../../values/places";
import { nameList } from "../../values/text";
import { targetId, type Target } from "../../values/scope";
import type { Silence } from "../../core/breaker";
import { lacksToken } from "../pending";
import { notAccepted } from "./errors";
import type { RunSettings, Task } from "./preflight";
import type { MintSettings } from "../state";

/** A token to mint: whose it is, and where it is tried. */
interface Unit {
  name: string;
  target: Target;
  endpoint: Endpoint;
}

export interface MintedToken {
  unit: Unit;
  token: string;
  /** When it was asked for, by the machine's steady clock: it is from after every rotation that was done by then. */
  askedAt: number;
}

/** How long a database may reject a new token, as one that does not know the new key yet. */
const ACCEPTANCE_MS = 10_000;
const PROBE_MS = 2_000;
/** Waiting longer for a database that does not answer would withhold the token from its consumers. */
const SILENCE_MS = PROBE_MS;
const PARALLEL_MINTS = 16;

/** Mints the tokens of a run's targets, each right after its rotation. */
export class Minter {
  /** By the token's name. */
  readonly minted = new Map<string, MintedToken>();
  /** By the target's name, why one of its tokens could not be minted. */
  readonly errors = new Map<string, TursoError>();
  /** The names of the targets whose tokens were all minted. */
  readonly complete = new Set<string>();
  /** By the target's name, the names that its tokens have now. */
  readonly names = new Map<string, ReadonlySet<string>>();
  /** The names of the tokens that could not be minted. */
  private readonly lacking = new Set<string>();
  private readonly unseen = new Map<string, string>();

  private readonly client: TursoClient;
  private readonly silence: Silence;
  /** Whether the data plane is asked if it accepts a new token. */
  private readonly isTried: boolean;

  /**
   * @param isDue whether a token is to be minted although its target was not rotated
   */
  constructor(
    { client, silence, verify }: Pick<RunSettings, "client" | "silence" | "verify">,
    private readonly settings: MintSettings,
    private readonly isDue: (name: string) => boolean,
  ) {
    this.client = client;
    this.silence = silence;
    this.isTried = verify !== "off";
  }

  /** Whether the tokens have what some databases refuse, although they mint others. */
  get isRestricted(): boolean {
    const { readAttach = [], permissions = [] } = this.settings;
    return readAttach.length + permissions.length > 0;
  }

  /** For each of a target's tokens, how to mint one of its sort that nobody gets and that expires soon. */
  trialsOf(task: Task): (() => Promise<unknown>)[] {
    const options: MintOptions = { ...this.options(), expiration: "1m" };
    return this.unitsOf(task).map(
      ({ target }) =>
        () =>
          this.client.mint(target, options),
    );
  }

  /** Whether a token of a target is to be minted although the target is not rotated. */
  isOwed({ target, pending }: Task): boolean {
    return lacksToken(pending) || this.needsLookup({ target }) || this.isDue(target.name);
  }

  /** Whether a target's tokens are those of its databases, which only a lookup can name. */
  needsLookup({ target }: Pick<Task, "target">): boolean {
    return target.kind === "group" && this.settings.per === "database";
  }

  /**
   * Mints the tokens of a target that was, or may have been, rotated.
   *
   * @param places limit the requests to the API alone, where many targets wait for their tokens: a token that is not accepted yet
   *   does not keep the next one from being minted
   * @returns whether all of them are there
   */
  mintAll(task: Task, places?: Places): Promise<boolean> {
    return this.mint(task, this.unitsOf(task), places);
  }

  /** Mints those of a target's tokens that this run has not minted yet. */
  mintRest(task: Task): Promise<boolean> {
    return this.mint(
      task,
      this.unitsOf(task).filter(({ name }) => !this.minted.has(name)),
    );
  }

  /** Mints those of a target's tokens that are due without a rotation, and that this run has not minted yet. */
  mintDue(task: Task): Promise<boolean> {
    const isLeft = lacksToken(task.pending);
    return this.mint(
      task,
      this.unitsOf(task).filter(({ name }) => !this.minted.has(name) && (isLeft || this.isDue(name))),
    );
  }

  /** The same for several targets. */
  async mintAllDue(tasks: readonly Task[], parallelism: number): Promise<void> {
    await inParallel(tasks, parallelism, async (task) => {
      await this.mintDue(task);
    });
  }

  /** Tries the tokens of some targets once more, and mints those again that a later rotation invalidated. */
  async checkAgain(tasks: readonly Task[]): Promise<void> {
    if (!this.isTried) return;
    await inParallel(tasks, PARALLEL_MINTS, async (task) => {
      const dead: Unit[] = [];
      const units = this.unitsOf(task);
      for (const unit of units) {
        const token = this.minted.get(unit.name)?.token;
        const { hostname } = unit.endpoint;
        if (token === undefined || hostname === undefined || this.silence.isLikely) continue;
        const { verdict } = await this.ask(hostname, token);
        if (verdict === "rejected") dead.push(unit);
        if (verdict !== "accepted") continue;
        this.unseen.delete(unit.name);
        this.lacking.delete(unit.name); // its database was late
      }
      if (dead.length > 0) await this.mint(task, dead);
      else if (units.length > 0) this.settle(task, units);
    });
  }

  /** What to warn about: tokens that no database was seen to accept. */
  get warning(): string | undefined {
    const [why] = this.unseen.values();
    return why === undefined
      ? undefined
      : `${nameList([...this.unseen.keys()])}: the new token could not be verified (${why}). It is published anyway.`;
  }

  private async mint(task: Task, units: readonly Unit[], places?: Places): Promise<boolean> {
    if (task.lookup instanceof TursoError && this.needsLookup(task)) {
      this.errors.set(task.target.name, task.lookup);
      return false;
    }
    await inParallel(units, PARALLEL_MINTS, async (unit) => {
      const minted = await attempt(() => this.mintOne(unit, places));
      if (minted instanceof TursoError) {
        this.lacking.add(unit.name);
        this.errors.set(task.target.name, minted);
      } else this.lacking.delete(unit.name);
    });
    // only some of a target's tokens may have been asked for
    return this.settle(task, this.unitsOf(task));
  }

  /** Notes what is now known of a target's tokens. @returns whether none of them is known to be missing */
  private settle({ target }: Task, units: readonly Unit[]): boolean {
    this.names.set(target.name, new Set(units.map(({ name }) => name)));
    if (units.some(({ name }) => this.lacking.has(name))) return false;
    this.errors.delete(target.name);
    if (units.every(({ name }) => this.minted.has(name))) this.complete.add(target.name);
    return true;
  }

  private async mintOne(unit: Unit, places?: Places): Promise<void> {
    const { name, target, endpoint } = unit;
    const { hostname } = endpoint;
    const hostnameOf = () => Promise.resolve(this.isTried ? hostname : undefined);
    const { client } = this;
    const askedAt = performance.now();
    const bounded: Pick<TursoClient, "mint" | "probe"> = {
      mint: (...args) => places?.use(() => client.mint(...args)) ?? client.mint(...args),
      probe: (...args) => client.probe(...args),
    };
    const { token, seen } = await mintAccepted(bounded, target, this.options(), hostnameOf, ACCEPTANCE_MS, {
      ask: (...args) => this.ask(...args),
      silenceMs: this.silence.isLikely ? 0 : SILENCE_MS,
    });
    this.minted.set(name, { unit, token, askedAt });
    this.unseen.delete(name);
    if (!this.isTried || seen.verdict === "accepted") return;
    // its consumers get it, but they are without a valid token until another one is minted
    if (seen.verdict === "rejected") throw notAccepted(targetId(client.organization, target));
    this.unseen.set(name, seen.why);
  }

  private ask(hostname: string, token: string): Promise<Probe> {
    return this.silence.ask(() => this.client.probe(hostname, token, { timeoutMs: PROBE_MS }));
  }

  private options(): MintOptions {
    const { authorization, expiration, readAttach, permissions } = this.settings;
    return {
      authorization: authorization ?? "full-access",
      expiration: expiration ?? "never",
      readAttach: readAttach ?? [],
      permissions: permissions ?? [],
    };
  }

  private unitsOf({ target, lookup }: Task): Unit[] {
    const found = lookup instanceof TursoError ? undefined : lookup;
    const endpoint = found?.endpoint ?? { group: target.kind === "group" ? target.name : "" };
    if (!this.needsLookup({ target })) return [{ name: target.name, target, endpoint }];
    return [...(found?.endpoints ?? [])].map(([name, at]) => ({
      name,
      target: { kind: "database", name },
      endpoint: at,
    }));
  }
}

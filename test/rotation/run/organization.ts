import type { BlastRadius } from "../../../src/core/blast-radius";
import type { Task } from "../../../src/rotation/run/preflight";
import type { Database, MintOptions, TursoClient } from "../../../src/turso/client";
import { TursoError } from "../../../src/turso/errors";
import type { Probe } from "../../../src/turso/probe";
import type { Target } from "../../../src/values/scope";
import { errorOf, goneOf } from "../results";

export const REJECTED: Probe = { verdict: "rejected" };
export const ACCEPTED: Probe = { verdict: "accepted" };
export const UNCLEAR: Probe = { verdict: "unclear", why: "no answer" };

export const database = (name: string): Target => ({ kind: "database", name });
export const group = (name: string): Target => ({ kind: "group", name });

/** What an answer of the API or of a database is instead of the usual one. */
interface Answers {
  mint?: (target: Target, options: MintOptions) => TursoError | undefined;
  rotate?: (target: Target) => TursoError | undefined;
  /** The error of a lookup of a group, of a database, or of a listing, which has the name `databases`. */
  lookUp?: (target: { name: string }) => TursoError | undefined;
  /** Ids of databases, by name. */
  ids?: Record<string, string>;
  probe?: (hostname: string, token: string) => Probe | undefined;
  /** Whether a rotation is carried out whose outcome is unknown; true if absent. */
  isCarriedOut?: boolean;
}

/**
 * An organization in memory, whose answers come immediately. Its databases are in groups, and each database's hostname is its
 * name. A rotation of a database invalidates the database's tokens, or those of its whole group.
 */
export class Organization {
  /** The requests to the API in order: `rotate a`, `mint a`, `canary a` for a read-only token. */
  readonly log: string[] = [];
  readonly minted: { target: Target; options: MintOptions }[] = [];
  readonly probed: string[] = [];
  /** The lookups in order: `database a`, `databases of team`. */
  readonly lookedUp: string[] = [];
  private serial = 0;
  private readonly generations = new Map<string, number>();

  constructor(
    private readonly groups: Record<string, string[]>,
    private readonly reach: "database" | "group" = "database",
    readonly answers: Answers = {},
  ) {}

  get client(): TursoClient {
    return {
      organization: "acme",
      mint: (target: Target, options: MintOptions) => this.mint(target, options),
      rotate: (target: Target) => this.rotate(target),
      probe: (hostname: string, token: string) => Promise.resolve(this.probe(hostname, token)),
      getGroup: (name: string) => this.lookUp("group", name),
      getDatabase: (name: string) => this.lookUp("database", name).then(() => this.database(name)),
      listDatabases: (name?: string) => this.list(name),
    } as unknown as TursoClient;
  }

  /** The requests that matter to consumers, without canary tokens. */
  get order(): string[] {
    return this.log.filter((each) => !each.startsWith("canary"));
  }

  /** A token that is valid until the next rotation; each differs from the others: `database a 0 #1`. */
  token(target: Target): string {
    this.serial += 1;
    return `${target.kind} ${target.name} ${this.generation(target)} #${this.serial}`;
  }

  rotated(target: Target): void {
    const isWhole = target.kind === "group" || this.reach === "group";
    const name = target.kind === "group" ? target.name : this.groupOf(target.name);
    const dead = isWhole ? [group(name), ...(this.groups[name] ?? []).map(database)] : [target];
    for (const each of dead) this.generations.set(`${each.kind} ${each.name}`, this.generation(each) + 1);
  }

  /** A task whose lookup found the target. */
  task(target: Target, changes: Partial<Task> = {}): Task {
    return { target, isAdopted: false, isKnown: true, lookup: this.radius(target), ...changes };
  }

  radius(target: Target): BlastRadius {
    const name = target.kind === "group" ? target.name : this.groupOf(target.name);
    const databases = this.groups[name] ?? [];
    const [first] = target.kind === "group" ? databases : [target.name];
    return {
      target,
      endpoint: { group: name, ...(first !== undefined && { hostname: first }) },
      databases,
      neighbours: databases
        .filter((each) => each !== target.name)
        .map((each) => ({ name: each, hostname: each })),
      endpoints: new Map(databases.map((each) => [each, { group: name, hostname: each }])),
    };
  }

  private async lookUp(kind: Target["kind"], name: string): Promise<void> {
    this.lookedUp.push(`${kind} ${name}`);
    const error = this.answers.lookUp?.({ name });
    if (error) throw error;
    const isThere = kind === "group" ? name in this.groups : this.groupOf(name) !== "";
    return isThere ? undefined : Promise.reject(goneOf(kind, name));
  }

  private list(name?: string): Promise<Database[]> {
    this.lookedUp.push(name === undefined ? "databases" : `databases of ${name}`);
    const error = this.answers.lookUp?.({ name: name ?? "databases" });
    if (error) return Promise.reject(error);
    const names = name === undefined ? Object.values(this.groups).flat() : (this.groups[name] ?? []);
    return Promise.resolve(names.map((each) => this.database(each)));
  }

  private database(name: string): Database {
    const DbId = this.answers.ids?.[name];
    return { Name: name, Hostname: name, group: this.groupOf(name), ...(DbId !== undefined && { DbId }) };
  }

  private groupOf(name: string): string {
    return Object.entries(this.groups).find(([, databases]) => databases.includes(name))?.[0] ?? "";
  }

  private generation({ kind, name }: Target): number {
    return this.generations.get(`${kind} ${name}`) ?? 0;
  }

  private mint(target: Target, options: MintOptions): Promise<string> {
    const isCanary = options.authorization === "read-only";
    this.log.push(`${isCanary ? "canary" : "mint"} ${target.name}`);
    this.minted.push({ target, options });
    const error = this.answers.mint?.(target, options);
    return error ? Promise.reject(error) : Promise.resolve(this.token(target));
  }

  private rotate(target: Target): Promise<void> {
    this.log.push(`rotate ${target.name}`);
    const error = this.answers.rotate?.(target);
    const isDone = error === undefined || (error.effect === "unknown" && this.answers.isCarriedOut !== false);
    if (isDone) this.rotated(target);
    return error ? Promise.reject(error) : Promise.resolve();
  }

  private probe(hostname: string, token: string): Probe {
    this.probed.push(`${token} at ${hostname}`);
    const answer = this.answers.probe?.(hostname, token);
    if (answer) return answer;
    const [kind, name = "", generation] = token.split(" ");
    const target: Target = { kind: kind === "group" ? "group" : "database", name };
    return String(this.generation(target)) === generation ? ACCEPTED : REJECTED;
  }
}

/** The API's refusal of a request. */
export const refusedWith = (status: number): TursoError =>
  errorOf({ status, answer: `the API answered ${status}`, effect: "unchanged" });

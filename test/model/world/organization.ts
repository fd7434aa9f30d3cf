import { startEmulator, type Database, type Emulator, type ServerGeneration } from "../../../emulator/src";
import type { Target } from "../../../src/values/scope";
import type { AxiosAdapter } from "axios";
import { NO_DELAYS, applyDelays, type AcceptanceDelays, type RejectionDelays } from "./delays";
import { PERMISSIONS, type Credentials } from "./credentials";
import { directly } from "./direct";
import { DATABASES, GROUPS, restoreDatabases } from "./inventory";
import { isLate } from "./lateness";

/** A minted token, and how much had happened to its target before it was minted. */
export interface Held {
  jwt: string;
  target: Target;
  rotationsBefore: number;
  keyChangesBefore: number;
  /** Whether a run minted it only to try it: one from between two rotations of a group is nobody's. */
  isForTrial: boolean;
}

const WRONG_TOKEN = "wrong-token-that-nobody-made";

/** The emulated organization that schedules run against. One per blast radius serves all, since starting it is slow. */
export class ModelOrganization {
  /** Every token that was minted in the current schedule. */
  readonly held: Held[] = [];
  /** By the database's name, how often it was created again. */
  readonly #recreations = new Map<string, number>();
  readonly #deleted = new Set<string>();
  /** Whether somebody else has rotated a target in this schedule. */
  isRotatedElsewhere = false;
  #delays = NO_DELAYS;
  acceptanceDelays: AcceptanceDelays = {};
  readonly #restricted = new Map<Credentials, string>();

  private constructor(
    readonly emulator: Emulator,
    private readonly calendar: { now: () => number },
    private readonly onHang: (() => void)[],
    /** Answers requests without a connection; absent: each has one. */
    readonly direct: AxiosAdapter | undefined,
  ) {}

  static async start(serverGeneration: ServerGeneration, isDirect = false): Promise<ModelOrganization> {
    const calendar = { now: () => 0 };
    const onHang: (() => void)[] = [];
    const emulator = await startEmulator({
      serverGeneration,
      now: () => calendar.now(),
      onRequest: ({ fault }) => {
        if (fault?.endsWith("hang")) onHang.shift()?.();
      },
    });
    const organization = new ModelOrganization(
      emulator,
      calendar,
      onHang,
      isDirect ? directly(emulator) : undefined,
    );
    for (const group of GROUPS) emulator.platform.createGroup(group);
    for (const [kind, permissions] of Object.entries(PERMISSIONS))
      organization.#restricted.set(kind as Credentials, emulator.createApiToken({ permissions }));
    return organization;
  }

  /** Restores the initial state for the next schedule, which has its own clock and delays. */
  async reset(
    now: () => number,
    delays: RejectionDelays,
    acceptanceDelays: AcceptanceDelays = {},
  ): Promise<void> {
    this.onHang.length = 0;
    this.held.length = 0;
    this.#recreations.clear();
    const { platform } = this.emulator;
    await restoreDatabases(platform);
    this.#deleted.clear();
    this.isRotatedElsewhere = false;
    // far in the future, so that every key of an earlier schedule is rejected
    this.calendar.now = () => Number.MAX_SAFE_INTEGER;
    applyDelays(platform, NO_DELAYS);
    for (const group of GROUPS) platform.rotateGroup(group);
    this.#delays = delays;
    this.acceptanceDelays = acceptanceDelays;
    applyDelays(platform, delays);
    this.calendar.now = now;
    platform.rotations.length = 0;
    this.emulator.clearFaults();
    this.emulator.clearLog();
  }

  close(): Promise<void> {
    return this.emulator.close();
  }

  apiToken(credentials: Credentials): string | undefined {
    if (credentials === "none") return undefined;
    if (credentials === "wrong") return WRONG_TOKEN;
    return this.#restricted.get(credentials) ?? this.emulator.apiToken;
  }

  /** Every credential that must not appear in a text. */
  get secrets(): string[] {
    return [
      WRONG_TOKEN,
      this.emulator.apiToken,
      ...this.#restricted.values(),
      ...this.held.map(({ jwt }) => jwt),
    ];
  }

  /** Resolves when the emulator withholds the response of a request, whose effect, if any, has happened by then. */
  hang(): Promise<void> {
    return new Promise((resolve) => this.onHang.push(resolve));
  }

  exists({ kind, name }: Target): boolean {
    const { platform } = this.emulator;
    return (kind === "group" ? platform.findGroup(name) : platform.findDatabase(name)) !== undefined;
  }

  databaseAt(url: string): string | undefined {
    const { host } = new URL(url);
    return this.emulator.platform.databases().find(({ hostname }) => hostname === host)?.name;
  }

  /** The databases that a token of the target opens. */
  databasesOf({ kind, name }: Target): Database[] {
    const { platform } = this.emulator;
    const own = platform.findDatabase(name);
    return kind === "group" ? platform.databases(name) : own ? [own] : [];
  }

  /** Databases that are not targets, and whose tokens a rotation of the targets may invalidate. */
  bystanders(targets: Target[]): string[] {
    const names = new Set(targets.map(({ name }) => name));
    return targets
      .filter(({ kind }) => kind === "database")
      .flatMap((target) => this.databasesOf(target))
      .flatMap(({ group }) => this.emulator.platform.databases(group.name))
      .map(({ name }) => name)
      .filter((name) => !names.has(name));
  }

  rotations({ kind, name }: Target): number {
    return this.emulator.platform.rotations.filter((done) => done.kind === kind && done.name === name).length;
  }

  /** How long the target's old tokens stay accepted after it is rotated. */
  rejectionDelay({ kind, name }: Target): number {
    const delays: Record<string, number> = { ...this.#delays[kind] };
    return delays[name] ?? 0;
  }

  /** The target's group, whether or not the target exists; empty for a name that never existed. */
  groupOf({ kind, name }: Target): string {
    return kind === "group" ? name : (DATABASES[name] ?? "");
  }

  /** Whether a rotation of one target replaces the key that signs the other one's tokens. */
  reaches(rotated: Target, target: Target): boolean {
    if (rotated.kind === "database" && this.emulator.platform.options.serverGeneration === "current")
      return rotated.kind === target.kind && rotated.name === target.name;
    return this.groupOf(rotated) === this.groupOf(target);
  }

  /** How often the key that signs the target's tokens was replaced: by rotations, or with the database itself. */
  keyChanges(target: Target): number {
    const { rotations } = this.emulator.platform;
    const anew = target.kind === "database" ? (this.#recreations.get(target.name) ?? 0) : 0;
    return anew + rotations.filter((rotated) => this.reaches(rotated, target)).length;
  }

  /** Whether a database was deleted or created again in this schedule. */
  get hasChanged(): boolean {
    return this.#recreations.size + this.#deleted.size > 0;
  }

  now(): number {
    return this.calendar.now();
  }

  /** Rotates a target outside of any request. */
  rotate(target: Target): void {
    if (!this.exists(target)) return;
    const { platform } = this.emulator;
    if (target.kind === "group") platform.rotateGroup(target.name);
    else platform.rotateDatabase(target.name);
  }

  /** @returns whether there is such a target */
  rotateElsewhere(target: Target): boolean {
    if (!this.exists(target)) return false;
    this.rotate(target);
    return (this.isRotatedElsewhere = true);
  }

  deleteDatabase(name: string): void {
    if (!this.exists({ kind: "database", name })) return;
    this.emulator.platform.deleteDatabase(name);
    this.#deleted.add(name);
  }

  /** All groups or databases that there are. */
  all(kind: Target["kind"]): Target[] {
    const names = kind === "group" ? GROUPS : this.emulator.platform.databases().map(({ name }) => name);
    return names.map((name) => ({ kind, name }));
  }

  async createDatabase(name: string): Promise<void> {
    const target: Target = { kind: "database", name };
    if (this.exists(target)) return;
    await this.emulator.platform.createDatabase(name, this.groupOf(target));
    // tokens of a database that had the name before are dead
    if (this.#deleted.has(name)) this.#recreations.set(name, (this.#recreations.get(name) ?? 0) + 1);
  }

  heldOf(jwt: string): Held | undefined {
    return this.held.find((each) => each.jwt === jwt);
  }

  hold(target: Target, jwt: string, isForTrial = false): void {
    this.held.push({
      jwt,
      target,
      rotationsBefore: this.rotations(target),
      keyChangesBefore: this.keyChanges(target),
      isForTrial,
    });
  }

  /** Mints a token outside the program: a rotation has to invalidate it. */
  async leak(target: Target): Promise<void> {
    if (!this.exists(target)) return;
    const { platform } = this.emulator;
    this.hold(
      target,
      await (target.kind === "group"
        ? platform.mintGroupToken(target.name)
        : platform.mintDatabaseToken(target.name)),
    );
  }

  async accepts(target: Target, jwt: string): Promise<boolean> {
    const now = this.databasesOf(target).filter(({ name }) => !isLate(this, name, jwt));
    return this.#anyAccepts(now, jwt);
  }

  /** Whether a database accepts the token once it knows the token's key. */
  willAccept(target: Target, jwt: string): Promise<boolean> {
    return this.#anyAccepts(this.databasesOf(target), jwt);
  }

  async #anyAccepts(databases: Database[], jwt: string): Promise<boolean> {
    const states = await Promise.all(
      databases.map((database) => this.emulator.platform.inspect(database, jwt)),
    );
    return states.some(({ state }) => state === "valid");
  }
}

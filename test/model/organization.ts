import {
  startEmulator,
  type BlastRadius,
  type Database,
  type Emulator,
  type Permission,
} from "../../emulator";
import type { Target } from "../../src/scope";

/** What an API token of a schedule may do; `wrong` is one that Turso does not know. */
export type Credentials = "full" | "rotate only" | "rotate and read" | "read and mint" | "wrong" | "none";

const PERMISSIONS: Record<Exclude<Credentials, "full" | "wrong" | "none">, Permission[]> = {
  "rotate only": ["db:rotate-creds", "group:rotate-creds"],
  "rotate and read": ["db:rotate-creds", "group:rotate-creds", "read"],
  "read and mint": ["db:mint-token", "group:mint-token", "read"],
};

export const mayRotate = (credentials: Credentials): boolean =>
  credentials === "full" || credentials.startsWith("rotate");
export const mayMint = (credentials: Credentials): boolean =>
  credentials === "full" || credentials === "read and mint";
export const mayRead = (credentials: Credentials): boolean =>
  mayMint(credentials) || credentials === "rotate and read";

/** A token that somebody holds, and how many rotations of its target it has seen. */
export interface Held {
  jwt: string;
  target: Target;
  rotationsBefore: number;
}

const GROUPS = ["default", "solo", "bare"];
const DATABASES = { app: "default", reports: "default", lone: "solo" };
const WRONG_TOKEN = "wrong-token-that-nobody-made";

/** Turso as all schedules find it; one emulator a blast radius serves them all, since starting one is dear. */
export class ModelOrganization {
  /** Every token that was seen, for the schedule at hand. */
  readonly held: Held[] = [];
  readonly #restricted = new Map<Credentials, string>();

  private constructor(
    readonly emulator: Emulator,
    private readonly calendar: { now: () => number },
    private readonly onHang: (() => void)[],
  ) {}

  static async start(blastRadius: BlastRadius): Promise<ModelOrganization> {
    const calendar = { now: () => 0 };
    const onHang: (() => void)[] = [];
    const emulator = await startEmulator({
      blastRadius,
      now: () => calendar.now(),
      onRequest: ({ fault }) => {
        if (fault?.endsWith("hang")) onHang.shift()?.();
      },
    });
    const organization = new ModelOrganization(emulator, calendar, onHang);
    for (const group of GROUPS) emulator.platform.createGroup(group);
    for (const [kind, permissions] of Object.entries(PERMISSIONS))
      organization.#restricted.set(kind as Credentials, emulator.createApiToken({ permissions }));
    return organization;
  }

  /** Clean for the next schedule, which brings its own calendar. */
  async reset(now: () => number, deathDelayMs: number): Promise<void> {
    this.onHang.length = 0;
    this.held.length = 0;
    const { platform } = this.emulator;
    for (const [name, group] of Object.entries(DATABASES))
      if (!platform.findDatabase(name)) await platform.createDatabase(name, group);
    // at the end of all days, so that no key of an earlier schedule is left to be tried
    this.calendar.now = () => Number.MAX_SAFE_INTEGER;
    platform.options.deathDelayMs = 0;
    for (const group of GROUPS) platform.rotateGroup(group);
    platform.options.deathDelayMs = deathDelayMs;
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

  /** Every credential that must not turn up in a text. */
  get secrets(): string[] {
    return [
      WRONG_TOKEN,
      this.emulator.apiToken,
      ...this.#restricted.values(),
      ...this.held.map(({ jwt }) => jwt),
    ];
  }

  /** Resolves when the server has gone silent on a request: by then it has had its effect, if it has one. */
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

  /** The databases on which a token for the target counts. */
  databasesOf({ kind, name }: Target): Database[] {
    const { platform } = this.emulator;
    const own = platform.findDatabase(name);
    return kind === "group" ? platform.databases(name) : own ? [own] : [];
  }

  /** Databases whose tokens may die without being named. */
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

  /** How often the key that signs the target's tokens was replaced, by whatever rotation. */
  keyChanges(target: Target): number {
    const { rotations, options } = this.emulator.platform;
    const groups = new Set(
      target.kind === "group" ? [target.name] : this.databasesOf(target).map(({ group }) => group.name),
    );
    const hits = (kind: string, name: string): boolean => {
      if (kind === "group") return groups.has(name);
      if (options.blastRadius === "database") return kind === target.kind && name === target.name;
      return groups.has(this.emulator.platform.findDatabase(name)?.group.name ?? "");
    };
    return rotations.filter(({ kind, name }) => hits(kind, name)).length;
  }

  /** The latest tokens of a target: what holds for them holds for those before. */
  heldFor({ kind, name }: Target): Held[] {
    return this.held.filter(({ target }) => target.kind === kind && target.name === name).slice(-5);
  }

  hold(target: Target, jwt: string): void {
    this.held.push({ jwt, target, rotationsBefore: this.rotations(target) });
  }

  /** Somebody makes a token by hand, which a rotation is there to kill. */
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
    const states = await Promise.all(
      this.databasesOf(target).map((database) => this.emulator.platform.inspect(database, jwt)),
    );
    return states.some(({ state }) => state === "valid");
  }
}

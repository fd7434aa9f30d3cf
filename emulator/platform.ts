import { randomUUID } from "node:crypto";
import { AuditLog } from "./audit-log";
import { ApiError } from "./errors";
import { KeyRing, parseExpiration, verify, type Claims } from "./keys";

export type BlastRadius = "group" | "database";

export interface Group {
  name: string;
  uuid: string;
  location: string;
  deleteProtection: boolean;
  keys: KeyRing;
  /** How long tokens stay accepted after a rotation of this group; the platform's `deathDelayMs` if absent. */
  deathDelayMs?: number;
}

export interface Database {
  name: string;
  id: string;
  /** Grows with each creation: the order of listings. */
  sequence: number;
  group: Group;
  hostname: string;
  blockReads: boolean;
  blockWrites: boolean;
  deleteProtection: boolean;
  /** Its own keys, if the blast radius is one database. */
  keys: KeyRing | undefined;
  /** How long tokens stay accepted after a rotation of this database; the platform's `deathDelayMs` if absent. */
  deathDelayMs?: number;
}

export interface Rotation {
  at: number;
  kind: "group" | "database";
  name: string;
}

export interface MintOptions {
  /** `never`, or such as `2w1d30m`. */
  expiration?: string | undefined;
  authorization?: string | undefined;
  readAttach?: string[] | undefined;
}

export type DatabaseSettings = Partial<Pick<Database, "blockReads" | "blockWrites" | "deleteProtection">>;

export interface PlatformOptions {
  blastRadius: BlastRadius;
  deathDelayMs: number;
  now: () => number;
}

/** Gives each database its own address and takes its data away; what the data plane does for the platform. */
export interface Hosting {
  open(databaseName: string): Promise<string>;
  discard(databaseName: string): void;
}

export type TokenState = "valid" | "invalid" | "expired" | "other-database";

/** How long past its expiry a libSQL server still takes a token, for clocks that disagree. */
const LEEWAY_SECONDS = 60;

/** The state of one organization and the rules that change it; knows nothing of HTTP. */
export class Platform {
  readonly rotations: Rotation[] = [];
  readonly audit: AuditLog;
  readonly #groups = new Map<string, Group>();
  readonly #databases = new Map<string, Database>();
  #sequence = 0;

  constructor(
    readonly options: PlatformOptions,
    private readonly hosting: Hosting,
  ) {
    this.audit = new AuditLog(options.now);
  }

  createGroup(name: string, location = "local"): Group {
    requireName(name, "group");
    if (this.#groups.has(name)) throw new ApiError(409, "group already exists");
    const uuid = randomUUID();
    const group: Group = { name, uuid, location, deleteProtection: false, keys: new KeyRing() };
    this.#groups.set(name, group);
    this.audit.record("group-create", `Group ${name} created`, { group: name });
    return group;
  }

  findGroup(name: string): Group | undefined {
    return this.#groups.get(name);
  }

  group(name: string): Group {
    const group = this.findGroup(name);
    if (group === undefined) throw new ApiError(404, "group not found");
    return group;
  }

  groups(): Group[] {
    return [...this.#groups.values()];
  }

  /** Deletes the databases of the group too. */
  deleteGroup(name: string): Group {
    const group = this.group(name);
    const databases = this.databases(name);
    const guarded = [group, ...databases].find((each) => each.deleteProtection);
    if (guarded !== undefined) throw new ApiError(400, `${guarded.name} has delete protection enabled`);
    for (const database of databases) this.deleteDatabase(database.name);
    this.#groups.delete(name);
    this.audit.record("group-delete", `Group ${name} deleted`, { group: name });
    return group;
  }

  async createDatabase(name: string, groupName: string): Promise<Database> {
    requireName(name, "database");
    const group = this.findGroup(groupName);
    if (group === undefined) throw new ApiError(400, "group not found");
    if (this.#databases.has(name)) throw new ApiError(409, `database with name ${name} already exists`);
    const database: Database = {
      name,
      id: randomUUID(),
      sequence: ++this.#sequence,
      group,
      hostname: "",
      blockReads: false,
      blockWrites: false,
      deleteProtection: false,
      keys: this.options.blastRadius === "database" ? new KeyRing() : undefined,
    };
    // The name is taken before the wait, or a second request could create it meanwhile.
    this.#databases.set(name, database);
    try {
      database.hostname = await this.hosting.open(name);
    } catch (error) {
      this.#databases.delete(name);
      throw error;
    }
    this.audit.record("db-create", `Database ${name} created`, { database: name, group: groupName });
    return database;
  }

  findDatabase(name: string): Database | undefined {
    return this.#databases.get(name);
  }

  database(name: string): Database {
    const database = this.findDatabase(name);
    if (database !== undefined) return database;
    throw new ApiError(404, `could not find database with name ${name}: record not found`);
  }

  databases(groupName?: string): Database[] {
    const all = [...this.#databases.values()];
    return groupName === undefined ? all : all.filter((database) => database.group.name === groupName);
  }

  deleteDatabase(name: string): Database {
    const database = this.database(name);
    if (database.deleteProtection) throw new ApiError(400, `${name} has delete protection enabled`);
    this.#databases.delete(name);
    this.hosting.discard(name);
    this.audit.record("db-delete", `Database ${name} deleted`, { database: name });
    return database;
  }

  configureDatabase(name: string, settings: DatabaseSettings): Database {
    return Object.assign(this.database(name), settings);
  }

  rotateDatabase(name: string): void {
    const database = this.database(name);
    this.#rotate(this.#keysOf(database), database.deathDelayMs);
    this.rotations.push({ at: this.options.now(), kind: "database", name });
  }

  rotateGroup(name: string): void {
    const group = this.group(name);
    this.#rotate(group.keys, group.deathDelayMs);
    for (const { keys } of this.databases(name))
      if (keys !== undefined) this.#rotate(keys, group.deathDelayMs);
    this.rotations.push({ at: this.options.now(), kind: "group", name });
  }

  /** Where one key signs for a whole group, a rotation of one database cannot spare the others. */
  #keysOf({ group, keys }: Database): KeyRing {
    return keys ?? group.keys;
  }

  #rotate(keys: KeyRing, deathDelayMs = this.options.deathDelayMs): void {
    keys.rotate(this.options.now(), deathDelayMs);
  }

  mintDatabaseToken(name: string, options: MintOptions = {}): Promise<string> {
    const database = this.database(name);
    return this.#keysOf(database).sign({ ...this.#claims(options), id: database.id });
  }

  mintGroupToken(name: string, options: MintOptions = {}): Promise<string> {
    const group = this.group(name);
    return group.keys.sign({ ...this.#claims(options), gid: group.uuid });
  }

  #claims({ expiration = "never", authorization = "full-access", readAttach = [] }: MintOptions): Claims {
    const seconds = parseExpiration(expiration);
    if (seconds === null) throw new ApiError(400, "Invalid expiration format");
    if (authorization !== "full-access" && authorization !== "read-only") {
      throw new ApiError(400, "Invalid authorization");
    }
    const iat = Math.floor(this.options.now() / 1000);
    const claims: Claims = { a: authorization === "full-access" ? "rw" : "ro", iat };
    if (seconds !== undefined) claims.exp = iat + seconds;
    const attached = readAttach.map((name) => this.database(name).id);
    if (attached.length > 0) claims.p = { roa: { ns: attached } };
    return claims;
  }

  /** What the data plane of a database thinks of a token. */
  async inspect(database: Database, token: string): Promise<{ state: TokenState; readOnly: boolean }> {
    const now = this.options.now();
    const keys = [database.group.keys, database.keys].flatMap((ring) => ring?.accepted(now) ?? []);
    const claims = await verify(token, keys);
    const readOnly = claims?.a !== "rw";
    if (claims === undefined) return { state: "invalid", readOnly };
    if (claims.exp !== undefined && claims.exp + LEEWAY_SECONDS < now / 1000)
      return { state: "expired", readOnly };
    const mine = claims.id === database.id || claims.gid === database.group.uuid;
    return { state: mine ? "valid" : "other-database", readOnly };
  }
}

function requireName(name: unknown, kind: string): asserts name is string {
  // The platform documents lower case, digits and dashes; capitals are taken too, as tests like to be told apart.
  if (typeof name === "string" && /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name)) return;
  throw new ApiError(400, `invalid ${kind} name`);
}

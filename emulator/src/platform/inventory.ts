import { randomUUID } from "node:crypto";
import { ApiError } from "../errors";
import { requireAddresses } from "./allowed-ips";
import { AuditLog } from "./audit-log";
import { requireGeneration } from "./generation";
import { KeyRing } from "./keys";
import type {
  AllowRules,
  Database,
  DatabaseOptions,
  DatabaseSettings,
  Group,
  GroupOptions,
  GroupSettings,
  Hosting,
  PlatformOptions,
} from "./types";

/** The groups and databases of one organization. */
export class Inventory {
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

  createGroup(name: string, { location = "local", serverGeneration, ...ending }: GroupOptions = {}): Group {
    requireName(name, "group");
    if (this.#groups.has(name)) throw new ApiError(409, "group already exists");
    const group: Group = {
      name,
      uuid: randomUUID(),
      location,
      deleteProtection: false,
      ...openAccess(),
      ...ending,
      serverGeneration: requireGeneration(serverGeneration ?? this.options.serverGeneration),
      keys: new KeyRing(),
    };
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

  configureGroup(name: string, settings: GroupSettings): Group {
    requireAddresses(settings.allowedIps ?? []);
    return Object.assign(this.group(name), settings);
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

  async createDatabase(name: string, groupName: string, ending: DatabaseOptions = {}): Promise<Database> {
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
      sizeLimit: "0",
      blockReads: false,
      blockWrites: false,
      deleteProtection: false,
      ...openAccess(),
      ...ending,
      keys: group.serverGeneration === "current" ? new KeyRing() : undefined,
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

  /** Removes every group and database, and forgets what happened to them. */
  async clear(): Promise<void> {
    this.#databases.clear();
    this.#groups.clear();
    this.audit.clear();
    await this.hosting.clear();
  }

  configureDatabase(name: string, settings: DatabaseSettings): Database {
    requireAddresses(settings.allowedIps ?? []);
    return Object.assign(this.database(name), settings);
  }
}

const openAccess = (): AllowRules => ({ allowedIps: [], allowedAwsVpcIds: [] });

function requireName(name: unknown, kind: string): asserts name is string {
  // The platform documents lower case, digits and dashes. Capitals are accepted too, since tests use them as labels.
  if (typeof name === "string" && /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name)) return;
  throw new ApiError(400, `invalid ${kind} name`);
}

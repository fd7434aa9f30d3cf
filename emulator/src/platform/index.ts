import { ApiError } from "../errors";
import { fromWire, toWire } from "../permissions";
import { isAllowed } from "./allowed-ips";
import { parseExpiration } from "./expiration";
import { Inventory } from "./inventory";
import { verify, type Claims, type Ending, type Endings, type KeyRing } from "./keys";
import type { Database, Group, Inspection, MintOptions, Rotated, RotationRecord } from "./types";

export { requireGeneration, SERVER_GENERATIONS, versionOf, type ServerGeneration } from "./generation";
export type * from "./types";

/** How long past its expiry a libSQL server still accepts a token, for clocks that disagree. */
const LEEWAY_SECONDS = 60;

/** The state of one organization and the rules that change it, without HTTP. */
export class Platform extends Inventory {
  readonly rotations: RotationRecord[] = [];

  rotateDatabase(name: string): void {
    const database = this.database(name);
    const { group, keys } = database;
    if (group.serverGeneration === "legacy-dedicated") {
      throw new ApiError(400, "cannot rotate credentials for a single database in a group");
    }
    const rotated = { kind: "database", name } as const;
    const databases = keys ? [database] : this.databases(group.name);
    this.#rotate(rotated, keys ?? group.keys, group, databases);
    this.#record(rotated, databases);
  }

  rotateGroup(name: string): void {
    const group = this.group(name);
    const databases = this.databases(name);
    const rotated = { kind: "group", name } as const;
    this.#rotate(rotated, group.keys, group, databases);
    for (const database of databases)
      if (database.keys !== undefined) this.#rotate(rotated, database.keys, group, [database]);
    this.#record(rotated, databases);
  }

  #record(rotated: Rotated, databases: Database[]): void {
    this.rotations.push({ at: this.options.now(), ...rotated, databases: databases.map(({ name }) => name) });
  }

  override async clear(): Promise<void> {
    await super.clear();
    this.rotations.length = 0;
  }

  /** Rotates a key that signs tokens of these databases only, so that large groups stay cheap. */
  #rotate(rotated: Rotated, keys: KeyRing, group: Group, databases: Database[]): void {
    const endings: Endings = {
      default: this.#ending(rotated, group),
      byDatabase: new Map(databases.map((database) => [database.id, this.#ending(rotated, group, database)])),
    };
    keys.rotate(this.options.now(), endings);
  }

  #ending(rotated: Rotated, group: Group, database?: Database): Ending {
    const { options } = this;
    const { deathDelayMs } = options;
    const byDefault = typeof deathDelayMs === "function" ? deathDelayMs(rotated) : deathDelayMs;
    return {
      deathDelayMs: database?.deathDelayMs ?? group.deathDelayMs ?? byDefault,
      alternatingEdgesMs:
        database?.alternatingEdgesMs ?? group.alternatingEdgesMs ?? options.alternatingEdgesMs,
    };
  }

  async mintDatabaseToken(name: string, options: MintOptions = {}): Promise<string> {
    const { id, keys, group } = this.database(name);
    const token = await (keys ?? group.keys).sign({ ...this.#claims(options), id });
    this.audit.record("db-token-create", `Token for database ${name} created`, { database: name });
    return token;
  }

  async mintGroupToken(name: string, options: MintOptions = {}): Promise<string> {
    const group = this.group(name);
    const token = await group.keys.sign({ ...this.#claims(options), gid: group.uuid });
    this.audit.record("group-token-create", `Token for group ${name} created`, { group: name });
    return token;
  }

  #claims(options: MintOptions): Claims {
    const { expiration = "never", authorization = "full-access", readAttach = [], permissions } = options;
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
    if (permissions !== undefined) claims.perm = permissions.map(toWire);
    return claims;
  }

  /** Whether a client at this address may connect to the database at all, whatever its token. */
  admits({ allowedIps, group }: Database, ip: string): boolean {
    return isAllowed(allowedIps, ip) && isAllowed(group.allowedIps, ip);
  }

  /** What the data plane of a database determines about a token. */
  async inspect(database: Database, token: string): Promise<Inspection> {
    const now = this.options.now();
    const candidates = [database.group.keys, database.keys].flatMap(
      (ring) => ring?.candidates(database.id, now) ?? [],
    );
    const claims = await verify(token, candidates);
    const readOnly = claims?.a !== "rw";
    if (claims === undefined) return { state: "invalid", readOnly };
    if (claims.exp !== undefined && claims.exp + LEEWAY_SECONDS < now / 1000)
      return { state: "expired", readOnly };
    const mine = claims.id === database.id || claims.gid === database.group.uuid;
    if (!mine) return { state: "other-database", readOnly };
    const permissions = claims.perm?.map(fromWire);
    return { state: "valid", readOnly, ...(permissions && { permissions }) };
  }
}

import { toWire, type Permission } from "../values/permissions";
import { nameProblem, targetId, type Target } from "../values/scope";
import { sanitise } from "../values/text";
import { adviceFor, adviceForMissingToken } from "./advice";
import { apiError } from "./answer";
import type { Connection } from "./connection";
import { organizationPath, permissionTo, saysNotFound, targetPath, type ApiScope } from "./endpoints";
import { TursoError } from "./errors";
import { probe, type Probe, type ProbeOptions } from "./probe";
import { RETRY_POLICY, type RetryPolicy } from "./retry-policy";
import { transport, type FailedReply, type Reply, type RunHooks, type Send } from "./transport";

/** What this package reads of a database; the API's names. */
export interface Database {
  Name: string;
  Hostname: string;
  /** Empty where it is in no group. */
  group: string;
  /** A different id under the same name is a different database. */
  DbId?: string;
}

/** What a minted token may do, and for how long. */
export interface MintOptions {
  /** `never` or a duration in Turso's grammar. */
  expiration: string;
  authorization: "full-access" | "read-only";
  /** Databases that it may attach and read. */
  readAttach?: readonly string[];
  /** What it may do with which tables; empty or absent: not restricted. */
  permissions?: readonly Permission[];
}

const MOST_PAGES = 1_000;

interface Call {
  /** What is attempted, on what. */
  attempted: string;
  /** The scope that a restricted API token needs for it. */
  permission: ApiScope;
  target?: Target;
}

/** Turso's Platform API, as far as rotation needs it: https://docs.turso.tech/api-reference. */
export class TursoClient {
  readonly organization: string;
  private readonly connection: Connection;
  private readonly send: Send;

  constructor(
    connection: Connection,
    organization: string,
    hooks: RunHooks,
    policy: Partial<RetryPolicy> = {},
  ) {
    this.connection = connection;
    this.organization = organization;
    this.send = transport(connection, { ...RETRY_POLICY, ...policy }, hooks);
  }

  /** Replaces the target's signing key, which invalidates every token that the old key signed. Never sent twice while its outcome is unknown. */
  async rotate(target: Target): Promise<void> {
    const call: Call = {
      attempted: `rotating ${this.label(target)}`,
      permission: permissionTo("rotate", target),
      target,
    };
    const path = `${targetPath(this.organization, target)}/auth/rotate`;
    const reply = await this.ask(call, { method: "POST", path, isIdempotent: false });
    if (!reply.ok) throw this.failure(call, reply);
  }

  async getDatabase(name: string): Promise<Database> {
    const target: Target = { kind: "database", name };
    const call: Call = { attempted: `looking up ${this.label(target)}`, permission: "read", target };
    const found = field(await this.read(call, targetPath(this.organization, target)), "database");
    return this.readDatabase(found) ?? this.unreadable(call, "a database");
  }

  /**
   * Mints a token. A repeated request only mints one more token, which is discarded, so it is retried like a read.
   *
   * @returns the JWT
   */
  async mint(
    target: Target,
    { expiration, authorization, readAttach = [], permissions = [] }: MintOptions,
  ): Promise<string> {
    const call: Call = {
      attempted: `minting a token for ${this.label(target)}`,
      permission: permissionTo("mint", target),
      target,
    };
    const reply = await this.ask(call, {
      method: "POST",
      path: `${targetPath(this.organization, target)}/auth/tokens`,
      query: { expiration, authorization },
      // some databases refuse an empty permission list
      ...((readAttach.length > 0 || permissions.length > 0) && {
        body: {
          ...(readAttach.length > 0 && { permissions: { read_attach: { databases: readAttach } } }),
          ...(permissions.length > 0 && { fine_grained_permissions: permissions.map(toWire) }),
        },
      }),
      isIdempotent: true,
    });
    if (!reply.ok) throw this.failure(call, { ...reply, outcome: { ...reply.outcome, effect: "unchanged" } });
    const jwt = field(parseJson(reply.text), "jwt");
    return typeof jwt === "string" && /^[\w.~+/=-]{1,8192}$/.test(jwt)
      ? jwt
      : this.unreadable(call, "a token");
  }

  /** Asks a database whether it accepts a token. */
  probe(hostname: string, token: string, options?: ProbeOptions): Promise<Probe> {
    return probe(this.connection, hostname, token, options);
  }

  /** Checks that a group exists. */
  async getGroup(name: string): Promise<void> {
    const target: Target = { kind: "group", name };
    const call: Call = { attempted: `looking up ${this.label(target)}`, permission: "read", target };
    const found = field(await this.read(call, targetPath(this.organization, target)), "group");
    if (typeof field(found, "name") !== "string") this.unreadable(call, "a group");
  }

  /** The names of all groups of the organization. */
  async listGroups(): Promise<string[]> {
    const call: Call = { attempted: `listing the groups of ${this.organization}`, permission: "read" };
    const list = field(await this.read(call, `${organizationPath(this.organization)}/groups`), "groups");
    if (!Array.isArray(list)) return this.unreadable(call, "a list of groups");
    return list.map((item) => {
      const name = field(item, "name");
      return nameProblem("", name) === undefined
        ? (name as string)
        : this.unreadable(call, "a list of groups");
    });
  }

  /** The databases of a group, or of the organization, page by page where the server pages. */
  async listDatabases(group?: string): Promise<Database[]> {
    const whose = group === undefined ? this.organization : this.label({ kind: "group", name: group });
    const call: Call = { attempted: `listing the databases of ${whose}`, permission: "read" };
    const databases: Database[] = [];
    for (let cursor: string | undefined, page = 0; page < MOST_PAGES; page += 1) {
      const query = { ...(group !== undefined && { group }), ...(cursor !== undefined && { cursor }) };
      const body = await this.read(call, `${organizationPath(this.organization)}/databases`, query);
      const list = field(body, "databases");
      if (!Array.isArray(list)) return this.unreadable(call, "a list of databases");
      for (const item of list)
        databases.push(this.readDatabase(item) ?? this.unreadable(call, "a list of databases"));
      const next = field(field(body, "pagination"), "next");
      if (typeof next !== "string" || next === "" || next === cursor) return databases;
      cursor = next;
    }
    return this.unreadable(call, `a list that ends within ${MOST_PAGES} pages`);
  }

  /** Names appear in messages, so those of a listing are sanitised like any other text from outside. */
  private readDatabase(value: unknown): Database | undefined {
    const keys = ["Name", "Hostname", "group", "DbId"];
    const [name, hostname, group, id] = keys.map((key) => field(value, key));
    if (typeof name !== "string" || typeof hostname !== "string") return undefined;
    const shown = (text: string) => sanitise(text, [this.connection.apiToken ?? ""]);
    return {
      Name: shown(name),
      Hostname: hostname,
      group: typeof group === "string" ? shown(group) : "",
      ...(typeof id === "string" && { DbId: shown(id) }),
    };
  }

  private label(target: Target): string {
    return targetId(this.organization, target);
  }

  private async read(call: Call, path: string, query?: Record<string, string>): Promise<unknown> {
    const reply = await this.ask(call, { method: "GET", path, isIdempotent: true, ...(query && { query }) });
    if (!reply.ok) throw this.failure(call, { ...reply, outcome: { ...reply.outcome, effect: "unchanged" } });
    return parseJson(reply.text) ?? this.unreadable(call, "JSON");
  }

  private ask(call: Call, request: Parameters<Send>[0]): Promise<Reply> {
    if (this.connection.apiToken === undefined)
      throw new TursoError({
        attempted: call.attempted,
        answer: "there is no API token",
        effect: "unchanged",
        next: adviceForMissingToken(this.connection),
      });
    return this.send(request);
  }

  private unreadable(call: Call, expected: string): never {
    throw new TursoError({
      attempted: call.attempted,
      answer: `the API's answer was not ${expected}`,
      effect: "unchanged",
      next: `Check that ${this.connection.apiUrl} is Turso's API and that nothing in between answers in its place, then try again.`,
    });
  }

  private failure(call: Call, reply: FailedReply): TursoError {
    const { attempted, permission, target } = call;
    const { from, status, answer, retryAfterMs, isTooLarge = false } = reply;
    const { effect } = reply.outcome;
    const isGone = status === 404 && target !== undefined && saysNotFound(target, apiError(reply.text) ?? "");
    const { organization } = this;
    const next = adviceFor(
      { from, status, effect, retryAfterMs, target, permission, organization, isGone },
      this.connection,
    );
    return new TursoError({
      attempted,
      answer,
      effect,
      status,
      isGone,
      isCallerGone: from === "caller",
      isTooLarge,
      retryAfterMs,
      next,
    });
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** An own property of an object, whatever the value turns out to be. */
function field(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, key)
    ? (value as Record<string, unknown>)[key]
    : undefined;
}

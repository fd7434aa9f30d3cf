import {
  organizationPath,
  permissionTo,
  saysNotFound,
  targetId,
  targetPath,
  type Permission,
  type Target,
} from "../values/scope";
import type { Connection } from "./connection";
import { probe, type Probe } from "./probe";
import { TursoError, quote } from "./errors";
import { PATIENCE, apiError, transport, type Patience, type Reply, type Send } from "./transport";

/** What this package reads of a database; the API's names. */
export interface Database {
  Name: string;
  Hostname: string;
  group: string;
}

/** What a minted token may do, and for how long. */
export interface MintOptions {
  /** `never` or a duration in Turso's grammar. */
  expiration: string;
  authorization: "full-access" | "read-only";
  /** Databases that it may attach and read. */
  readAttach?: readonly string[];
}

const MOST_PAGES = 1_000;

interface Call {
  /** What is being done, to what. */
  doing: string;
  /** The scope that a restricted API token needs for it. */
  permission: Permission;
  target?: Target;
}

/** Turso's Platform API, as far as rotation needs it: https://docs.turso.tech/api-reference. */
export class TursoClient {
  readonly organization: string;
  private readonly connection: Connection;
  private readonly send: Send;

  /** @param tell is told of each retry */
  constructor(
    connection: Connection,
    organization: string,
    tell: (message: string) => void,
    patience: Partial<Patience> = {},
  ) {
    this.connection = connection;
    this.organization = organization;
    this.send = transport(connection, { ...PATIENCE, ...patience }, tell);
  }

  /** Replaces the target's signing key, which kills every token that the old one signed. Sent at most once. */
  async rotate(target: Target): Promise<void> {
    const call: Call = {
      doing: `rotating ${this.label(target)}`,
      permission: permissionTo("rotate", target),
      target,
    };
    const path = `${targetPath(this.organization, target)}/auth/rotate`;
    const reply = await this.ask(call, { method: "POST", path, harmless: false });
    // the API answers with an empty body: there is nothing to read
    if (!reply.ok) throw this.failure(call, reply);
  }

  async getDatabase(name: string): Promise<Database> {
    const target: Target = { kind: "database", name };
    const call: Call = { doing: `looking up ${this.label(target)}`, permission: "read", target };
    const found = field(await this.read(call, targetPath(this.organization, target)), "database");
    return this.readDatabase(found) ?? this.unreadable(call, "a database");
  }

  /**
   * Mints a token. A repeated request only makes another one that nobody sees, so it is retried like a read.
   *
   * @returns the JWT
   */
  async mint(target: Target, { expiration, authorization, readAttach = [] }: MintOptions): Promise<string> {
    const call: Call = {
      doing: `minting a token for ${this.label(target)}`,
      permission: permissionTo("mint", target),
      target,
    };
    const reply = await this.ask(call, {
      method: "POST",
      path: `${targetPath(this.organization, target)}/auth/tokens`,
      query: { expiration, authorization },
      // some databases refuse an empty permission list
      ...(readAttach.length > 0 && { body: { permissions: { read_attach: { databases: readAttach } } } }),
      harmless: true,
    });
    if (!reply.ok) throw this.failure(call, { ...reply, outcome: { ...reply.outcome, fate: "unchanged" } });
    const jwt = field(parseJson(reply.text), "jwt");
    return typeof jwt === "string" && /^[\w.~+/=-]{1,8192}$/.test(jwt)
      ? jwt
      : this.unreadable(call, "a token");
  }

  /** Asks a database whether it accepts a token. */
  probe(hostname: string, token: string): Promise<Probe> {
    return probe(this.connection, hostname, token);
  }

  /** Checks that a group exists. */
  async getGroup(name: string): Promise<void> {
    const target: Target = { kind: "group", name };
    const call: Call = { doing: `looking up ${this.label(target)}`, permission: "read", target };
    const found = field(await this.read(call, targetPath(this.organization, target)), "group");
    if (typeof field(found, "name") !== "string") this.unreadable(call, "a group");
  }

  /** The databases of a group, or of the organization, page by page where the server pages. */
  async listDatabases(group?: string): Promise<Database[]> {
    const whose = group === undefined ? this.organization : this.label({ kind: "group", name: group });
    const call: Call = { doing: `listing the databases of ${whose}`, permission: "read" };
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

  /** Names stand in messages, so a listing's are quoted like any other text from outside. */
  private readDatabase(value: unknown): Database | undefined {
    const [name, hostname, group] = ["Name", "Hostname", "group"].map((key) => field(value, key));
    if (typeof name !== "string" || typeof hostname !== "string") return undefined;
    const shown = (text: string) => quote(text, [this.connection.apiToken ?? ""]);
    return { Name: shown(name), Hostname: hostname, group: typeof group === "string" ? shown(group) : "" };
  }

  private label(target: Target): string {
    return targetId(this.organization, target);
  }

  private async read(call: Call, path: string, query?: Record<string, string>): Promise<unknown> {
    const reply = await this.ask(call, { method: "GET", path, harmless: true, ...(query && { query }) });
    if (!reply.ok) throw this.failure(call, { ...reply, outcome: { ...reply.outcome, fate: "unchanged" } });
    return parseJson(reply.text) ?? this.unreadable(call, "JSON");
  }

  private ask(call: Call, request: Parameters<Send>[0]): Promise<Reply> {
    if (this.connection.apiToken === undefined)
      throw new TursoError({
        doing: call.doing,
        answer: "there is no API token",
        fate: "unchanged",
        next: MISSING_TOKEN,
      });
    return this.send(request);
  }

  private unreadable(call: Call, expected: string): never {
    throw new TursoError({
      doing: call.doing,
      answer: `the API's answer was not ${expected}`,
      fate: "unchanged",
      next: `Check that ${this.connection.apiUrl} is Turso's API and that nothing in between answers for it, then run it again.`,
    });
  }

  private failure(call: Call, reply: Reply & { ok: false }): TursoError {
    const { status, answer, outcome } = reply;
    const { target } = call;
    const isGone = status === 404 && target !== undefined && saysNotFound(target, apiError(reply.text) ?? "");
    const next = this.advice(call, reply, isGone);
    return new TursoError({ doing: call.doing, answer, fate: outcome.fate, status, isGone, next });
  }

  private advice(
    { permission, target }: Call,
    { status, retryAfterMs, outcome }: Reply & { ok: false },
    isGone: boolean,
  ): string {
    const origin = this.connection.apiTokenOrigin;
    if (outcome.fate === "unknown") return "Find out before sending it again.";
    switch (status) {
      case 401:
        return `The API token, read from ${origin}, is wrong or has expired: make a new one (turso auth api-tokens mint NAME) and set it there.`;
      case 402:
        return "The organization's plan or payment does not allow it: see its billing page.";
      case 403:
        return `The API token, read from ${origin}, may not do this: give it the scope ${permission}, or use one that has it.`;
      case 404:
        return isGone && target
          ? `Check the name of the ${target.kind} "${target.name}" and the organization "${this.organization}".`
          : `Check the organization "${this.organization}" and the API's URL ${this.connection.apiUrl}.`;
      case 409:
        return "Something else is changing it now: run it again in a moment.";
      case 429:
        return `The API limits how often it is asked: wait ${retryAfterMs ? `${Math.ceil(retryAfterMs / 1000)} s` : "a minute"} and run it again.`;
      case undefined:
        return `Check the network and the API's URL ${this.connection.apiUrl}, then run it again.`;
      default:
        if (status >= 500 || status < 300) return "Run it again; if it stays so, ask Turso's support.";
        return status >= 300 && status < 400
          ? `A redirect is never followed, since the API token would go along: check the API's URL ${this.connection.apiUrl}.`
          : "The API does not accept the request as it is: correct what it names, or ask Turso's support.";
    }
  }
}

export const MISSING_TOKEN =
  "Set it with `pulumi config set --secret turso:apiToken TOKEN`, or in the environment as TURSO_API_TOKEN.";

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

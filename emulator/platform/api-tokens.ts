import { randomBytes } from "node:crypto";
import { ApiError } from "../errors";
import type { Platform } from "./index";

const SCOPES = [
  "read",
  "db:create",
  "db:delete",
  "db:configure",
  "db:mint-token",
  "db:rotate-creds",
  "group:configure",
  "group:mint-token",
  "group:rotate-creds",
] as const;

export type Permission = (typeof SCOPES)[number];

export interface ApiTokenOptions {
  /** What the token may do; everything if left out. */
  permissions?: Permission[] | undefined;
  /** When the token ends, in milliseconds since 1970; never if left out. */
  expiresAt?: number | undefined;
  /** The group that the token belongs to. It reaches nothing else, and is revoked with the group. */
  group?: string | undefined;
  /** How the token is listed; a name is made up if left out. */
  name?: string | undefined;
}

export interface ApiToken {
  id: string;
  name: string;
  value: string;
  createdAt: number;
  permissions: Permission[] | undefined;
  expiresAt: number | undefined;
  group: { name: string; uuid: string } | undefined;
}

/** The tokens of people and programs, which the control plane requires. They are not JWTs here. */
export class ApiTokens {
  readonly #tokens = new Map<string, ApiToken>();
  #count = 0;

  constructor(
    private readonly platform: () => Platform,
    private readonly now: () => number,
  ) {}

  create(options: ApiTokenOptions = {}, value: string = randomBytes(24).toString("base64url")): ApiToken {
    const { name = `emulator-${++this.#count}`, permissions, expiresAt } = options;
    if (this.#list().some((token) => token.name === name)) {
      throw new ApiError(409, `API token with name ${name} already exists`);
    }
    const group = options.group === undefined ? undefined : this.platform().group(options.group);
    const token: ApiToken = {
      id: randomBytes(16).toString("base64url"),
      name,
      value,
      createdAt: this.now(),
      permissions,
      expiresAt,
      group: group && { name: group.name, uuid: group.uuid },
    };
    this.#tokens.set(value, token);
    return token;
  }

  list(): ApiToken[] {
    return this.#list().filter((token) => this.#isAlive(token));
  }

  revoke(value: string): boolean {
    return this.#tokens.delete(value);
  }

  revokeBy(key: "id" | "name", wanted: string): void {
    const token = this.list().find((each) => each[key] === wanted);
    if (token === undefined) throw new ApiError(404, "API token not found");
    this.revoke(token.value);
  }

  /** For the log, which redacts them. */
  values(): Iterable<string> {
    return this.#tokens.keys();
  }

  authenticate(authorization: string | undefined): ApiToken {
    const value = /^Bearer +(\S+) *$/i.exec(authorization ?? "")?.[1];
    const token = value === undefined ? undefined : this.#tokens.get(value);
    if (token === undefined || !this.#isAlive(token)) {
      throw new ApiError(401, "unauthorized: missing or unknown API token");
    }
    if (token.expiresAt !== undefined && token.expiresAt <= this.now()) {
      throw new ApiError(401, "unauthorized: the API token has expired");
    }
    return token;
  }

  #list(): ApiToken[] {
    return [...this.#tokens.values()];
  }

  #isAlive({ group }: ApiToken): boolean {
    return group === undefined || this.platform().findGroup(group.name)?.uuid === group.uuid;
  }
}

/** `undefined` means that only an unrestricted token has the permission. */
export function demand(token: ApiToken, permission: Permission | undefined): void {
  if (token.permissions === undefined) return;
  if (permission !== undefined && token.permissions.includes(permission)) return;
  throw new ApiError(403, `forbidden: the API token lacks the permission ${permission ?? "to do this"}`);
}

/** `undefined` stands for a call that concerns the organization and not one group. */
export function demandGroup(token: ApiToken, group: string | undefined): void {
  if (token.group === undefined || token.group.name === group) return;
  throw new ApiError(
    403,
    group === undefined
      ? "group-scoped token cannot access org-level resources"
      : `forbidden: the API token belongs to the group ${token.group.name}`,
  );
}

/** Expands the presets of a request to mint an API token. */
export function parseScopes(names: readonly string[]): Permission[] {
  const scopes = names.flatMap((name): readonly Permission[] => {
    if (name === "full-access") return SCOPES;
    if (name === "read-only") return ["read"];
    const scope = SCOPES.find((each) => each === name);
    if (scope === undefined) throw new ApiError(400, `invalid scope: ${name}`);
    return [scope];
  });
  return [...new Set(scopes)];
}

import { randomBytes } from "node:crypto";
import { ApiError } from "./errors";

export type Permission =
  "db:rotate-creds" | "group:rotate-creds" | "db:mint-token" | "group:mint-token" | "read";

export interface ApiTokenOptions {
  /** What the token may do; everything if left out. */
  permissions?: Permission[] | undefined;
  /** When the token ends, in milliseconds since 1970; never if left out. */
  expiresAt?: number | undefined;
}

/** The tokens of people and programs, which the control plane asks for. They are not JWTs here. */
export class ApiTokens {
  readonly #tokens = new Map<string, ApiTokenOptions>();

  create(options: ApiTokenOptions = {}, token: string = randomBytes(24).toString("base64url")): string {
    this.#tokens.set(token, { ...options });
    return token;
  }

  revoke(token: string): boolean {
    return this.#tokens.delete(token);
  }

  values(): Iterable<string> {
    return this.#tokens.keys();
  }

  authenticate(authorization: string | undefined, now: number): ApiTokenOptions {
    const token = /^Bearer +(\S+) *$/i.exec(authorization ?? "")?.[1];
    const options = token === undefined ? undefined : this.#tokens.get(token);
    if (options === undefined) throw new ApiError(401, "unauthorized: missing or unknown API token");
    if (options.expiresAt !== undefined && options.expiresAt <= now) {
      throw new ApiError(401, "unauthorized: the API token has expired");
    }
    return options;
  }
}

/** `undefined` stands for what only an unrestricted token may do. */
export function demand(options: ApiTokenOptions, permission: Permission | undefined): void {
  if (options.permissions === undefined) return;
  if (permission !== undefined && options.permissions.includes(permission)) return;
  throw new ApiError(403, `forbidden: the API token lacks the permission ${permission ?? "to do this"}`);
}

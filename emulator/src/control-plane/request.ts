import type { FastifyRequest } from "fastify";
import { ApiError } from "../errors";
import type { Instruments } from "../instrument";
import type { Platform } from "../platform";
import type { ApiToken, ApiTokens, ApiTokenPermission } from "../platform/api-tokens";

declare module "fastify" {
  interface FastifyContextConfig {
    /** What a restricted API token needs; `null`: nothing; absent: only an unrestricted API token is accepted. */
    permission?: ApiTokenPermission | null;
    /** `none` for a call that concerns no group, `body` for a call whose body names the group. */
    group?: "none" | "body";
  }
  interface FastifyRequest {
    apiToken: ApiToken;
  }
}

/** What the endpoints work on. */
export interface EndpointContext {
  platform: Platform;
  organization: string;
  tokens: ApiTokens;
  instruments: Instruments;
}

export const ORGANIZATION = "/v1/organizations/:organization";

export const needs = (permission: ApiTokenPermission) => ({ config: { permission } });
export const READ = needs("read");

export interface OfGroup {
  Params: { group: string };
}

export interface OfDatabase {
  Params: { database: string };
}

/** Records that the request did what it asked for. */
export function changed<T>(request: FastifyRequest, result: T): T {
  request.entry.changed = true;
  return result;
}

export function object(body: unknown): Record<string, unknown> {
  return (typeof body === "object" && body !== null ? body : {}) as Record<string, unknown>;
}

/** A text field of a JSON body. The official CLI capitalises the keys of some bodies. */
export function field(body: unknown, name: string): string | undefined {
  const entry = Object.entries(object(body)).find(([key]) => key.toLowerCase() === name);
  return typeof entry?.[1] === "string" ? entry[1] : undefined;
}

export function boolean(body: unknown, name: string): boolean | undefined {
  const value = object(body)[name];
  return typeof value === "boolean" ? value : undefined;
}

export function texts(body: unknown, name: string): string[] | undefined {
  const value = object(body)[name];
  if (value === undefined || value === null) return undefined;
  if (Array.isArray(value) && value.every((each) => typeof each === "string")) return value;
  throw new ApiError(400, `${name} must be a list of strings`);
}

export function positive(text: string | undefined, otherwise: number): number {
  const value = Number(text ?? otherwise);
  return Number.isSafeInteger(value) && value > 0 ? value : otherwise;
}

type Defined<T> = { [Key in keyof T]: Exclude<T[Key], undefined> };

/** Without the fields that were not given, so that they change nothing. */
export function given<T extends object>(fields: T): Partial<Defined<T>> {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Partial<Defined<T>>;
}

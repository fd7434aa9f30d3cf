import { ApiError } from "./errors";

export const ACTIONS = [
  "data_read",
  "data_add",
  "data_update",
  "data_delete",
  "schema_add",
  "schema_update",
  "schema_delete",
] as const;

export type Action = (typeof ACTIONS)[number];

/** What a token may do, and on which tables; `null` means on every table. */
export interface FineGrainedPermission {
  tables: readonly string[] | null;
  actions: readonly Action[];
}

/** A permission as a request and a token write it. */
export interface WirePermission {
  t: readonly string[] | null;
  a: readonly Action[];
}

/** Reads `fine_grained_permissions` of a request to mint a token. */
export function parsePermissions(value: unknown): FineGrainedPermission[] | undefined {
  if (value === undefined || value === null) return undefined;
  if (!Array.isArray(value)) throw invalid("must be a list");
  return value.map(parsePermission);
}

export const toWire = ({ tables, actions }: FineGrainedPermission): WirePermission => ({
  t: tables,
  a: actions,
});

export const fromWire = ({ t, a }: WirePermission): FineGrainedPermission => ({ tables: t, actions: a });

function parsePermission(value: unknown): FineGrainedPermission {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw invalid('each must be an object with "t" and "a"');
  }
  const { t: tables = null, a: actions, ...rest } = value as { t?: unknown; a?: unknown };
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) throw invalid(`unknown field "${unknown}"`);
  if (tables !== null && !isNames(tables)) throw invalid('"t" must be null or a list of table names');
  if (!isNames(actions)) throw invalid('"a" must be a list of actions');
  return { tables, actions: actions.map(requireAction) };
}

function isNames(value: unknown): value is string[] {
  return Array.isArray(value) && value.length > 0 && value.every((name) => typeof name === "string" && name);
}

function requireAction(name: string): Action {
  const action = ACTIONS.find((each) => each === name);
  if (action === undefined) throw invalid(`unknown action "${name}"`);
  return action;
}

const invalid = (reason: string): ApiError =>
  new ApiError(400, `invalid fine_grained_permissions: ${reason}`);

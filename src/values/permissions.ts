import { describeType, show } from "./text";

/** One of Turso's actions on tables: reading or changing rows, or changing the schema. */
export type Action =
  "data_read" | "data_add" | "data_update" | "data_delete" | "schema_add" | "schema_update" | "schema_delete";

/** All actions; one that is missing here does not compile. */
const ACTIONS = Object.keys({
  data_read: true,
  data_add: true,
  data_update: true,
  data_delete: true,
  schema_add: true,
  schema_update: true,
  schema_delete: true,
} satisfies Record<Action, true>);

/**
 * What a token may do with which tables. A token with permissions may do nothing else.
 *
 * `{ tables: ["orders"], actions: ["data_read", "data_add"] }`
 */
export interface Permission {
  /**
   * Names of tables.
   *
   * @defaultValue `undefined`: every table, including those that are created later
   * @throws if it is not a list of table names
   */
  tables?: readonly string[];
  /**
   * At least one action.
   *
   * @defaultValue `none`: required
   * @throws if it is missing, empty, or contains an unknown action
   */
  actions: readonly Action[];
}

/** A permission as Turso's API reads it. */
export const toWire = ({
  tables,
  actions,
}: Permission): { t: readonly string[] | null; a: readonly Action[] } => ({
  t: tables ?? null,
  a: actions,
});

/** Why a value is not a valid list of permissions; undefined if it is one. */
export function permissionsProblem(name: string, value: unknown): string | undefined {
  if (!Array.isArray(value)) return `${name} must be a list of permissions, not ${describeType(value)}`;
  if (value.length === 0)
    return `${name} must not be an empty list: leave it out for a token without restrictions`;
  return value
    .map((each, i) => permissionProblem(`${name}[${i}]`, each))
    .find((problem) => problem !== undefined);
}

function permissionProblem(name: string, value: unknown): string | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return `${name} must be { tables, actions }, not ${describeType(value)}`;
  const { tables, actions, ...rest } = value as Record<string, unknown>;
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined)
    return `${name} has the unknown member ${show(unknown)}; it may have tables and actions`;
  const isAbsent = tables === undefined || tables === null;
  if (!isAbsent && !isNames(tables))
    return `${name}.tables must be a list of table names, or absent for every table`;
  if (!isNames(actions)) return `${name}.actions must be a list with at least one action`;
  const wrong = actions.find((action) => !ACTIONS.includes(action));
  return wrong === undefined
    ? undefined
    : `${name}.actions: ${show(wrong)} is not an action; the actions are ${ACTIONS.join(", ")}`;
}

const isNames = (value: unknown): value is string[] =>
  Array.isArray(value) && value.length > 0 && value.every((each) => typeof each === "string" && each !== "");

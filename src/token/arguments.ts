import { anything, duration, oneOf, scopeRule, type Rule, type Rules } from "../core/argument-rules";
import { permissionsProblem } from "../values/permissions";
import { nameProblem } from "../values/scope";
import type { TokenInputs } from "./state";

const expiration: Rule = (value, name) => (value === "never" ? undefined : duration(value, name));

const databaseNames: Rule = (value, name) =>
  Array.isArray(value) && value.every((item) => nameProblem("", item) === undefined)
    ? undefined
    : `${name} must be a list of database names`;

const permissions: Rule = (value, name) => permissionsProblem(name, value);

/** An AuthToken's arguments, each with its rule: the one list of them. */
export const RULES = {
  scope: scopeRule({ lists: false }),
  organization: anything, // the context resolves and checks it
  authorization: oneOf("full-access", "read-only"),
  expiration,
  readAttach: databaseNames,
  permissions,
  rotation: anything, // checked against the scope
  trigger: anything,
  renewBefore: duration,
  verify: oneOf("auto", "off"),
  verifyTimeout: duration,
} satisfies Rules & Record<keyof TokenInputs, unknown>;

export const ARGUMENTS = Object.keys(RULES) as (keyof TokenInputs)[];

/** The arguments whose change mints a new token. */
export const MINTING_ARGUMENTS = ["authorization", "expiration", "readAttach", "permissions"] as const;

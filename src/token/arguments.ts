import {
  anything,
  databaseNames,
  duration,
  expiration,
  oneOf,
  permissions,
  scopeRule,
  type Rule,
  type Rules,
} from "../core/argument-rules";
import { describeType } from "../values/text";
import type { TokenInputs } from "./state";

/** Only its form: the checks compare it with the scope. */
const rotation: Rule = (value) =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? undefined
    : `rotation must be the handle of a TokenRotation, not ${describeType(value)}`;

/** An AuthToken's arguments, each with its rule: the one list of them. */
export const RULES = {
  scope: scopeRule({ lists: false }),
  organization: anything, // the context resolves and checks it
  authorization: oneOf("full-access", "read-only"),
  expiration,
  readAttach: databaseNames,
  permissions,
  rotation,
  trigger: anything,
  renewBefore: duration,
  verify: oneOf("auto", "off"),
  verifyTimeout: duration,
} satisfies Rules & Record<keyof TokenInputs, unknown>;

export const ARGUMENTS = Object.keys(RULES) as (keyof TokenInputs)[];

/** The arguments whose change mints a new token. */
export const MINTING_ARGUMENTS = ["authorization", "expiration", "readAttach", "permissions"] as const;

import {
  anything,
  databaseNames,
  duration,
  expiration,
  flag,
  objectOf,
  oneOf,
  permissions,
  scopeRule,
  wholeNumber,
  type Rules,
} from "../core/argument-rules";
import type { MintSettings, RotationInputs } from "./state";

/**
 * A TokenRotation's arguments, each with its rule: the one list of them. What is listed here is checked, registered with
 * the engine, and saved when it changes.
 */
export const RULES = {
  scope: scopeRule({ lists: true }),
  organization: anything, // the context resolves and checks it
  trigger: anything,
  rotateEvery: duration,
  rotateOnCreate: flag,
  rotateOnJoin: flag,
  suspend: flag,
  mint: objectOf({
    authorization: oneOf("full-access", "read-only"),
    expiration,
    renewBefore: duration,
    readAttach: databaseNames,
    permissions,
    per: oneOf("database"),
  } satisfies Rules & Record<keyof MintSettings, unknown>),
  maxUnavailable: wholeNumber(1, 10_000),
  verify: oneOf("auto", "required", "off"),
  verifyTimeout: duration,
  groupImpact: oneOf("warn", "refuse"),
  parallelism: wholeNumber(1, 100),
} satisfies Rules & Record<keyof RotationInputs, unknown>;

export const ARGUMENTS = Object.keys(RULES) as (keyof RotationInputs)[];
export const DEFAULT_PARALLELISM = 8; // targets of a list

import { checkArguments, databaseNames, oneOf, type Rule, type Rules } from "../core/argument-rules";
import type { Properties } from "../core/protocol";
import { RULES as ROTATION_RULES } from "../rotation/arguments";
import { readRotationState, type RotationState } from "../rotation/state";
import { RULES as TOKEN_RULES } from "../token/arguments";
import { readTokenState, type TokenState } from "../token/state";
import { SEGMENTS, parseId, type TargetKind } from "../values/scope";
import { show } from "../values/text";
import { BadInput, isRecord, type ExportedResource } from "./export";

/** The state of a TokenRotation, without its secrets. @throws BadInput */
export function rotationState(resource: ExportedResource): RotationState {
  const state = readable(() => readRotationState(resource.id, identified(resource)));
  requireShape(
    { ...resource, props: { ...state } },
    { ...ROTATION_RULES, ...RECORDED_OF_ROTATIONS },
    NEEDED_OF_ROTATIONS,
  );
  return state;
}

/** The state of an AuthToken, without its secrets. @throws BadInput */
export function tokenState(resource: ExportedResource): TokenState {
  const props = identified(resource);
  const state = readable(() => readTokenState(resource.id, props));
  requireShape({ ...resource, props }, { ...TOKEN_RULES, ...RECORDED_OF_TOKENS }, NEEDED_OF_TOKENS);
  return state;
}

const date: Rule = (value, name) =>
  typeof value === "string" && Number.isFinite(Date.parse(value)) ? undefined : `${name} must be a date`;

const text: Rule = (value, name) => (typeof value === "string" ? undefined : `${name} must be a string`);

const recordOf =
  (rule: Rule): Rule =>
  (value, name) => {
    if (!isRecord(value)) return `${name} must be an object`;
    return Object.entries(value)
      .map(([key, member]) => rule(member, `${name}.${key}`))
      .find((problem) => problem !== undefined);
  };

const deadTokens: Rule = (value, name) =>
  recordOf(text)(value, name) ??
  (Object.keys(value as object).every((key) => /^[0-9a-f]{64}$/.test(key))
    ? undefined
    : `${name} must have SHA-256 fingerprints as keys`);

const endpoint: Rule = (value, name) =>
  isRecord(value) && typeof value["group"] === "string" ? undefined : `${name} must be an endpoint`;

const followed: Rule = (value, name) =>
  isRecord(value) ? recordOf(date)(value["rotations"], `${name}.rotations`) : `${name} must be an object`;

const NEEDED_OF_ROTATIONS = ["rotations", "failures", "createdAt", "cause"];
const NEEDED_OF_TOKENS = ["mintedAt"];

const RECORDED_OF_ROTATIONS: Rules = {
  organization: text,
  rotations: recordOf(date),
  failures: recordOf(text),
  createdAt: date,
  rotatedAt: date,
  cause: oneOf("creation", "trigger", "age"),
  joined: databaseNames,
  expirations: recordOf(date),
  verification: text,
  endpoints: recordOf(endpoint),
  gone: databaseNames,
  reach: recordOf(recordOf(text)),
  casualties: deadTokens,
};

const RECORDED_OF_TOKENS: Rules = {
  organization: text,
  mintedAt: date,
  expiresAt: date,
  rotation: followed,
  endpoint,
};

/** Checks a state, which the provider trusts because it wrote it: an export may have passed through other hands. */
function requireShape(
  { name, props, secrets }: ExportedResource,
  rules: Rules,
  needed: readonly string[],
): void {
  for (const key of needed) {
    if (secrets.has(key))
      throw new BadInput(
        `The state of ${show(name)} has ${key} as a secret, and status reads no secrets: remove ${key} from additionalSecretOutputs.`,
      );
    if ((props[key] ?? undefined) === undefined) throw damaged(name, `${key} is missing.`);
  }
  const known = Object.fromEntries(Object.keys(rules).map((key) => [key, props[key]]));
  const [problem] = checkArguments("a state", rules, known);
  if (problem) throw damaged(name, problem.reason);
}

const damaged = (name: string, problem: string): BadInput =>
  new BadInput(`The state of ${show(name)} is damaged: ${problem}`);

function readable<State>(read: () => State): State {
  try {
    return read();
  } catch (error) {
    throw new BadInput((error as Error).message);
  }
}

/** The id is never a secret, so it stands in for a scope and an organization that a program made secrets. */
function identified({ id, name, props }: ExportedResource): Properties {
  const [organization, segment] = id.split("/");
  const kinds = Object.keys(SEGMENTS) as TargetKind[];
  const kind = kinds.find((each) => SEGMENTS[each] === segment);
  if (organization === undefined || kind === undefined)
    throw damaged(name, `its id ${show(id)} names no database and no group.`);
  return { organization, scope: parseId(id)?.scope ?? { [`${kind}s`]: "all" }, ...props };
}

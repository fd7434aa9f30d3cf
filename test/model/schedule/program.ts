import type { Json } from "../../../src/values/json";
import type { RotationInputs, RotationState } from "../../../src/rotation/state";
import { UNKNOWN } from "../../../src/core/unknown";
import { parseSubject, type Scope, type Target } from "../../../src/values/scope";
import type { Properties, DeclaredResource } from "../world/engine";

/** What a schedule's program declares: a TokenRotation, the AuthTokens that depend on it, and perhaps a second TokenRotation. */
export interface Program {
  rotation: Omit<RotationInputs, "organization">;
  /** A TokenRotation of a different database, in the same group as some of the first one's targets. */
  beside?: Beside | undefined;
  /** How many AuthTokens there are. */
  tokens: number;
  /** With "all": the members that there are, and those that the state has a record of. */
  members?: readonly Target[];
  /** Their arguments. */
  token: { expiration?: string; renewBefore?: string; trigger?: Json; verify?: "auto" | "off" };
}

export interface Beside extends Omit<RotationInputs, "organization"> {
  /** Whether the engine comes to it only after the AuthTokens. */
  isLast: boolean;
}

/** An edit of the program; `undefined` removes an argument. */
export type Change = { [K in keyof Program["rotation"]]?: Program["rotation"][K] | undefined } & {
  tokens?: number;
  token?: Program["token"];
  beside?: Beside | undefined;
};

export const FIRST: Program = {
  rotation: { scope: { database: "app" }, trigger: 1, verifyTimeout: "1s" },
  tokens: 1,
  token: {},
};

export function change({ rotation, tokens, token, beside: was }: Program, { ...edit }: Change): Program {
  const beside = "beside" in edit ? edit.beside : was;
  const next = { tokens: edit.tokens ?? tokens, token: edit.token ?? token };
  delete edit.tokens;
  delete edit.token;
  delete edit.beside;
  const edited = Object.fromEntries(
    Object.entries({ ...rotation, ...edit }).filter(([, value]) => value !== undefined),
  ) as unknown as Program["rotation"];
  // `check` rejects a program without either, which other tests cover
  if (edited.trigger === undefined && edited.rotateEvery === undefined) edited.rotateEvery = "30d";
  if (edited.mint?.per === "database" && kindOf(edited.scope) === "database") edited.mint = {};
  return { ...next, rotation: edited, ...(beside && !names(edited.scope, beside.scope) && { beside }) };
}

/** Whether two TokenRotations would rotate the same target, of which the preview warns. */
function names(scope: Scope, beside: Scope): boolean {
  const own = parseSubject({ organization: "acme", scope }).targets;
  const others = parseSubject({ organization: "acme", scope: beside }).targets;
  return (
    own === "all" || others === "all" || others.some((other) => own.some(({ name }) => name === other.name))
  );
}

export type RotationName = "rotation" | "beside";

/** Each TokenRotation, as if it were alone. */
export function rotationsOf(program: Program): Partial<Record<RotationName, Program>> {
  const { beside } = program;
  if (beside === undefined) return { rotation: program };
  const rotation: Program["rotation"] & { isLast?: boolean } = { ...beside };
  delete rotation.isLast;
  return { rotation: program, beside: { rotation, tokens: 0, token: {} } };
}

/** The edit that rotates everything. */
export const retrigger = ({ beside }: Program, trigger: string): Change => ({
  trigger,
  ...(beside && { beside: { ...beside, trigger } }),
});

/** The edit after which nothing but a target that is gone keeps an `up` from succeeding. */
export const repair = ({ rotation }: Program): Change => ({
  groupImpact: undefined,
  suspend: undefined,
  // weeks may pass until all is done, and each rotation leaves a proof to finish
  ...(rotation.rotateEvery !== undefined && { rotateEvery: "52w" }),
  ...(rotation.verify === "required" && { verify: undefined }),
});

/** @param isExpected whether the rotation knows that its members existed: then only AuthTokens cannot be minted any more */
export const withoutGone = (isExpected: boolean): Change =>
  isExpected ? { tokens: 0 } : { scope: { group: "default" } };

const kindOf = (scope: Scope): Target["kind"] =>
  "database" in scope || "databases" in scope ? "database" : "group";

/** Whether the scope is every one of the organization. */
export const isAll = ({ rotation }: Pick<Program, "rotation">): boolean =>
  Object.values(rotation.scope).includes("all");

export function targetsOf({
  rotation,
  members = [],
}: Pick<Program, "rotation" | "members">): readonly Target[] {
  const { targets } = parseSubject({ organization: "acme", ...rotation });
  return targets === "all" ? members : targets;
}

/** With "all": the targets that the state has a record of. They are what an `up` without a rotation looks at. */
export function recorded(state: RotationState | undefined): Target[] {
  if (state === undefined) return [];
  const { rotations, pending = {}, tokens = {}, endpoints = {}, mint } = state;
  const minted =
    mint?.per === "database" ? Object.values(endpoints).map(({ group }) => group) : Object.keys(tokens);
  const kind = kindOf(state.scope);
  return [...new Set([...Object.keys(rotations), ...Object.keys(pending), ...minted])].map((name) => ({
    kind,
    name,
  }));
}

/** The program with the members that "all" has. */
export function withMembers(
  program: Program,
  now: (kind: Target["kind"]) => Target[],
  state: RotationState | undefined,
): Program {
  const rest = { ...program };
  delete rest.members;
  if (!isAll(program)) return rest;
  const kind = kindOf(program.rotation.scope);
  const before = state && kindOf(state.scope) === kind ? recorded(state) : [];
  const byName = new Map([...now(kind), ...before].map((target) => [target.name, target]));
  return { ...rest, members: [...byName.values()] };
}

export const isSingle = ({ rotation: { scope } }: Pick<Program, "rotation">): boolean =>
  "database" in scope || "group" in scope;

const ALL_FOLLOWED: Record<Target["kind"], Target[]> = {
  database: [
    { kind: "database", name: "app" },
    { kind: "database", name: "lone" },
  ],
  group: [
    { kind: "group", name: "default" },
    { kind: "group", name: "solo" },
  ],
};

/** The targets of the AuthTokens: the rotation's first and last target, or its group and one database in it. */
function followers({ rotation, tokens }: Program): Target[] {
  const targets = isAll({ rotation }) ? ALL_FOLLOWED[kindOf(rotation.scope)] : targetsOf({ rotation });
  const member = { default: "reports", solo: "lone" }[targets[0]?.name ?? ""];
  const last =
    "group" in rotation.scope && member ? ({ kind: "database", name: member } as const) : targets.at(-1);
  return [targets[0], last].slice(0, tokens).filter((target) => target !== undefined);
}

/** The `rotation` argument of an AuthToken, as src/resources/auth-token.ts derives it from a TokenRotation's outputs. */
function followed({ rotations, scope, organization, rotateEvery }: Properties, own: Scope): Properties {
  const whole = scope as Scope | undefined;
  const covered = whole && partFor(own, whole);
  const all = rotations as Record<string, string> | typeof UNKNOWN | undefined;
  const name =
    covered && ("database" in covered ? covered.database : "group" in covered ? covered.group : undefined);
  const at = name === undefined || typeof all !== "object" ? undefined : all[name];
  return {
    scope: covered,
    organization,
    rotations: name === undefined || at === undefined ? all : { [name]: at },
    rotateEvery,
  };
}

function partFor(own: Scope, whole: Scope): Scope {
  const [names, name] =
    "databases" in whole && "database" in own
      ? [whole.databases, own.database]
      : "groups" in whole && "group" in own
        ? [whole.groups, own.group]
        : [];
  if (names === undefined || name === undefined) return whole;
  if (names === "all" || names.includes(name)) return own;
  return "databases" in whole ? { databases: names.slice(0, 5) } : { groups: names.slice(0, 5) };
}

/** Those of the rotation and of the AuthTokens: with "all", one of the latter may be gone that the rotation has no record of. */
export const allTargetsOf = (program: Program): Target[] => [...targetsOf(program), ...followers(program)];

export function resourcesOf(program: Program): DeclaredResource[] {
  const tokens = followers(program).map((target, i): DeclaredResource => {
    const scope = { [target.kind]: target.name } as unknown as Scope;
    return {
      name: `token ${i + 1}`,
      type: "token",
      inputs: (outputsOf) => ({
        scope,
        ...program.token,
        verifyTimeout: "1s",
        rotation: followed(outputsOf("rotation"), scope),
      }),
    };
  });
  const [rotation, beside] = [program, rotationsOf(program).beside].map((each, i): DeclaredResource[] =>
    each
      ? [{ name: i === 0 ? "rotation" : "beside", type: "rotation", inputs: () => ({ ...each.rotation }) }]
      : [],
  ) as [DeclaredResource[], DeclaredResource[]];
  return program.beside?.isLast ? [...rotation, ...tokens, ...beside] : [...rotation, ...beside, ...tokens];
}

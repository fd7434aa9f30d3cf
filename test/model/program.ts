import type { Json } from "../../src/values/json";
import type { RotationInputs } from "../../src/rotation/state";
import { UNKNOWN } from "../../src/core/unknown";
import { parseSubject, type Scope, type Target } from "../../src/values/scope";
import type { Properties, DeclaredResource } from "./engine";

/** What a schedule's program declares: one TokenRotation and the AuthTokens that depend on it. */
export interface Program {
  rotation: Omit<RotationInputs, "organization">;
  /** How many AuthTokens there are. */
  tokens: number;
  /** Their arguments. */
  token: { expiration?: string; renewBefore?: string; trigger?: Json; verify?: "auto" | "off" };
}

/** An edit of the program; `undefined` removes an argument. */
export type Change = { [K in keyof Program["rotation"]]?: Program["rotation"][K] | undefined } & {
  tokens?: number;
  token?: Program["token"];
};

export const FIRST: Program = {
  rotation: { scope: { database: "app" }, trigger: 1, verifyTimeout: "1s" },
  tokens: 1,
  token: {},
};

export function change({ rotation, tokens, token }: Program, { ...edit }: Change): Program {
  const next = { tokens: edit.tokens ?? tokens, token: edit.token ?? token };
  delete edit.tokens;
  delete edit.token;
  const edited = Object.fromEntries(
    Object.entries({ ...rotation, ...edit }).filter(([, value]) => value !== undefined),
  ) as unknown as Program["rotation"];
  // `check` rejects a program without either, which other tests cover
  if (edited.trigger === undefined && edited.rotateEvery === undefined) edited.rotateEvery = "30d";
  return { ...next, rotation: edited };
}

export function targetsOf({ rotation }: Pick<Program, "rotation">): readonly Target[] {
  const { targets } = parseSubject({ organization: "acme", ...rotation });
  return targets === "all" ? [] : targets;
}

export const isSingle = ({ rotation: { scope } }: Pick<Program, "rotation">): boolean =>
  "database" in scope || "group" in scope;

/** The targets of the AuthTokens: the rotation's first and last target, or its group and one database in it. */
function followers({ rotation, tokens }: Program): Target[] {
  const targets = targetsOf({ rotation });
  const member = { default: "reports", solo: "lone" }[targets[0]?.name ?? ""];
  const last =
    "group" in rotation.scope && member ? ({ kind: "database", name: member } as const) : targets.at(-1);
  return [targets[0], last].slice(0, tokens).filter((target) => target !== undefined);
}

/** The `rotation` argument of an AuthToken, as src/resources/auth-token.ts derives it from a TokenRotation's outputs. */
function followed({ rotations, scope, organization, rotateEvery }: Properties, own: Scope): Properties {
  const whole = scope as Scope | undefined;
  const isListed = whole && "databases" in whole && "database" in own;
  const covered = isListed
    ? whole.databases.includes(own.database)
      ? own
      : { databases: whole.databases.slice(0, 5) }
    : whole;
  const all = rotations as Record<string, string> | typeof UNKNOWN | undefined;
  const name = covered && "database" in covered ? covered.database : undefined;
  const at = name === undefined || typeof all !== "object" ? undefined : all[name];
  return {
    scope: covered,
    organization,
    rotations: name === undefined || at === undefined ? all : { [name]: at },
    rotateEvery,
  };
}

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
  return [{ name: "rotation", type: "rotation", inputs: () => ({ ...program.rotation }) }, ...tokens];
}

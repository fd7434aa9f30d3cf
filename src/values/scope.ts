import { describeType, show } from "./text";

/**
 * What a rotation applies to.
 *
 * - `{ database: "app" }`: the tokens of one database. Depending on the generation of Turso's servers, the tokens of its
 *   whole group may be rejected too.
 * - `{ group: "default" }`: the tokens of a group and of all its databases.
 * - `{ databases: [...] }`, `{ groups: [...] }`: several of them in one resource.
 * - `{ databases: "all" }`, `{ groups: "all" }`: all that the organization has when a rotation runs.
 *
 * Names start with a letter or a digit, contain letters, digits, `-` and `_`, and have at most 64 characters.
 */
export type Scope =
  | { database: string }
  | { group: string }
  | { databases: readonly string[] | "all" }
  | { groups: readonly string[] | "all" };

/** In place of a list of names. */
export const ALL = "all";

export type TargetKind = "database" | "group";

/** The key of a scope. */
export type ScopeForm = Scope extends infer Form ? (Form extends unknown ? keyof Form : never) : never;

export type NonEmpty<T> = readonly [T, ...T[]];

/** One thing that Turso's API can rotate, or mint a token for. */
export interface Target {
  readonly kind: TargetKind;
  readonly name: string;
}

/** A scope after parsing. */
export interface ParsedScope {
  readonly form: ScopeForm;
  readonly kind: TargetKind;
  readonly isList: boolean;
  /** Each target once, in the order given; `"all"` where only the API knows them. */
  readonly targets: NonEmpty<Target> | typeof ALL;
  /** Names that a list contains more than once. */
  readonly duplicates: readonly string[];
}

/** The scope of one resource in one organization: what a lifecycle works on. */
export interface Subject extends ParsedScope {
  readonly organization: string;
  /** The resource's id. */
  readonly id: string;
}

/** A subject whose targets are known by name. */
export type Resolved = Omit<Subject, "targets"> & { readonly targets: readonly Target[] };

/** Every form of a scope; a form that is missing here does not compile. */
const FORMS: Record<ScopeForm, { kind: TargetKind; isList: boolean }> = {
  database: { kind: "database", isList: false },
  group: { kind: "group", isList: false },
  databases: { kind: "database", isList: true },
  groups: { kind: "group", isList: true },
};

/** Each kind's segment in ids and in the API's paths. */
export const SEGMENTS: Record<TargetKind, string> = { database: "databases", group: "groups" };
const KINDS = Object.keys(SEGMENTS) as TargetKind[];

const NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;

/** Why a value is not a valid name for a request's path; undefined if it is one. */
export function nameProblem(what: string, name: unknown): string | undefined {
  if (typeof name !== "string") return `${what} must be a name (a string), not ${describeType(name)}`;
  if (name === "") return `${what} must not be empty`;
  if (name.length > 64) return `${what} is ${name.length} characters long; at most 64 are allowed`;
  if (!NAME.test(name))
    return `${what} ${show(name)} must start with a letter or a digit and contain only letters, digits, "-" and "_"`;
  return undefined;
}

const SINGLE = '{ database: "NAME" } and { group: "NAME" }';
const ANY =
  '{ database: "NAME" }, { group: "NAME" }, { databases: ["NAME", …] } and { groups: ["NAME", …] }, or "all" instead of a list';

type Parsed = { scope: ParsedScope } | { problem: string };

/** Parses a scope, or says what is wrong with it. Lists are accepted only where they make sense. */
export function parseScope(value: unknown, { lists }: { lists: boolean }): Parsed {
  const expected = `scope must be exactly one of ${lists ? ANY : SINGLE}`;
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return { problem: `${expected}, not ${describeType(value)}` };
  const given = Object.entries(value).filter(([, names]) => names !== undefined && names !== null);
  const [only] = given;
  if (given.length !== 1 || only === undefined)
    return {
      problem: `${expected}; it has ${given.length ? given.map(([key]) => key).join(", ") : "neither"}`,
    };
  const [key, content] = only as [string, unknown];
  const isForm = (name: string): name is ScopeForm => Object.hasOwn(FORMS, name);
  if (!isForm(key) || (FORMS[key].isList && !lists))
    return { problem: `${expected}; "${key}" is not one of them` };
  if (!FORMS[key].isList) return parseNames(key, [content]);
  if (content === ALL) return { scope: { form: key, ...FORMS[key], targets: ALL, duplicates: [] } };
  if (!Array.isArray(content))
    return { problem: `scope.${key} must be a list of names, or "all", not ${describeType(content)}` };
  return parseNames(key, content);
}

function parseNames(form: ScopeForm, names: readonly unknown[]): Parsed {
  const { kind, isList } = FORMS[form];
  for (const [i, name] of names.entries()) {
    const problem = nameProblem(`scope.${form}${isList ? `[${i}]` : ""}`, name);
    if (problem !== undefined) return { problem };
  }
  const unique = [...new Set(names as string[])];
  const [first, ...rest] = unique.map((name) => ({ kind, name }));
  if (first === undefined)
    return { problem: `scope.${form} must not be an empty list: name at least one ${kind}` };
  const duplicates =
    unique.length === names.length
      ? []
      : unique.filter((name) => names.indexOf(name) !== names.lastIndexOf(name));
  return { scope: { form, kind, isList, targets: [first, ...rest], duplicates } };
}

/** Parses the scope and the organization of a resource whose arguments have passed check. */
export function parseSubject({ organization, scope }: { organization: string; scope: unknown }): Subject {
  const parsed = parseScope(scope, { lists: true });
  if ("problem" in parsed) throw new Error(`${parsed.problem}.`);
  return { ...parsed.scope, organization, id: scopeId(organization, parsed.scope) };
}

/** The one target of a resource that has no list. */
export function targetOf({ id, isList, targets }: Subject): Target {
  if (isList || targets === ALL) throw new Error(`${id} is a list, which is not one target.`);
  return targets[0];
}

/** `acme/databases/app`: the id of a resource with a single target, and how messages name a target. */
export const targetId = (organization: string, { kind, name }: Target): string =>
  `${organization}/${SEGMENTS[kind]}/${name}`;

/** A resource's id: that of its one target; a list's does not depend on its members. */
export function scopeId(organization: string, { kind, isList, targets }: ParsedScope): string {
  return isList || targets === ALL ? `${organization}/${SEGMENTS[kind]}` : targetId(organization, targets[0]);
}

/** The scope that an id names; undefined for a list's id, which names no members. */
export function parseId(id: string): { organization: string; scope: Scope } | undefined {
  const [organization, segment, name, ...rest] = id.split("/");
  const kind = KINDS.find((known) => SEGMENTS[known] === segment);
  if (kind === undefined || rest.length > 0) return undefined;
  if (nameProblem("", organization) !== undefined || nameProblem("", name) !== undefined) return undefined;
  return { organization: organization as string, scope: { [kind]: name } as Scope };
}

export const namesOf = (targets: readonly Target[]): string[] => targets.map(({ name }) => name);

export const sameTarget = (a: Target, b: Target): boolean => a.kind === b.kind && a.name === b.name;

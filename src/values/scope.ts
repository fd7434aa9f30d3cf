/**
 * What a rotation is aimed at.
 *
 * - `{ database: "app" }`: the tokens of one database. Turso's pages disagree on whether its whole group's tokens die too.
 * - `{ group: "default" }`: the tokens of a group and of all its databases.
 * - `{ databases: [...] }`, `{ groups: [...] }`: many of them in one resource.
 *
 * Names start with a letter or a digit, hold letters, digits, `-` and `_`, and at most 64 characters.
 */
export type Scope =
  { database: string } | { group: string } | { databases: readonly string[] } | { groups: readonly string[] };

export type TargetKind = "database" | "group";

/** One thing that Turso's API can rotate, or mint a token for. */
export interface Target {
  readonly kind: TargetKind;
  readonly name: string;
}

/** A scope, read. */
export interface ParsedScope {
  kind: TargetKind;
  isList: boolean;
  /** Each target once, in the order given. */
  targets: Target[];
  /** Names that a list held more than once. */
  duplicates: string[];
}

/** What an API token may be restricted to; Turso's names. */
export type Permission =
  "db:rotate-creds" | "group:rotate-creds" | "db:mint-token" | "group:mint-token" | "read";

const NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;

/** Why a name is not one that may go into a request's path, or undefined if it is. */
export function nameProblem(what: string, name: unknown): string | undefined {
  if (typeof name !== "string") return `${what} must be a name (a string), not ${describe(name)}`;
  if (name === "") return `${what} must not be empty`;
  if (name.length > 64) return `${what} is ${name.length} characters long; at most 64 are allowed`;
  if (!NAME.test(name))
    return `${what} ${show(name)} must start with a letter or a digit and hold only letters, digits, "-" and "_"`;
  return undefined;
}

interface Kind {
  path: string;
  rotate: Permission;
  mint: Permission;
  notFound: RegExp;
}

/** The kinds of target that there are; whatever differs between them is told here and nowhere else. */
const KINDS: Record<TargetKind, Kind> = {
  database: {
    path: "databases",
    rotate: "db:rotate-creds",
    mint: "db:mint-token",
    notFound: /could not find database|database .*not found/i,
  },
  group: {
    path: "groups",
    rotate: "group:rotate-creds",
    mint: "group:mint-token",
    notFound: /group .*not found|could not find group/i,
  },
};

const SINGLE = '{ database: "NAME" } and { group: "NAME" }';
const ANY = '{ database: "NAME" }, { group: "NAME" }, { databases: ["NAME", …] } and { groups: ["NAME", …] }';

/** Reads a scope, or says what is wrong with it. Lists are only read where they make sense. */
export function parseScope(
  value: unknown,
  { lists }: { lists: boolean },
): { scope: ParsedScope } | { problem: string } {
  const expected = `scope must be exactly one of ${lists ? ANY : SINGLE}`;
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return { problem: `${expected}, not ${describe(value)}` };
  const given = Object.entries(value).filter(([, names]) => names !== undefined && names !== null);
  const [only] = given;
  if (given.length !== 1 || only === undefined)
    return {
      problem: `${expected}; it has ${given.length ? given.map(([key]) => key).join(", ") : "neither"}`,
    };
  const [key, content] = only as [string, unknown];
  for (const kind of ["database", "group"] as const) {
    if (key === kind) return parseNames(kind, false, key, [content]);
    if (key === KINDS[kind].path && lists) {
      if (!Array.isArray(content))
        return { problem: `scope.${key} must be a list of names, not ${describe(content)}` };
      if (content.length === 0)
        return { problem: `scope.${key} must not be an empty list: name at least one` };
      return parseNames(kind, true, key, content);
    }
  }
  return { problem: `${expected}; "${key}" is not known` };
}

function parseNames(
  kind: TargetKind,
  isList: boolean,
  key: string,
  names: unknown[],
): { scope: ParsedScope } | { problem: string } {
  for (const [i, name] of names.entries()) {
    const problem = nameProblem(`scope.${key}${isList ? `[${i}]` : ""}`, name);
    if (problem !== undefined) return { problem };
  }
  const unique = [...new Set(names as string[])];
  const duplicates =
    unique.length === names.length
      ? []
      : unique.filter((name) => names.indexOf(name) !== names.lastIndexOf(name));
  return { scope: { kind, isList, targets: unique.map((name) => ({ kind, name })), duplicates } };
}

/** Reads a scope that was checked before. */
export function scopeOf({ scope }: { scope: unknown }): ParsedScope {
  const parsed = parseScope(scope, { lists: true });
  if ("problem" in parsed) throw new Error(parsed.problem);
  return parsed.scope;
}

/** `acme/databases/app`: the id of a resource with a single target, and how messages name a target. */
export const targetId = (organization: string, { kind, name }: Target): string =>
  `${organization}/${KINDS[kind].path}/${name}`;

/** A resource's id: that of its one target, or for a list one that does not depend on its members. */
export function scopeId(organization: string, { kind, isList, targets }: ParsedScope): string {
  const [first] = targets;
  return isList || first === undefined
    ? `${organization}/${KINDS[kind].path}`
    : targetId(organization, first);
}

/** The scope that an id names; undefined for a list's, which names no members. */
export function parseId(id: string): { organization: string; scope: Scope } | undefined {
  const [organization, path, name, ...rest] = id.split("/");
  const kind = (["database", "group"] as const).find((known) => KINDS[known].path === path);
  if (kind === undefined || rest.length > 0) return undefined;
  if (nameProblem("", organization) !== undefined || nameProblem("", name) !== undefined) return undefined;
  return { organization: organization as string, scope: { [kind]: name } as Scope };
}

/** The API's path of a target. Names are validated before, and encoded all the same. */
export const targetPath = (organization: string, { kind, name }: Target): string =>
  `${organizationPath(organization)}/${KINDS[kind].path}/${encodeURIComponent(name)}`;

export const organizationPath = (organization: string): string =>
  `/v1/organizations/${encodeURIComponent(organization)}`;

export const permissionTo = (action: "rotate" | "mint", { kind }: Target): Permission => KINDS[kind][action];

/** Whether the API's text says that this very target does not exist; an organization's or a path's 404 does not. */
export const saysNotFound = ({ kind }: Target, text: string): boolean => KINDS[kind].notFound.test(text);

/** `3 databases`, `1 group`. */
export const plural = (count: number, kind: TargetKind, adjective = ""): string =>
  `${count} ${adjective}${kind}${count === 1 ? "" : "s"}`;

/** Names, cut short where there are many. */
export function nameList(names: readonly string[], most = 5): string {
  const more = names.length > most ? ` and ${names.length - most} more` : "";
  return `${names.slice(0, most).join(", ")}${more}`;
}

/** A text in quotes, without characters that a terminal obeys or that turn the text around. */
const show = (text: string): string =>
  JSON.stringify(text).replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );

function describe(value: unknown): string {
  if (value === null || value === undefined) return "nothing";
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

import type { Database } from "../turso/client";
import { TursoError, attempt } from "../turso/errors";
import { inParallel } from "../values/places";
import { namesOf, type Target } from "../values/scope";
import { nameList, plural } from "../values/text";
import type { Lookups } from "./lookup-cache";

/** Where a token for a target is tried, and the group that the target is, or is in. */
export interface Endpoint {
  /** Absent for a group without databases. */
  hostname?: string;
  /** Empty for a database that is in no group. */
  group: string;
  /** The database that answers at the hostname; a different id under the same name is a different database. */
  databaseId?: string;
}

/** Whose tokens a target's rotation invalidates, or may invalidate. */
export interface BlastRadius {
  target: Target;
  endpoint: Endpoint;
  /** The databases of the group, including the target's own. */
  databases: string[];
  /** A few databases of the group beside the target itself, at which tokens can be tried. */
  neighbours: readonly Neighbour[];
  /** Where each of the databases is. */
  endpoints: ReadonlyMap<string, Endpoint>;
}

export interface Neighbour {
  name: string;
  hostname: string;
}

/** A group's tokens are tried at this many databases: an edge of its own may answer for each. */
const MOST_NEIGHBOURS = 3;

/** By the target's name; an error where the lookup failed. */
export type Survey = Map<string, BlastRadius | TursoError>;

/** From this many targets on, one listing of the whole organization is cheaper than one lookup per target. */
const LISTING_PAYS_FROM = 3;

/** Looks up, without changing anything, whether the targets exist and what their rotations would reach. */
export async function survey(
  lookups: Lookups,
  targets: readonly Target[],
  parallelism: number,
): Promise<Survey> {
  const listing = targets.length < LISTING_PAYS_FROM ? [] : await attempt(() => lookups.listDatabases());
  // an API token of a group may not list the organization, and can still look up each target
  if (listing instanceof TursoError && listing.status !== 403 && !listing.isTooLarge)
    return new Map(targets.map(({ name }) => [name, listing]));
  const found: Survey =
    listing instanceof TursoError ? new Map<string, never>() : surveyListing(listing, targets);
  const left = targets.filter(({ name }) => !found.has(name));
  await inParallel(left, parallelism, async (target) => {
    found.set(target.name, await attempt(() => lookUp(lookups, target)));
  });
  return found;
}

/** The targets that a listing of the organization contains. */
function surveyListing(listing: readonly Database[], targets: readonly Target[]): Survey {
  const byName = new Map(listing.map((database) => [database.Name, database]));
  const firstOf = new Map<string, Database>();
  // one list of names per group, shared by all of its targets
  const membersOf = new Map<string, Members>();
  for (const database of listing) {
    const members = membersOf.get(database.group) ?? membersIn([]);
    members.names.push(database.Name);
    members.endpoints.set(database.Name, endpointAt(database));
    if (members.some.length <= MOST_NEIGHBOURS) members.some.push(database);
    membersOf.set(database.group, members);
    if (!firstOf.has(database.group)) firstOf.set(database.group, database);
  }
  const found: Survey = new Map();
  for (const target of targets) {
    const own = { group: firstOf, database: byName }[target.kind].get(target.name);
    if (own) found.set(target.name, blastRadiusOf(target, own, membersOf.get(own.group) ?? membersIn([])));
  }
  return found;
}

/** Looks up, without changing anything, whether a target exists and what its rotation would reach. */
export async function lookUp(lookups: Lookups, target: Target): Promise<BlastRadius> {
  switch (target.kind) {
    case "group": {
      await lookups.getGroup(target.name);
      const members = await lookups.listDatabases(target.name);
      const [first] = members;
      if (first !== undefined) return blastRadiusOf(target, first, membersIn(members));
      return {
        target,
        endpoint: { group: target.name },
        databases: [],
        neighbours: [],
        endpoints: new Map(),
      };
    }
    case "database": {
      const own = await lookups.getDatabase(target.name);
      const members = own.group === "" ? [] : await lookups.listDatabases(own.group);
      return blastRadiusOf(target, own, membersIn(members));
    }
  }
}

/** What a token needs to know about its target: less than the blast radius. */
export async function endpointOf(lookups: Lookups, target: Target): Promise<Endpoint> {
  switch (target.kind) {
    case "group":
      return (await lookUp(lookups, target)).endpoint;
    case "database":
      return endpointAt(await lookups.getDatabase(target.name));
  }
}

/** Fails if the target does not exist. */
export async function requireExists(
  lookups: Pick<Lookups, "getGroup" | "getDatabase">,
  target: Target,
): Promise<void> {
  switch (target.kind) {
    case "group":
      return lookups.getGroup(target.name);
    case "database":
      await lookups.getDatabase(target.name);
  }
}

const endpointAt = ({ Hostname, group, DbId }: Database): Endpoint => ({
  hostname: Hostname,
  group,
  ...(DbId !== undefined && { databaseId: DbId }),
});

/** The databases of a group: the names of all, and a few of them. */
interface Members {
  names: string[];
  some: Database[];
  endpoints: Map<string, Endpoint>;
}

const membersIn = (databases: readonly Database[]): Members => ({
  names: databases.map(({ Name }) => Name),
  some: databases.slice(0, MOST_NEIGHBOURS + 1),
  endpoints: new Map(databases.map((each) => [each.Name, endpointAt(each)])),
});

/**
 * @param own the database itself, or the first one of the group
 * @param members those of its group
 */
function blastRadiusOf(target: Target, own: Database, { names, some, endpoints }: Members): BlastRadius {
  // a database outside of any group shares nothing
  const isAlone = own.group === "";
  const neighbours = some
    .filter(({ Name }) => !isAlone && (target.kind === "group" || Name !== target.name))
    .map(({ Name, Hostname }): Neighbour => ({ name: Name, hostname: Hostname }));
  const group = target.kind === "group" ? target.name : own.group;
  return {
    target,
    endpoint: { ...endpointAt(own), group },
    databases: isAlone ? [target.name] : names,
    neighbours: neighbours.slice(0, MOST_NEIGHBOURS),
    endpoints,
  };
}

/**
 * The databases that the resource does not name and whose tokens its rotation may still invalidate. Servers of
 * different generations differ in what a database's rotation reaches, so the worse case is assumed.
 */
export function bystanders({ target, databases }: BlastRadius, targets: ReadonlySet<string>): string[] {
  switch (target.kind) {
    case "group":
      return [];
    case "database":
      return databases.filter((name) => !targets.has(name));
  }
}

/** One per group: all databases of a group share the list of its members, however many they are. */
const onePerGroup = (radii: readonly BlastRadius[]): BlastRadius[] => [
  ...new Map(radii.map((radius) => [radius.databases, radius])).values(),
];

/** The blast radius of all targets as a sentence without its full stop. */
export function describeBlastRadius(radii: readonly BlastRadius[]): string {
  const [first] = radii;
  if (first === undefined) return "its blast radius could not be looked up";
  switch (first.target.kind) {
    case "group":
      return describeGroups(radii);
    case "database":
      return describeDatabases(radii);
  }
}

function describeGroups(radii: readonly BlastRadius[]): string {
  const names = namesOf(radii.map(({ target }) => target));
  const databases = radii.flatMap((radius) => radius.databases);
  const isOne = names.length === 1;
  const whose = isOne ? "the group" : `${plural(names.length, "group")} (${nameList(names)})`;
  return databases.length === 0
    ? `this invalidates every token of ${whose}, which ${isOne ? "has" : "have"} no databases yet`
    : `this invalidates every token of ${whose} and of ${isOne ? "its" : "their"} ${plural(databases.length, "database")} (${nameList(databases)})`;
}

function describeDatabases(radii: readonly BlastRadius[]): string {
  const names = namesOf(radii.map(({ target }) => target));
  const isOne = names.length === 1;
  const whose = isOne ? "the database" : `${plural(names.length, "database")} (${nameList(names)})`;
  const targets = new Set(names);
  const groups = [...new Set(radii.map(({ endpoint }) => endpoint.group))].filter((group) => group !== "");
  const others = [...new Set(onePerGroup(radii).flatMap((radius) => bystanders(radius, targets)))];
  const invalidates = `this invalidates every token of ${whose}`;
  if (groups.length === 0) return invalidates;
  if (others.length === 0)
    return `${invalidates}; no other database is in ${groups.length === 1 ? `the group "${groups[0] ?? ""}"` : "their groups"}`;
  const inGroups = `${groups.length === 1 ? "its whole group" : "their whole groups"} ${nameList(groups.map((name) => `"${name}"`))}`;
  return `${invalidates}, and on some servers the tokens of ${inGroups}: ${plural(others.length, "database", "other ")} (${nameList(others)})`;
}

/** The groups of the databases among the targets: their group tokens may survive a database's rotation. */
export function groupsOfDatabases(radii: readonly BlastRadius[]): string[] {
  const groups = radii
    .filter(({ target }) => target.kind === "database")
    .map(({ endpoint }) => endpoint.group);
  return [...new Set(groups)].filter((group) => group !== "");
}

/** The groups of which a list of databases names every one: a single rotation of the group does the same. */
export function wholeGroups(radii: readonly BlastRadius[]): string[] {
  const targets = new Set(radii.map(({ target }) => target.name));
  return onePerGroup(radii)
    .filter(({ target, endpoint, databases }) => {
      const isPart = target.kind === "database" && endpoint.group !== "" && databases.length > 1;
      return isPart && databases.every((name) => targets.has(name));
    })
    .map(({ endpoint }) => endpoint.group);
}

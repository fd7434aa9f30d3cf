import { nameList, plural, type Target } from "../values/scope";
import type { Database } from "../turso/client";
import { TursoError } from "../turso/errors";
import { PromisePool } from "@supercharge/promise-pool";
import type { Looker } from "./lookup-cache";

/** Whose tokens a target's rotation kills, or may kill. */
export interface Impact {
  target: Target;
  /** The group that the target is, or is in; empty where it is in none. */
  group: string;
  /** The databases of that group, the target's own included. */
  databases: string[];
  /** Where a token for the target can be tried; absent for a group without databases. */
  hostname: string | undefined;
}

/** By the target's name; an error where the look failed. */
export type Survey = Map<string, Impact | TursoError>;

/** From how many targets on one listing of the whole organization is cheaper than a look at each. */
const LISTING_PAYS_FROM = 3;

/** Looks, without changing anything, whether the targets exist and what hangs on them. */
export async function survey(looker: Looker, targets: Target[], parallelism: number): Promise<Survey> {
  const found: Survey = new Map();
  let missing = targets;
  if (targets.length >= LISTING_PAYS_FROM) {
    const listed = await attempt(() => looker.listDatabases());
    if (listed instanceof TursoError) return new Map(targets.map(({ name }) => [name, listed]));
    const byGroup = new Map<string, Database[]>();
    for (const database of listed) {
      const members = byGroup.get(database.group) ?? [];
      members.push(database);
      byGroup.set(database.group, members);
    }
    // one list of names a group, shared by all of its targets
    const namesOf = new Map([...byGroup].map(([group, members]) => [group, members.map(({ Name }) => Name)]));
    const byName = new Map(listed.map((database) => [database.Name, database]));
    for (const target of targets) {
      const own = target.kind === "group" ? byGroup.get(target.name)?.[0] : byName.get(target.name);
      if (own) found.set(target.name, toImpact(target, own, namesOf.get(own.group) ?? []));
    }
    missing = targets.filter(({ name }) => !found.has(name));
  }
  await PromisePool.withConcurrency(parallelism)
    .for(missing)
    .handleError((error) => {
      throw error;
    })
    .process(async (target) => {
      found.set(target.name, await attempt(() => lookUp(looker, target)));
    });
  return found;
}

/** Looks, without changing anything, whether a target exists and what hangs on it. */
export async function lookUp(looker: Looker, target: Target): Promise<Impact> {
  if (target.kind === "group") {
    await looker.getGroup(target.name);
    const members = await looker.listDatabases(target.name);
    return {
      target,
      group: target.name,
      databases: members.map(({ Name }) => Name),
      hostname: members[0]?.Hostname,
    };
  }
  const own = await looker.getDatabase(target.name);
  const members = own.group === "" ? [] : await looker.listDatabases(own.group);
  return toImpact(
    target,
    own,
    members.map(({ Name }) => Name),
  );
}

/** Where a token for a target is tried, and the group that it is, or is in. */
export type Home = Pick<Impact, "group" | "hostname">;

/** What a token needs to know of its target: less than what hangs on it. */
export async function homeOf(looker: Looker, target: Target): Promise<Home> {
  if (target.kind === "group") return lookUp(looker, target);
  const { group, Hostname } = await looker.getDatabase(target.name);
  return { group, hostname: Hostname };
}

/** @param members the names of the databases in its group */
function toImpact(target: Target, { group, Hostname }: Database, members: string[]): Impact {
  // databases outside of any group share nothing
  return { target, group, databases: group === "" ? [target.name] : members, hostname: Hostname };
}

/** A failure of the API's as a value. */
export async function attempt<T>(act: () => Promise<T>): Promise<T | TursoError> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof TursoError) return error;
    throw error;
  }
}

/**
 * The databases that nobody asked to rotate and whose tokens may die all the same: Turso's pages disagree on whether a
 * database's rotation kills its whole group's tokens, so the worse is assumed.
 */
export function bystanders({ target, databases }: Impact, targets: ReadonlySet<string>): string[] {
  return target.kind === "group" ? [] : databases.filter((name) => !targets.has(name));
}

/** One impact a group: all databases of a group share the list of its members, however many they are. */
const onePerGroup = (impacts: Impact[]): Impact[] => [
  ...new Map(impacts.map((impact) => [impact.databases, impact])).values(),
];

/** The blast radius of all targets as a sentence. */
export function describeImpact(impacts: Impact[]): string {
  const [first] = impacts;
  if (first === undefined) return "what this kills could not be looked up.";
  const names = impacts.map(({ target }) => target.name);
  if (first.target.kind === "group") {
    const databases = impacts.flatMap((impact) => impact.databases);
    const whose = names.length === 1 ? "the group" : `${plural(names.length, "group")} (${nameList(names)})`;
    const its = names.length === 1 ? "its" : "their";
    return databases.length === 0
      ? `this kills every token of ${whose}, without databases so far.`
      : `this kills every token of ${whose} and of ${its} ${plural(databases.length, "database")} (${nameList(databases)}).`;
  }
  const whose =
    names.length === 1 ? "the database" : `${plural(names.length, "database")} (${nameList(names)})`;
  const targets = new Set(names);
  const groups = [...new Set(impacts.map(({ group }) => group))].filter((group) => group !== "");
  const others = [...new Set(onePerGroup(impacts).flatMap((impact) => bystanders(impact, targets)))];
  const inGroups = `${groups.length === 1 ? "its whole group" : "their whole groups"} ${nameList(groups.map((name) => `"${name}"`))}`;
  return others.length === 0
    ? `this kills every token of ${whose}${groups.length > 0 ? `; no other database is in ${groups.length === 1 ? `the group "${groups[0] ?? ""}"` : "their groups"}` : ""}.`
    : `this kills every token of ${whose}, and may kill those of ${inGroups}: ${plural(others.length, "database", "other ")} (${nameList(others)}).`;
}

/** The groups of which a list of databases names every one: a single rotation of the group does the same. */
export function wholeGroups(impacts: Impact[]): string[] {
  const targets = new Set(impacts.map(({ target }) => target.name));
  return onePerGroup(impacts)
    .filter(
      ({ target, group, databases }) => target.kind === "database" && group !== "" && databases.length > 1,
    )
    .filter(({ databases }) => databases.every((name) => targets.has(name)))
    .map(({ group }) => group);
}

import type { Database } from "../turso/client";
import { TursoError, attempt } from "../turso/errors";
import { inParallel } from "../values/places";
import { ALL, type Resolved, type Subject, type TargetKind } from "../values/scope";
import type { Lookups } from "./lookup-cache";

const LISTINGS_IN_PARALLEL = 8;

/**
 * A subject with its targets by name: those that the program names, or all that the organization has now.
 *
 * @throws TursoError if they cannot be listed, or if there are none
 */
export async function resolve(lookups: Lookups, subject: Subject): Promise<Resolved> {
  const { kind, organization, targets } = subject;
  if (targets !== ALL) return { ...subject, targets };
  const names = await namesOf(lookups, kind);
  if (names.length === 0)
    throw new TursoError({
      attempted: `listing all ${kind}s of ${organization}`,
      answer: "there are none",
      effect: "unchanged",
      next: `Create one first, or name the ${kind}s in the scope.`,
    });
  return { ...subject, targets: names.map((name) => ({ kind, name })) };
}

async function namesOf(lookups: Lookups, kind: TargetKind): Promise<string[]> {
  switch (kind) {
    case "group":
      return lookups.listGroups();
    case "database":
      return (await allDatabases(lookups)).map(({ Name }) => Name);
  }
}

/** All databases of an organization; where one listing of them is too large, group by group. */
async function allDatabases(lookups: Lookups): Promise<Database[]> {
  const listing = await attempt(() => lookups.listDatabases());
  if (!(listing instanceof TursoError)) return listing;
  if (!listing.isTooLarge) throw listing;
  const byGroup = new Map<string, Database[]>();
  const groups = await lookups.listGroups();
  await inParallel(groups, LISTINGS_IN_PARALLEL, async (group) => {
    byGroup.set(group, await lookups.listDatabases(group));
  });
  return groups.flatMap((group) => byGroup.get(group) ?? []);
}

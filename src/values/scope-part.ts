import { own } from "./record";
import type { Scope } from "./scope";

/** The token's own target where a list has it, else the beginning of the list, for a message. */
export function scopePart(covered: Scope, mine: Scope): Scope {
  const [names, name] =
    "databases" in covered && "database" in mine
      ? [covered.databases, mine.database]
      : "groups" in covered && "group" in mine
        ? [covered.groups, mine.group]
        : [];
  if (names === undefined || name === undefined) return covered;
  if (names === "all" || names.includes(name)) return mine;
  return "databases" in covered ? { databases: names.slice(0, 5) } : { groups: names.slice(0, 5) };
}

/** When the targets of a scope were rotated. */
export function rotationsPart(rotations: Record<string, string>, scope: Scope): Record<string, string> {
  const name = nameIn(scope);
  if (name === undefined) return rotations;
  const at = own(rotations, name);
  return at === undefined ? {} : { [name]: at };
}

/** The name of a scope's one target. */
function nameIn(scope: Scope): string | undefined {
  if ("database" in scope) return scope.database;
  return "group" in scope ? scope.group : undefined;
}

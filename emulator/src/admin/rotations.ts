import type { Platform } from "../platform";

/** One rotation, and the databases whose tokens it invalidated. */
export interface ReportedRotation {
  at: string;
  kind: "group" | "database";
  name: string;
  databases: readonly string[];
}

/** How often a group itself was rotated. */
export interface GroupRotations {
  name: string;
  rotations: number;
  lastRotatedAt: string | null;
}

/** How often a database was rotated, and how often any rotation invalidated its tokens. */
export interface DatabaseRotations extends GroupRotations {
  group: string;
  invalidations: number;
  lastInvalidatedAt: string | null;
}

/** What was rotated, when, and how often. */
export interface RotationReport {
  /** The oldest first. */
  rotations: ReportedRotation[];
  groups: GroupRotations[];
  databases: DatabaseRotations[];
}

export function rotationReport(platform: Platform): RotationReport {
  const rotations = platform.rotations.map((each) => ({ ...each, at: new Date(each.at).toISOString() }));
  const summary = (kind: ReportedRotation["kind"], name: string): GroupRotations => {
    const own = rotations.filter((each) => each.kind === kind && each.name === name);
    return { name, rotations: own.length, lastRotatedAt: own.at(-1)?.at ?? null };
  };
  return {
    rotations,
    groups: platform.groups().map(({ name }) => summary("group", name)),
    databases: platform.databases().map(({ name, group }) => {
      const reached = rotations.filter(({ databases }) => databases.includes(name));
      return {
        ...summary("database", name),
        group: group.name,
        invalidations: reached.length,
        lastInvalidatedAt: reached.at(-1)?.at ?? null,
      };
    }),
  };
}

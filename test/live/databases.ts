/** The two databases that the live test needs, and the end of those that it created. */
import { randomBytes } from "node:crypto";
import type { Database, TursoClient } from "../../src/turso/client";
import type { ControlPlane } from "./control-plane";

/** A database under the letter that the page names it by. */
export interface Labelled {
  label: "A" | "B";
  name: string;
  hostname: string;
}

export const newNames = (existing: readonly unknown[]): string[] =>
  Array.from(
    { length: Math.max(0, 2 - existing.length) },
    () => `live-test-${randomBytes(4).toString("hex")}`,
  );

/** The databases of the group, and no other, whatever the server makes of the filter. */
export const listOf = async (
  client: Pick<TursoClient, "listDatabases">,
  group: string,
): Promise<Database[]> => (await client.listDatabases(group)).filter((database) => database.group === group);

/** The first is rotated; the second is its sibling. */
export function labelled(databases: readonly Database[]): [Labelled, Labelled] {
  const [a, b] = databases;
  if (a === undefined || b === undefined) throw new Error("Two databases are needed.");
  return [
    { label: "A", name: a.Name, hostname: a.Hostname },
    { label: "B", name: b.Name, hostname: b.Hostname },
  ];
}

/** Creates databases for the time of an action, and deletes them however it ends. */
export async function withDatabases<T>(
  api: ControlPlane,
  group: string,
  names: readonly string[],
  say: (line: string) => void,
  act: () => Promise<T>,
): Promise<T> {
  // a name is noted before its request is sent: a lost response does not mean that there is no database
  const sent: string[] = [];
  try {
    for (const name of names) {
      say(`creating the database ${name}`);
      sent.push(name);
      await api.create(name, group);
    }
    return await act();
  } finally {
    for (const name of sent) {
      say(`deleting the database ${name}`);
      const problem = await api.delete(name);
      if (problem !== undefined)
        say(`could not delete the database ${name} (${problem}): delete it yourself`);
    }
  }
}

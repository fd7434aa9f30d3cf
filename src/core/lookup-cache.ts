import type { Database, TursoClient } from "../turso/client";

/** The questions about what exists, which change nothing. */
export type Lookups = Pick<TursoClient, "getDatabase" | "getGroup" | "listDatabases" | "listGroups">;

/** Within one `up`, the lookup for the preview and the one before the request are moments apart. */
const FRESH_MS = 10_000;

/**
 * What the API said moments ago, so that all resources of a run ask for the same thing only once. Failures are not kept, and
 * neither is an empty listing, because the program may be filling the group right now.
 */
export class LookupCache {
  private readonly kept = new Map<string, { at: number; answer: Promise<unknown> }>();

  /** Asks a client only where the answer is not known yet. @param options `isFresh`: what was known before does not count */
  through(client: TursoClient, { isFresh = false } = {}): Lookups {
    if (isFresh) this.kept.clear();
    const key = (...parts: string[]) => [client.organization, ...parts].join("/");
    return {
      getDatabase: (name) => this.ask(key("database", name), () => client.getDatabase(name)),
      listGroups: () => this.ask(key("groups"), () => client.listGroups()),
      getGroup: (name) => this.ask(key("group", name), () => client.getGroup(name)),
      listDatabases: (group) =>
        this.ask<Database[]>(key("databases", ...(group === undefined ? [] : [group])), () =>
          client.listDatabases(group),
        ),
    };
  }

  private ask<T>(key: string, ask: () => Promise<T>): Promise<T> {
    const known = this.kept.get(key);
    if (known !== undefined && performance.now() - known.at < FRESH_MS) return known.answer as Promise<T>;
    const answer = ask();
    this.kept.set(key, { at: performance.now(), answer });
    const forget = () => this.kept.delete(key);
    answer.then((said) => (Array.isArray(said) && said.length === 0 ? forget() : undefined), forget);
    return answer;
  }
}

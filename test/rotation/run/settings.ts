import type { BlastRadius } from "../../../src/core/blast-radius";
import { Breaker, Silence } from "../../../src/core/breaker";
import { Context } from "../../../src/core/context";
import type { TursoClient } from "../../../src/turso/client";
import type { RunSettings, Task } from "../../../src/rotation/run/preflight";
import { NOW, PATIENCE, type FakeTurso } from "../../support/fake-turso";

const clock = () => new Date(NOW);

/** What holds for all targets of a run; its messages are recorded as `warning app: …`. */
export function settingsOf(
  turso: FakeTurso,
  messages: string[],
  changes: Partial<RunSettings> = {},
): RunSettings {
  const context = new Context({
    settings: turso.settings(),
    clock,
    notify: () => undefined,
    retryPolicy: PATIENCE,
  });
  return settingsWith(context.client("acme"), messages, changes);
}

/** The same with a client of the test's own. */
export function settingsWith(
  client: TursoClient,
  messages: string[] = [],
  changes: Partial<RunSettings> = {},
): RunSettings {
  return {
    client,
    targets: new Set(["app"]),
    isList: false,
    isSuspended: false,
    breaker: new Breaker(),
    silence: new Silence(false),
    followers: [],
    minter: undefined,
    maxUnavailable: 8,
    preflightUntil: performance.now() + 1_000,
    verify: "auto",
    verifyTimeoutMs: 1_000,
    groupImpact: "warn",
    reach: undefined,
    clock,
    notify: (level, { name }, text) => messages.push(`${level} ${name}: ${text}`),
    ...changes,
  };
}

export const radius = (databases: string[], kind: "database" | "group" = "database"): BlastRadius => ({
  target: { kind, name: kind === "group" ? "default" : "app" },
  endpoint: { group: "default" },
  databases,
  neighbours: [],
  endpoints: new Map(),
});

export const taskOf = (lookup: Task["lookup"], changes: Partial<Task> = {}): Task => ({
  target: { kind: "database", name: "app" },
  isAdopted: false,
  isKnown: false,
  lookup,
  ...changes,
});

import type { RotationState } from "../../src/rotation/state";
import type { SavedResource, Step } from "./world/engine";
import type { Process } from "./world/process";

/** What a run sent, reported and did, as lines for the log of a counter-example. */
export function recordOf({ sent, messages }: Process, steps: Step[] | undefined): string[] {
  const outcomes = steps?.map(({ name, did }) => `${name}: ${did}`).join(", ") ?? "did not finish";
  const failed = steps?.find((step) => step.error ?? step.complaint);
  const error = failed?.error?.message ?? failed?.complaint;
  return [
    ...sent.map(({ text }) => `     ${text}`),
    ...messages.map((text) => `     reports: ${text}`),
    `   = ${outcomes}${error === undefined ? "" : `. ${error}`}`,
  ];
}

export type Pendings = NonNullable<RotationState["pending"]>;

/** What the states of the TokenRotations say remains to be done. */
export const pendingIn = (state: ReadonlyMap<string, SavedResource>): Pendings =>
  Object.fromEntries(
    [...state].flatMap(([resource, { outputs }]) =>
      Object.entries((outputs as Partial<RotationState>).pending ?? {}).map(
        ([name, left]) => [`${resource}: ${name}`, left] as const,
      ),
    ),
  );

/** Whether the next `up` goes on with what this one left. */
export const isUnfinished = (pending: Pendings): boolean =>
  Object.values(pending).some(({ status }) => status !== "not-rotated");

/** Whether a rotation stays pending until the trigger changes. */
export const isUnresolved = (pending: Pendings): boolean =>
  Object.values(pending).some(({ status }) => status === "unknown");

import type { Emulator } from "../../../emulator/src";

/** For each target, how many milliseconds its old tokens stay accepted after it is rotated. */
export interface RejectionDelays {
  group: { default: number; solo: number };
  database: { app: number; reports: number; lone: number };
}

/** For each database, how many milliseconds it rejects tokens of a key that has just replaced another one. */
export type AcceptanceDelays = Readonly<Record<string, number>>;

export const NO_DELAYS: RejectionDelays = {
  group: { default: 0, solo: 0 },
  database: { app: 0, reports: 0, lone: 0 },
};

/** The only code that sets delays in the emulator. */
export function applyDelays({ options }: Emulator["platform"], delays: RejectionDelays): void {
  options.deathDelayMs = ({ kind, name }) => delays[kind][name as never] ?? 0;
}

import { UNKNOWN } from "../../src/core/unknown";
import type { TokenInputs, TokenState } from "../../src/token/state";

export const EXPIRES = "2026-02-01T00:00:00.000Z";

/** Arguments as a preview may know them: any of them may be unknown. */
export type Given = Partial<Record<keyof TokenInputs, unknown>>;

export const inputs = (changes: Given = {}): TokenInputs =>
  ({ scope: { database: "app" }, organization: "acme", ...changes }) as TokenInputs;

export const state = (changes: Given & Partial<Record<keyof TokenState, unknown>> = {}): TokenState =>
  ({
    ...inputs(),
    stateVersion: 1,
    token: "a.b.c",
    mintedAt: "2026-01-01T00:00:00.000Z",
    expiresAt: EXPIRES,
    ...changes,
  }) as TokenState;

/** When a rotation happened: before the token was minted, or after it. */
export const OLDER = "2025-12-31T23:59:59.999Z";
export const NEWER = "2026-01-01T00:00:00.001Z";

export const followed = (changes: Record<string, unknown> = {}) => ({
  rotations: { app: OLDER },
  scope: { database: "app" },
  organization: "acme",
  ...changes,
});

/** A value as a test's title shows it. */
export function show(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) => (member === UNKNOWN ? "(unknown)" : member));
}

import type { TokenInputs, TokenState } from "../../src/token/state";

/** When the followed rotation last rotated the token's target: before the token was minted. */
export const FIRST = "2025-12-31T23:59:59.000Z";
export const SECOND = "2026-01-05T00:00:00.000Z";

export const rotation = (
  changes: Partial<NonNullable<TokenInputs["rotation"]>> = {},
): NonNullable<TokenInputs["rotation"]> => ({
  rotations: { app: FIRST },
  scope: { database: "app" },
  organization: "acme",
  ...changes,
});

export const inputs = (changes: Partial<TokenInputs> = {}): TokenInputs => ({
  scope: { database: "app" },
  organization: "acme",
  ...changes,
});

export const state = (changes: Partial<TokenState> = {}): TokenState => ({
  ...inputs(),
  stateVersion: 1,
  token: "a.b.c",
  mintedAt: "2026-01-01T00:00:00.000Z",
  expiresAt: "2026-02-01T00:00:00.000Z",
  ...changes,
});

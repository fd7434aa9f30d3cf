import type { Endpoint } from "../../src/core/blast-radius";
import type { MintedToken } from "../../src/rotation/run/mint";
import { nextState, type Result, type Run } from "../../src/rotation/next-state";
import type { RotationState } from "../../src/rotation/state";
import type { TursoError } from "../../src/turso/errors";
import type { Target } from "../../src/values/scope";
import { NOW } from "../support/fake-turso";
import { resultsOf } from "./results";

const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString("base64url");

/** A token of which only the expiry matters; without one it never expires. */
export const jwt = (expiresAt?: string): string =>
  [
    encode({ alg: "none" }),
    encode(expiresAt === undefined ? {} : { exp: Date.parse(expiresAt) / 1000 }),
    "signature",
  ].join(".");

export const endpointIn = (group: string): Endpoint => ({ hostname: `${group}.example.com`, group });

export const targets = (kind: Target["kind"], ...names: string[]): Target[] =>
  names.map((name) => ({ kind, name }));

/**
 * What a run minted, by the token's name, and why other tokens could not be minted.
 *
 * @param complete the names of the targets that have all their tokens
 * @param names by the target's name, what its tokens are called
 */
export const minterOf = (
  tokens: Record<string, { token: string; group: string }>,
  errors: Record<string, TursoError> = {},
  complete: readonly string[] = Object.keys(tokens),
  names: Record<string, string[]> = {},
): NonNullable<Run["minter"]> => ({
  complete: new Set(complete),
  names: new Map(Object.entries(names).map(([target, each]) => [target, new Set(each)])),
  minted: new Map(
    Object.entries(tokens).map(([name, { token, group }]): [string, MintedToken] => [
      name,
      { token, askedAt: 0, unit: { name, target: { kind: "database", name }, endpoint: endpointIn(group) } },
    ]),
  ),
  errors: new Map(Object.entries(errors)),
});

/** What a state keeps of tokens with these expiries, by name. */
export const keptTokens = (expiries: Record<string, string | undefined>) => ({
  tokens: Object.fromEntries(Object.entries(expiries).map(([name, expiry]) => [name, jwt(expiry)])),
  expirations: Object.fromEntries(
    Object.entries(expiries).flatMap(([name, expiry]) => (expiry === undefined ? [] : [[name, expiry]])),
  ),
});

/** The state after a full run of a list. */
export const stateAfter = (
  before: RotationState,
  results: Record<string, Result>,
  run: Pick<Run, "members"> & Partial<Run>,
): RotationState =>
  nextState(before, { isList: true, isFull: true, results: resultsOf(results), ...run }, new Date(NOW));

import { randomUUID } from "node:crypto";
import { expiryOf } from "../core/mint";
import { own } from "../values/record";
import { namesOf, type Target } from "../values/scope";
import type { TursoError } from "../turso/errors";
import { lacksToken, withoutToken } from "./pending";
import { notMinted } from "./run/errors";
import type { Minter } from "./run/mint";
import type { Pending, Reach, RotationState, Verification } from "./state";

/** The result for one target. `pending` is what the next `up` has to do; without it, the target is done. */
export type Result =
  | {
      kind: "rotated";
      at: string;
      /** Whether the rotation itself is new, and not only what was seen of it. */
      isNew: boolean;
      verification: Verification;
      /** How long after the response old tokens were seen to be rejected, in milliseconds. */
      rejectedAfterMs?: number | undefined;
      reach?: Record<string, Reach> | undefined;
      pending?: Pending;
      error?: TursoError;
    }
  /** Certainly not rotated. `refusal`: because the API refuses to mint. `isStranded`: the API refuses to mint for it. */
  | { kind: "failed"; error: TursoError; refusal?: TursoError; isStranded?: true }
  | {
      kind: "unknown";
      /** Whether this run sent the request, and not an earlier one. */
      isNew: boolean;
      pending: Extract<Pending, { status: "unknown" }>;
      error: TursoError;
    }
  /** It joined the list without a rotation. */
  | { kind: "adopted"; pending?: Pending | undefined; error?: undefined }
  /** It was not to be rotated, and the API does not know it. */
  | { kind: "missing"; error: TursoError; pending?: Pending | undefined }
  /** It existed before and does not any more: it has no tokens left to invalidate. */
  | { kind: "gone"; error?: undefined };

/** What the state keeps after a run. */
export interface Run {
  isList: boolean;
  /** Whether the run was to rotate all targets: age then counts from now. */
  isFull: boolean;
  /** The members that the resource has now. */
  members: readonly Target[];
  /** By the target's name. */
  results: ReadonlyMap<string, Result>;
  /** The names of targets that exist, or did. */
  seen?: ReadonlySet<string>;
  /**
   * The tokens that the run minted, by name, why others could not be, by target, the targets that have all of theirs, and what the
   * tokens of a target are called. Absent: it mints none.
   */
  minter?: Pick<Minter, "minted" | "errors" | "complete" | "names"> | undefined;
  /** Members without a result whose tokens these rotations were seen to invalidate too, and when. */
  reached?: ReadonlyMap<string, string>;
}

/** What a refresh or a preview mints. */
export const NOTHING_MINTED: NonNullable<Run["minter"]> = {
  minted: new Map(),
  errors: new Map(),
  complete: new Set(),
  names: new Map(),
};

/** The state after a run: what happened counts, whatever else failed. */
export function nextState(record: RotationState, run: Run, now: Date): RotationState {
  const { isList, isFull, members, results, seen: wereSeen, reached } = run;
  const { pending: left = {}, gone: wereGone, ...before } = record;
  const rotated = [...results.values()].filter((result) => result.kind === "rotated");
  const isNew = rotated.some((result) => result.isNew);
  const mayBeNew = isNew || [...results.values()].some((each) => each.kind === "unknown" && each.isNew);
  const entries = <T>(
    kept: Record<string, T>,
    of: (result: Result, kept: T | undefined, name: string) => T | undefined,
  ) =>
    Object.fromEntries(
      members.flatMap(({ name }): [string, T][] => {
        const result = results.get(name);
        const entry = result ? of(result, own(kept, name), name) : own(kept, name);
        return entry === undefined ? [] : [[name, entry]];
      }),
    );
  const pending = entries(left, (result, was, name) => {
    const is = pendingAfter(result, wereSeen?.has(name) === true);
    // until a run has minted the token, whatever else is done
    const isLeft = run.minter?.complete.has(name) === false && lacksToken(was) && !isOver(result);
    return isLeft ? withoutToken(is) : is;
  });
  const failures = entries(
    before.failures,
    ({ error }, was, name) => error?.reason ?? (lacksToken(own(pending, name)) ? was : undefined),
  );
  for (const [name, error] of run.minter?.errors ?? []) {
    pending[name] = withoutToken(pending[name]);
    failures[name] = notMinted(error, {
      result: results.get(name),
      isReached: reached?.has(name) === true,
      wasDue: lacksToken(own(left, name)),
      isPerDatabase: record.mint?.per === "database",
    });
  }
  const gone = run.minter ? goneAfter(wereGone, run) : [];
  const reach = { ...before.reach, ...reachOf(results) };
  // a list is as verified as the worst of its members until its next full rotation
  const kept = isList && !isFull && record.verification ? [record.verification] : [];
  const seen = verificationsOf(results);
  return {
    ...before,
    rotations: { ...entries(before.rotations, rotationAfter), ...Object.fromEntries(reached ?? []) },
    ...(Object.keys(reach).length > 0 && { reach }),
    failures,
    ...tokensAfter(before, run),
    ...(gone.length > 0 && { gone }),
    ...(mayBeNew && { rotationId: randomUUID() }),
    ...(isNew && { rotationCount: record.rotationCount + 1 }),
    ...(seen.length > 0 && { verification: worst([...seen, ...kept]) }),
    // in a list, age counts from its last full rotation, not from a member that was retried
    ...(isList
      ? isFull && { rotatedAt: now.toISOString() }
      : isNew && { rotatedAt: rotated[0]?.at ?? now.toISOString() }),
    ...(Object.keys(pending).length > 0 && { pending }),
  };
}

/** The tokens of members, where each is tried, and when it expires. */
function tokensAfter(
  { tokens = {}, endpoints = {}, expirations = {}, mint }: RotationState,
  { members, minter }: Run,
): Pick<RotationState, "tokens" | "endpoints" | "expirations"> {
  if (minter === undefined) return {};
  const names = new Set(namesOf(members));
  const isKept = (name: string): boolean => {
    const group = own(endpoints, name)?.group ?? "";
    if (mint?.per !== "database" || !names.has(group)) return names.has(name);
    const ofGroup = minter.names.get(group);
    if (ofGroup === undefined || ofGroup.has(name)) return true;
    // the group's own token, from before each database had one, until all of those are there; any other database is gone
    return (
      name === group && [...ofGroup].some((each) => !minter.minted.has(each) && !Object.hasOwn(tokens, each))
    );
  };
  const kept = <T>(record: Record<string, T>) => Object.entries(record).filter(([name]) => isKept(name));
  const minted = [...minter.minted];
  return {
    tokens: Object.fromEntries([
      ...kept(tokens),
      ...minted.map(([name, { token }]) => [name, token] as const),
    ]),
    endpoints: Object.fromEntries([
      ...kept(endpoints),
      ...minted.map(([name, { unit }]) => [name, unit.endpoint] as const),
    ]),
    expirations: Object.fromEntries([
      ...kept(expirations).filter(([name]) => !minter.minted.has(name)),
      ...minted.flatMap(([name, { token }]) => {
        const expiry = expiryOf(token);
        return expiry ? [[name, expiry.toISOString()] as const] : [];
      }),
    ]),
  };
}

/** The members that no longer exist, as far as the last look at each of them has shown. */
const goneAfter = (before: readonly string[] = [], { members, results }: Run): string[] =>
  namesOf(members).filter((name) => {
    const result = results.get(name);
    return result ? result.kind === "gone" : before.includes(name);
  });

/** When a target was last rotated, or may have been. */
function rotationAfter(result: Result, before?: string): string | undefined {
  if (result.kind === "rotated" && result.isNew) return result.at;
  if (result.kind === "unknown" && result.isNew) return result.pending.at;
  return before;
}

/** By group, what the rotations of a run were seen to reach; those of one group each add what they tried. */
function reachOf(results: Run["results"]): Record<string, Reach> {
  const reach: Record<string, Reach> = {};
  for (const result of results.values()) {
    if (result.kind !== "rotated") continue;
    for (const [group, seen] of Object.entries(result.reach ?? {}))
      reach[group] = { ...reach[group], ...seen };
  }
  return reach;
}

/** Whether nothing remains to be done for a target, because it does not exist. */
const isOver = ({ kind }: Result): boolean => kind === "gone" || kind === "missing";

function pendingAfter(result: Result, wasSeen: boolean): Pending | undefined {
  switch (result.kind) {
    case "failed":
      return { status: "not-rotated", ...(wasSeen && { wasSeen }) };
    case "rotated":
    case "unknown":
    case "adopted":
    case "missing":
      return result.pending;
    case "gone":
      return undefined;
  }
}

function verificationsOf(results: Run["results"]): Verification[] {
  return [...results.values()].flatMap((result) => {
    if (result.kind === "rotated") return [result.verification];
    return result.kind === "unknown" ? ["unverified" as const] : [];
  });
}

const worst = (all: Verification[]): Verification =>
  (["unverified", "skipped", "verified"] as const).find((verification) => all.includes(verification)) ??
  "unverified";

import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { inParallel } from "../values/places";
import { own } from "../values/record";
import { sameTarget, targetId, type Target } from "../values/scope";
import type { TursoClient } from "../turso/client";
import type { Endpoint } from "./blast-radius";

/** A token that a program manages, and the database that accepts or rejects it. */
export interface ManagedToken {
  /** `acme/databases/app`. */
  id: string;
  organization: string;
  target: Target;
  /** Its group, or the group of its database; empty if unknown. */
  group: string;
  hostname: string;
  token: string;
}

/** A token on a target; undefined if it is not known where it is tried, because then nothing could ever reject it. */
export const managedToken = (
  organization: string,
  target: Target,
  token: string,
  { hostname, group }: Endpoint = { group: "" },
): ManagedToken | undefined =>
  hostname === undefined
    ? undefined
    : { id: targetId(organization, target), organization, target, group, hostname, token };

/** By the fingerprint of each dead token, its id, which several tokens may share. */
export type DeadTokens = Record<string, string>;

/** A rotation: its target, and the group whose tokens it may have invalidated too. */
export interface Rotation {
  organization: string;
  target: Target;
  group: string;
}

/**
 * What this run has rotated, minted and tried so far. One resource's rotation can invalidate the tokens of another,
 * because a database's rotation may reach its whole group; a run in which that happened must not end as a success.
 */
export class RunLedger {
  private readonly rotated: Rotation[] = [];
  private readonly underWay = new Set<{ rotations: readonly Rotation[]; ended: Promise<unknown> }>();
  private readonly tokens = new Map<string, ManagedToken>();
  private readonly confirmed: Rotation[] = [];
  private readonly dead = new Set<string>();
  /** Tokens that a rotation was seen to invalidate, in this run or an earlier one. */
  private suspects: DeadTokens = {};
  /** The fingerprints of tokens that newer ones have replaced. */
  private readonly replaced = new Set<string>();

  /** Records rotations, from before the first request on. */
  async during<T>(rotations: readonly Rotation[], act: () => Promise<T>): Promise<T> {
    const acting = act();
    const entry = { rotations, ended: acting.then(noop, noop) };
    this.underWay.add(entry);
    this.rotated.push(...rotations);
    await entry.ended;
    this.underWay.delete(entry);
    return acting;
  }

  /** Whether this run rotated what a resource's id names: a target, or one of a list. */
  hasRotated(id: string): boolean {
    return this.rotated.some(({ organization, target }) =>
      `${targetId(organization, target)}/`.startsWith(`${id}/`),
    );
  }

  get isRotating(): boolean {
    return this.underWay.size > 0;
  }

  /** Waits for the rotations in progress that could invalidate a token minted now. */
  async quiet(token: Omit<ManagedToken, "token" | "hostname" | "id">): Promise<void> {
    const threats = [...this.underWay].filter(({ rotations }) =>
      rotations.some((each) => reaches(each, token)),
    );
    await Promise.all(threats.map(({ ended }) => ended));
  }

  /** Records a token that is valid as far as the run knows. */
  holds(token: ManagedToken): void {
    this.tokens.set(token.token, token);
  }

  /** Whether a rotation of this run, or one that an earlier run recorded, may have invalidated a token. */
  mayHaveInvalidated(token: ManagedToken): boolean {
    const isSuspect = own(this.suspects, fingerprint(token.token)) === token.id;
    return isSuspect || this.rotated.some((rotation) => reaches(rotation, token));
  }

  /** Notes rotations that certainly happened. */
  confirm(rotations: readonly Rotation[]): void {
    this.confirmed.push(...rotations);
  }

  /** Whether a rotation of this run certainly invalidated a token of an earlier run: its own target's, or its group's. */
  hasInvalidated({ organization, target, group }: ManagedToken): boolean {
    return this.confirmed.some(
      (rotation) =>
        rotation.organization === organization &&
        (sameTarget(rotation.target, target) ||
          (rotation.target.kind === "group" && rotation.target.name === group)),
    );
  }

  /** Notes that the data plane rejects a token. */
  noteDead({ token }: ManagedToken): void {
    this.dead.add(token);
    this.tokens.delete(token);
  }

  isDead({ token }: ManagedToken): boolean {
    return this.dead.has(token);
  }

  /**
   * Takes out of the record the tokens that these rotations may reach and that the data plane rejects; tried in parallel, with one
   * short deadline. Before a rotation, these are tokens that were dead already, and after it, those that it has invalidated.
   */
  async takeRejected(rotations: readonly Rotation[], client: TursoClient): Promise<ManagedToken[]> {
    const candidates = [...this.tokens.values()].filter((token) =>
      rotations.some((each) => reaches(each, token)),
    );
    const deadline = new AbortController();
    const late = sleep(PROBE_DEADLINE_MS, undefined, { signal: deadline.signal }).catch(noop);
    const rejected: ManagedToken[] = [];
    const tried = inParallel(candidates, PARALLEL_PROBES, async (candidate) => {
      if (deadline.signal.aborted) return;
      const { verdict } = await client.probe(candidate.hostname, candidate.token);
      if (verdict === "rejected" && !deadline.signal.aborted) rejected.push(candidate);
    });
    await Promise.race([tried, late]);
    deadline.abort();
    for (const { token } of rejected) this.tokens.delete(token);
    return rejected;
  }

  /** Notes tokens that a rotation was seen to invalidate. */
  suspect(dead: DeadTokens): void {
    this.suspects = { ...this.suspects, ...dead };
  }

  /**
   * Notes that newer tokens are used instead of these.
   *
   * @param earlier fingerprints that an earlier call returned, from the state of the resource that mints the tokens
   * @returns the fingerprints that a TokenRotation may still have on record as dead. The state of the resource keeps them, because
   * that TokenRotation's turn may be over
   */
  replace(tokens: readonly string[], earlier: readonly string[] = []): string[] {
    for (const token of tokens) this.tokens.delete(token);
    const prints = [...earlier, ...tokens.map(fingerprint)];
    for (const print of prints) this.replaced.add(print);
    return prints.filter((print) => Object.hasOwn(this.suspects, print));
  }

  /** Those of the dead tokens that no newer one has replaced; it waits a moment for the resources that may do so. */
  async stillDead(dead: DeadTokens): Promise<DeadTokens> {
    const isInUse = () => Object.keys(this.notReplaced(dead)).length > 0;
    for (let waited = 0; isInUse() && waited < HEAL_WAIT_MS; waited += HEAL_POLL_MS)
      await sleep(HEAL_POLL_MS);
    return this.notReplaced(dead);
  }

  /** Those of the dead tokens that no newer one has replaced so far. A different token of the same target replaces none. */
  notReplaced(dead: DeadTokens): DeadTokens {
    return Object.fromEntries(Object.entries(dead).filter(([print]) => !this.replaced.has(print)));
  }
}

/** How long the program's other tokens are tried after a rotation. */
const PROBE_DEADLINE_MS = 3_000;
/** A program may have thousands. */
const PARALLEL_PROBES = 64;
const HEAL_WAIT_MS = 1_000;
const HEAL_POLL_MS = 50;

/** Names a token without revealing it. */
export const fingerprint = (token: string): string => createHash("sha256").update(token).digest("hex");

const noop = () => undefined;

function reaches(rotated: Rotation, token: Pick<ManagedToken, "organization" | "target" | "group">): boolean {
  if (rotated.organization !== token.organization) return false;
  if (rotated.group !== "" && rotated.group === token.group) return true;
  return sameTarget(rotated.target, token.target);
}

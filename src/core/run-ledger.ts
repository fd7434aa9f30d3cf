import { sameTarget, type Target } from "../values/scope";
import type { TursoClient } from "../turso/client";

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

  /** Whether a rotation of this run may have invalidated a token. */
  mayHaveInvalidated(token: ManagedToken): boolean {
    return this.rotated.some((rotation) => reaches(rotation, token));
  }

  /** The recorded tokens that the data plane rejects after these rotations. */
  async invalidatedBy(rotations: readonly Rotation[], client: TursoClient): Promise<ManagedToken[]> {
    const candidates = [...this.tokens.values()].filter((token) =>
      rotations.some((each) => reaches(each, token)),
    );
    const invalidated: ManagedToken[] = [];
    for (const candidate of candidates) {
      const { verdict } = await client.probe(candidate.hostname, candidate.token);
      if (verdict !== "rejected") continue;
      invalidated.push(candidate);
      this.tokens.delete(candidate.token);
    }
    return invalidated;
  }
}

const noop = () => undefined;

function reaches(rotated: Rotation, token: Pick<ManagedToken, "organization" | "target" | "group">): boolean {
  if (rotated.organization !== token.organization) return false;
  if (rotated.group !== "" && rotated.group === token.group) return true;
  return sameTarget(rotated.target, token.target);
}

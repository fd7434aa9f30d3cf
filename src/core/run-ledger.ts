import type { Target } from "../values/scope";
import type { TursoClient } from "../turso/client";

/** A token that a program manages, and where it is tried. */
export interface ManagedToken {
  /** `acme/databases/app`. */
  id: string;
  organization: string;
  target: Target;
  /** The group that its database is, or is in; empty where that is not known. */
  group: string;
  hostname: string;
  token: string;
}

/** What was rotated: a target, and the group whose tokens may have died with it. */
export interface Rotated {
  organization: string;
  target: Target;
  group: string;
}

/**
 * What this run has rotated, minted and looked at so far. One resource's rotation can kill the tokens of another, since
 * a database's may reach its whole group; a run in which that happened must not end as if nothing had.
 */
export class Run {
  private readonly rotated: Rotated[] = [];
  private readonly underWay = new Set<{ rotations: Rotated[]; ended: Promise<unknown> }>();
  private readonly tokens = new Map<string, ManagedToken>();

  /** Notes rotations while they are under way, and after. */
  async during<T>(rotations: Rotated[], act: () => Promise<T>): Promise<T> {
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

  /** Waits for the rotations under way that could kill a token minted now. */
  async quiet(token: Omit<ManagedToken, "token" | "hostname" | "id">): Promise<void> {
    const threats = [...this.underWay].filter(({ rotations }) =>
      rotations.some((each) => reaches(each, token)),
    );
    await Promise.all(threats.map(({ ended }) => ended));
  }

  /** Notes a token that is valid as far as is known. */
  holds(token: ManagedToken): void {
    this.tokens.set(token.token, token);
  }

  /** Whether a rotation of this run may have killed a token. */
  mayHaveKilled(token: ManagedToken): boolean {
    return this.rotated.some((rotation) => reaches(rotation, token));
  }

  /** The tokens noted so far that a rotation killed, by the data plane's own word. */
  async killedBy(rotations: Rotated[], client: TursoClient): Promise<ManagedToken[]> {
    const candidates = [...this.tokens.values()].filter((token) =>
      rotations.some((each) => reaches(each, token)),
    );
    const killed: ManagedToken[] = [];
    for (const candidate of candidates) {
      const { verdict } = await client.probe(candidate.hostname, candidate.token);
      if (verdict !== "dead") continue;
      killed.push(candidate);
      this.tokens.delete(candidate.token);
    }
    return killed;
  }
}

const noop = () => undefined;

function reaches(rotated: Rotated, token: Pick<ManagedToken, "organization" | "target" | "group">): boolean {
  if (rotated.organization !== token.organization) return false;
  if (rotated.group !== "" && rotated.group === token.group) return true;
  return rotated.target.kind === token.target.kind && rotated.target.name === token.target.name;
}

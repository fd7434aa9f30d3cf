import { generateKeyPairSync, randomUUID, type KeyObject } from "node:crypto";
import { compactVerify, errors, SignJWT } from "jose";
import type { WirePermission } from "../permissions";

/** The claims of a database token. `id` names a database, `gid` a group. */
export interface Claims {
  a: "rw" | "ro";
  id?: string;
  gid?: string;
  iat: number;
  exp?: number;
  /** Databases that the token may attach, read-only. */
  p?: { roa: { ns: string[] } };
  /** Fine-grained permissions. */
  perm?: WirePermission[];
}

/** How old tokens end after a rotation. */
export interface Ending {
  /** How long every request with an old token is still accepted. */
  deathDelayMs: number;
  /** How long after that requests alternate between an edge that rejects old tokens and one that accepts them. */
  alternatingEdgesMs: number;
}

/** The ending for each of some databases by their id, and for every other database. */
export interface Endings {
  default: Ending;
  byDatabase: ReadonlyMap<string, Ending>;
}

interface SigningKey {
  privateKey: KeyObject;
  publicKey: KeyObject;
}

/** A key as one database sees it at one time. */
interface Candidate {
  publicKey: KeyObject;
  /** Called once for each request, because the answer may alternate. */
  accepts: (token: string) => boolean;
}

class RetiredKey {
  readonly #requests = new Map<string, number>();

  constructor(
    readonly publicKey: KeyObject,
    readonly retiredAt: number,
    readonly endings: Endings,
  ) {}

  /** A server that knows a newer key has dropped all older ones, so an older key never outlives the delay of a later rotation. */
  successor: RetiredKey | undefined;

  endsAt(databaseId: string): number {
    const end = this.rejectedFrom(databaseId) + this.#ending(databaseId).alternatingEdgesMs;
    return Math.min(end, this.successor?.endsAt(databaseId) ?? Infinity);
  }

  rejectedFrom(databaseId: string): number {
    const end = this.retiredAt + this.#ending(databaseId).deathDelayMs;
    return Math.min(end, this.successor?.rejectedFrom(databaseId) ?? Infinity);
  }

  /** Counted for each token, so that a client that tries two tokens in turn sees both alternate. */
  alternates(databaseId: string, token: string): boolean {
    const key = `${databaseId} ${token}`;
    const count = this.#requests.get(key) ?? 0;
    this.#requests.set(key, count + 1);
    return count % 2 === 1;
  }

  get lastEnd(): number {
    const ends = [...this.endings.byDatabase.keys()].map((id) => this.endsAt(id));
    return Math.max(this.endsAt(""), ...ends);
  }

  #ending(databaseId: string): Ending {
    return this.endings.byDatabase.get(databaseId) ?? this.endings.default;
  }
}

/** One current signing key, and the former keys that some database still accepts. */
export class KeyRing {
  #current = generateKey();
  #retired: RetiredKey[] = [];

  rotate(now: number, endings: Endings): void {
    const key = new RetiredKey(this.#current.publicKey, now, endings);
    const last = this.#retired.at(-1);
    if (last) last.successor = key;
    this.#retired = [...this.#retired, key].filter((retired) => now < retired.lastEnd);
    this.#current = generateKey();
  }

  async sign(claims: Claims): Promise<string> {
    // Ed25519 is deterministic: without a random claim, two tokens minted within a second would be equal.
    const jwt = new SignJWT({ ...claims, rid: randomUUID() });
    return jwt.setProtectedHeader({ alg: "EdDSA", typ: "JWT" }).sign(this.#current.privateKey);
  }

  candidates(databaseId: string, now: number): Candidate[] {
    const retired = this.#retired
      .filter((key) => now < key.endsAt(databaseId))
      .map((key) => ({
        publicKey: key.publicKey,
        accepts: (token: string) => now < key.rejectedFrom(databaseId) || key.alternates(databaseId, token),
      }));
    return [{ publicKey: this.#current.publicKey, accepts: () => true }, ...retired];
  }
}

/** The claims of a token that an accepted key signed, whether it has expired or not; otherwise undefined. */
export async function verify(token: string, candidates: Candidate[]): Promise<Claims | undefined> {
  for (const { publicKey, accepts } of candidates) {
    const signed = await verifyOnce(token, publicKey);
    if (signed === OTHER_KEY) continue;
    return signed !== undefined && accepts(token) ? signed : undefined;
  }
  return undefined;
}

/** A different key signed the token. */
const OTHER_KEY = Symbol("other key");
type Verified = Claims | typeof OTHER_KEY | undefined;

/** By key and token: a client that polls sends the same token again and again, and verifying it costs more than the rest of the request. */
const known = new WeakMap<KeyObject, Map<string, Verified>>();
const MOST_KNOWN = 1_000;

async function verifyOnce(token: string, publicKey: KeyObject): Promise<Verified> {
  const verified = known.get(publicKey) ?? new Map<string, Verified>();
  known.set(publicKey, verified);
  if (verified.has(token)) return verified.get(token);
  const result = await verifyWith(token, publicKey);
  if (verified.size >= MOST_KNOWN) verified.clear();
  verified.set(token, result);
  return result;
}

/** @returns undefined for a text that is not a token */
async function verifyWith(token: string, publicKey: KeyObject): Promise<Verified> {
  try {
    const { payload } = await compactVerify(token, publicKey, { algorithms: ["EdDSA"] });
    const claims: unknown = JSON.parse(new TextDecoder().decode(payload));
    return isClaims(claims) ? claims : undefined;
  } catch (error) {
    return error instanceof errors.JWSSignatureVerificationFailed ? OTHER_KEY : undefined;
  }
}

function isClaims(value: unknown): value is Claims {
  if (typeof value !== "object" || value === null) return false;
  const claims = value as Partial<Claims>;
  return (
    (claims.a === "rw" || claims.a === "ro") && (claims.exp === undefined || Number.isFinite(claims.exp))
  );
}

function generateKey(): SigningKey {
  return generateKeyPairSync("ed25519");
}

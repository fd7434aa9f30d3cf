import { generateKeyPairSync, randomUUID, type KeyObject } from "node:crypto";
import { compactVerify, errors, SignJWT } from "jose";

/** What a database token says. `id` names a database, `gid` a group. */
export interface Claims {
  a: "rw" | "ro";
  id?: string;
  gid?: string;
  iat: number;
  exp?: number;
  /** Databases that the token may attach, read-only. */
  p?: { roa: { ns: string[] } };
}

interface SigningKey {
  privateKey: KeyObject;
  publicKey: KeyObject;
}

/** One current signing key, and the former ones that are accepted until they die. */
export class KeyRing {
  #current = generateKey();
  #retired: { key: SigningKey; diesAt: number }[] = [];

  rotate(now: number, deathDelayMs: number): void {
    // A server that knows the new key has dropped all older ones: none outlives this rotation's own delay.
    this.#retired = [...this.#retired, { key: this.#current, diesAt: Infinity }]
      .map(({ key, diesAt }) => ({ key, diesAt: Math.min(diesAt, now + deathDelayMs) }))
      .filter(({ diesAt }) => now < diesAt);
    this.#current = generateKey();
  }

  async sign(claims: Claims): Promise<string> {
    // Ed25519 is deterministic: without a random claim two tokens minted within a second would be one and the same.
    const jwt = new SignJWT({ ...claims, rid: randomUUID() });
    return jwt.setProtectedHeader({ alg: "EdDSA", typ: "JWT" }).sign(this.#current.privateKey);
  }

  accepted(now: number): KeyObject[] {
    const retired = this.#retired.filter((entry) => now < entry.diesAt).map((entry) => entry.key.publicKey);
    return [this.#current.publicKey, ...retired];
  }
}

/** The claims of a token that one of the keys signed, whatever its expiry says; else undefined. */
export async function verify(token: string, keys: KeyObject[]): Promise<Claims | undefined> {
  for (const key of keys) {
    try {
      const { payload } = await compactVerify(token, key, { algorithms: ["EdDSA"] });
      const claims: unknown = JSON.parse(new TextDecoder().decode(payload));
      return isClaims(claims) ? claims : undefined;
    } catch (error) {
      if (error instanceof errors.JWSSignatureVerificationFailed) continue;
      return undefined;
    }
  }
  return undefined;
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

const SECONDS: Record<string, number> = { w: 604_800, d: 86_400, h: 3_600, m: 60, s: 1 };

/** Seconds of `2w1d30m`, undefined for `never`, null for what is neither. */
export function parseExpiration(text: string): number | undefined | null {
  if (text === "never") return undefined;
  if (!/^(\d{1,12}[wdhms])+$/.test(text)) return null;
  let seconds = 0;
  for (const [, count, unit] of text.matchAll(/(\d+)([wdhms])/g)) {
    seconds += Number(count) * (SECONDS[unit ?? ""] ?? 0);
  }
  return seconds > 0 && Number.isSafeInteger(seconds) ? seconds : null;
}

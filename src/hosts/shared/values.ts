import type { Properties } from "../../core/protocol";
import { UNKNOWN } from "../../core/unknown";

/** What the engine sends in a preview for a value that it does not know yet. */
const ENGINE_UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** The engine's properties as the lifecycles see them. What the engine passes has passed check, or came from here. */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- a cast, in the one place for it
export const fromEngine = <T = Properties>(props: Properties): T =>
  mapDeep(props, (value) => (value === ENGINE_UNKNOWN ? UNKNOWN : value)) as T;

export const toEngine = (props: Properties): Properties =>
  mapDeep(props, (value) => (value === UNKNOWN ? ENGINE_UNKNOWN : value)) as Properties;

/** Where the engine writes which special kind of value an object is. */
const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";

/** How the engine writes a secret: it stays one whatever options a program gives the resource. */
const secret = (value: unknown) => ({ [SIGNATURE]: SECRET, value });

/** What a value holds, with the secrets in it in clear. */
export function reveal(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reveal);
  if (typeof value !== "object" || value === null) return value;
  if (Object.hasOwn(value, SIGNATURE)) return reveal((value as { value?: unknown }).value);
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, reveal(member)]));
}

/** Whether a value of the engine is, or holds, a secret; in an exported state it is encrypted, or not with `--show-secrets`. */
export function holdsSecret(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return (value as Properties)[SIGNATURE] === SECRET || Object.values(value).some(holdsSecret);
}

/** What a host adds to a resource's properties: the dynamic one its text, the native one what its tokens follow. */
const OF_A_HOST = new Set(["__provider", "handle"]);

/** The properties without those of any host: a resource may have moved here from the other one. */
export const withoutHostKeys = (props: Properties): Properties =>
  Object.fromEntries(Object.entries(props).filter(([key]) => !OF_A_HOST.has(key)));

/** Which properties of a state the engine keeps in a form of their own. */
export interface Forms<State extends object> {
  /** Those that are secrets. */
  secrets: readonly (keyof State & string)[];
  /** Objects that are kept as one JSON text. */
  texts: readonly (keyof State & string)[];
}

/** A state as the engine keeps it. */
export function kept<State extends object>(state: object, { secrets, texts }: Forms<State>): Properties {
  const formOf = (key: string, value: unknown): unknown => {
    if (texts.includes(key as keyof State & string) && typeof value === "object")
      return JSON.stringify(value);
    return value !== undefined && secrets.includes(key as keyof State & string) ? secret(value) : value;
  };
  return Object.fromEntries(Object.entries(state).map(([key, value]) => [key, formOf(key, value)]));
}

function mapDeep(value: unknown, map: (leaf: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map((member) => mapDeep(member, map));
  if (typeof value !== "object" || value === null) return map(value);
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, mapDeep(member, map)]));
}

/** A value that JSON can represent. Members of an object that are null or undefined count as absent. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/**
 * One text for each JSON value, whatever the order of its keys. Members that are null or undefined count as absent,
 * because the engine drops them.
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value ?? null);
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined && member !== null)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`);
  return `{${members.join(",")}}`;
}

/**
 * Whether two triggers are the same: a number or boolean equals the string with the same JSON text, because YAML, stack
 * config and environment variables disagree about types and nobody means that difference.
 */
export const sameTrigger = (a: unknown, b: unknown): boolean => sameJson(asText(a), asText(b));

function asText(value: unknown): unknown {
  if (typeof value === "number" || typeof value === "boolean") return JSON.stringify(value);
  if (Array.isArray(value)) return value.map(asText);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, asText(member)]));
}

export const sameJson = (a: unknown, b: unknown): boolean => canonicalJson(a) === canonicalJson(b);

/**
 * Why a program's value cannot be sent as JSON, or undefined if it can.
 *
 * @param isLater recognises values that are only known later, which are not checked
 */
export function jsonProblem(
  value: unknown,
  isLater: (value: unknown) => boolean,
  path: unknown[] = [],
): string | undefined {
  if (isLater(value) || value === null || value === undefined) return undefined;
  if (typeof value === "string" || typeof value === "boolean") return undefined;
  if (typeof value === "number")
    return Number.isFinite(value) ? undefined : `contains ${value}, which JSON cannot represent`;
  if (typeof value !== "object") return `contains a ${typeof value}, which JSON cannot represent`;
  if (path.includes(value)) return "contains itself (it is cyclic), which JSON cannot represent";
  const prototype: unknown = Object.getPrototypeOf(value);
  if (!Array.isArray(value) && prototype !== Object.prototype && prototype !== null)
    return `contains a ${value.constructor?.name ?? "class instance"}, which JSON cannot represent; convert it to a string first`;
  for (const member of Object.values(value)) {
    const problem = jsonProblem(member, isLater, [...path, value]);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

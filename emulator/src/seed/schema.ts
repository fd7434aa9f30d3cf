import { z } from "zod/v4";
import type { Fault } from "../faults";
import { SERVER_GENERATIONS } from "../platform";
import { InputError } from "./errors";

const milliseconds = z.number().min(0);
const generation = z.enum(SERVER_GENERATIONS);
const ending = { deathDelayMs: milliseconds.optional(), alternatingEdgesMs: milliseconds.optional() };

const database = z.preprocess(
  (value) => (typeof value === "string" ? { name: value } : value),
  z.strictObject({ name: z.string(), ...ending }),
);

const group = z.strictObject({
  name: z.string(),
  location: z.string().optional(),
  serverGeneration: generation.optional(),
  ...ending,
  databases: z.array(database).optional(),
});

const action = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("drop") }),
  z.strictObject({ type: z.literal("delay"), ms: milliseconds }),
  z.strictObject({
    type: z.literal("status"),
    status: z.int().min(200).max(599),
    body: z.string().optional(),
    headers: z.record(z.string(), z.string()).optional(),
    delayMs: milliseconds.optional(),
  }),
  z.strictObject({ type: z.literal("truncate") }),
  z.strictObject({ type: z.literal("hang") }),
]);

/** A fault as JSON: `pattern` is the source of a regular expression, and takes the place of `path`. */
const fault = z
  .strictObject({
    path: z.string().optional(),
    pattern: z.string().refine(isRegExp, "not a regular expression").optional(),
    method: z.string().optional(),
    plane: z.enum(["control", "data"]).optional(),
    database: z.string().optional(),
    when: z.enum(["before", "after"]),
    action,
    times: z.union([z.int().min(1), z.literal("always")], 'expected a whole number or "always"').optional(),
    skip: z.int().min(0).optional(),
  })
  .refine(({ path, pattern }) => (path === undefined) !== (pattern === undefined), {
    error: 'expected either "path" or "pattern"',
  })
  .transform(({ path = "", pattern, times, ...rest }): Fault => {
    const count = times === "always" ? Infinity : times;
    return {
      ...withoutUndefined(rest),
      path: pattern === undefined ? path : new RegExp(pattern),
      ...(count !== undefined && { times: count }),
    };
  });

const settings = z.strictObject({
  port: z.int().min(0).max(65_535).optional(),
  organization: z.string().min(1).optional(),
  apiToken: z.string().regex(/^\S+$/, "expected a text without spaces").optional(),
  serverGeneration: generation.optional(),
  ...ending,
  requestsPerSecond: z.number().positive().optional(),
  latencyMs: milliseconds.optional(),
  groups: z.array(group).optional(),
  faults: z.array(fault).optional(),
});

/** What a seed file may contain: the options of `startEmulator` that JSON can express. */
export type Settings = z.output<typeof settings>;
/** A group that exists from the start, with its databases. */
export type GroupSeed = Omit<z.output<typeof group>, "databases"> & {
  databases?: DatabaseSeed[] | undefined;
};
/** A database that exists from the start. */
export type DatabaseSeed = z.output<typeof database>;

/** Checks settings that were read from JSON. `source` begins the error, such as the name of the file. */
export const parseSettings = (value: unknown, source: string): Settings => parse(settings, value, source);
/** Checks one fault that was read from JSON. */
export const parseFault = (value: unknown, source: string): Fault => parse(fault, value, source);

function parse<T>(schema: z.ZodType<T>, value: unknown, source: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const place = [source, ...(issue?.path.length ? [pathText(issue.path)] : [])].join(": ");
  throw new InputError(`${place}: ${issue === undefined ? "invalid" : reason(issue)}.`);
}

function reason(issue: z.core.$ZodIssue): string {
  if (issue.code === "unrecognized_keys")
    return `unknown key ${issue.keys.map((key) => `"${key}"`).join(", ")}`;
  const text = issue.message
    .replace(/^(Invalid|Too (small|big)): (input|option)?:? ?/, "")
    .replace(/^Invalid (input|option): /, "");
  return text.charAt(0).toLowerCase() + text.slice(1);
}

const pathText = (path: readonly PropertyKey[]): string =>
  path.reduce<string>((text, part) => {
    if (typeof part === "number") return `${text}[${part}]`;
    return text === "" ? String(part) : `${text}.${String(part)}`;
  }, "");

function isRegExp(source: string): boolean {
  try {
    return new RegExp(source) instanceof RegExp;
  } catch {
    return false;
  }
}

type Defined<T> = { [Key in keyof T]: Exclude<T[Key], undefined> };

function withoutUndefined<T extends object>(value: T): Defined<T> {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as Defined<T>;
}

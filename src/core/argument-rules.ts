import { parseDuration } from "../values/duration";
import { permissionsProblem } from "../values/permissions";
import { nameProblem, parseScope } from "../values/scope";
import { describeType, show } from "../values/text";
import type { CheckProblem } from "./protocol";
import { hasUnknown } from "./unknown";

/** Says what is wrong with an argument's value, or undefined if nothing is. */
export type Rule = (value: unknown, name: string) => string | undefined;

/** The arguments of a resource, each with its rule. Arguments that are absent or not known yet are not checked. */
export type Rules = Record<string, Rule>;

/** Checks a program's arguments against their rules. */
export function checkArguments(
  resource: string,
  rules: Rules,
  news: Record<string, unknown>,
): CheckProblem[] {
  const problems: CheckProblem[] = [];
  for (const [name, value] of Object.entries(news)) {
    const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
    if (rule === undefined) {
      const known = Object.keys(rules).join(", ");
      problems.push({
        property: name,
        reason: `${name} is not an argument of ${resource}. Its arguments are ${known}.`,
      });
    } else if (value !== undefined && value !== null && !hasUnknown(value)) {
      const problem = rule(value, name);
      if (problem !== undefined) problems.push({ property: name, reason: `${problem}.` });
    }
  }
  return problems;
}

export const anything: Rule = () => undefined;

export const scopeRule =
  (options: { lists: boolean }): Rule =>
  (value) => {
    const parsed = parseScope(value, options);
    return "problem" in parsed ? parsed.problem : undefined;
  };

export const flag: Rule = (value, name) =>
  typeof value === "boolean" ? undefined : `${name} must be true or false`;

export const oneOf =
  (...words: string[]): Rule =>
  (value, name) =>
    words.includes(value as string)
      ? undefined
      : `${name} must be one of ${words.map((word) => `"${word}"`).join(", ")}`;

export const duration: Rule = (value, name) => {
  const parsed = parseDuration(name, value);
  return "problem" in parsed ? parsed.problem : undefined;
};

export const wholeNumber =
  (least: number, most: number): Rule =>
  (value, name) =>
    Number.isInteger(value) && (value as number) >= least && (value as number) <= most
      ? undefined
      : `${name} must be a whole number from ${least} to ${most}`;

export const expiration: Rule = (value, name) => (value === "never" ? undefined : duration(value, name));

export const databaseNames: Rule = (value, name) =>
  Array.isArray(value) && value.every((item) => nameProblem("", item) === undefined)
    ? undefined
    : `${name} must be a list of database names`;

export const permissions: Rule = (value, name) => permissionsProblem(name, value);

/** An object with these members, each with its own rule. */
export const objectOf =
  (members: Rules): Rule =>
  (value, name) => {
    if (typeof value !== "object" || value === null || Array.isArray(value))
      return `${name} must be an object, not ${describeType(value)}`;
    for (const [key, member] of Object.entries(value)) {
      const rule = Object.hasOwn(members, key) ? members[key] : undefined;
      if (rule === undefined)
        return `${name} has the unknown member ${show(key)}; it may have ${Object.keys(members).join(", ")}`;
      const problem = member === undefined || member === null ? undefined : rule(member, `${name}.${key}`);
      if (problem !== undefined) return problem;
    }
    return undefined;
  };

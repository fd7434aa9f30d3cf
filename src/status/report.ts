import { parseId } from "../values/scope";
import { capitalise } from "../values/text";
import type { ExportedResource, Interrupted, StackExport } from "./export";
import { rowsOfRotation } from "./rotation-rows";
import { rowOf, type Moment, type Problem, type ProblemKind, type Row } from "./row";
import { rotationState } from "./shape";
import { rowOfToken, type Rotations } from "./token-rows";
import { clean } from "./words";

export interface Counts extends Record<ProblemKind, number> {
  /** Databases and groups that a TokenRotation manages. */
  targets: number;
  /** AuthTokens, and tokens of `mint`. */
  tokens: number;
}

/** What `--json` prints. */
export interface Report {
  /** Of this shape. It changes when a member is removed or changes its meaning. */
  version: 1;
  /** ISO 8601. */
  checkedAt: string;
  /** Whether nothing is overdue, unresolved or expired. */
  ok: boolean;
  counts: Counts;
  stacks: { stack: string; source: string }[];
  rows: Row[];
}

/** @throws BadInput */
export function reportOn(exports: readonly StackExport[], moment: Moment): Report {
  const stacks = namesOf(exports);
  const rows = exports.flatMap((exported, i) => rowsOf(exported, stacks[i] ?? "", moment));
  return {
    version: 1,
    checkedAt: moment.now.toISOString(),
    ok: rows.every(({ status }) => status === "ok"),
    counts: countsOf(rows),
    stacks: exports.map(({ source }, i) => ({ stack: stacks[i] ?? "", source: clean(source) })),
    rows,
  };
}

/** The stacks' names, each once: projects of different organizations may share them. */
function namesOf(exports: readonly StackExport[]): string[] {
  const names = exports.map(({ stack }) => clean(stack ?? "a stack without resources"));
  return names.map((name, i) =>
    names.indexOf(name) === names.lastIndexOf(name) ? name : `${name}, ${clean(exports[i]?.source ?? "")}`,
  );
}

function rowsOf(exported: StackExport, stack: string, moment: Moment): Row[] {
  const isRotation = ({ type }: ExportedResource): boolean => type === "TokenRotation";
  const rotations: Rotations = new Map(
    exported.resources
      .filter(isRotation)
      .map((resource) => [resource.urn, rotationState(resource).rotations]),
  );
  const rows = exported.resources.flatMap((resource) =>
    isRotation(resource)
      ? rowsOfRotation(stack, resource, moment)
      : [rowOfToken(stack, resource, rotations, moment)],
  );
  return exported.interrupted.reduce((all, each) => withInterrupted(all, stack, each), rows);
}

/** Reports an interrupted update in the first row of its resource, or in a row of its own if it had none yet. */
function withInterrupted(
  rows: readonly Row[],
  stack: string,
  { urn, name, type, doing }: Interrupted,
): Row[] {
  const text = `an update was interrupted while ${clean(doing)} it; run \`pulumi refresh\`, then \`pulumi up\``;
  const problem: Problem = { kind: "unresolved", text };
  const at = rows.findIndex((row) => row.stack === stack && row.urn === clean(urn));
  if (at >= 0)
    return rows.map((row, i) => (i === at ? rowOf({ ...row, problems: [problem, ...row.problems] }) : row));
  const kind = type === "AuthToken" ? "auth-token" : "target";
  return [
    ...rows,
    rowOf({ stack, resource: clean(name), urn: clean(urn), kind, target: "not known", problems: [problem] }),
  ];
}

function countsOf(rows: readonly Row[]): Counts {
  const count = (isCounted: (row: Row) => boolean): number => rows.filter(isCounted).length;
  const having = (kind: ProblemKind): number =>
    count(({ problems }) => problems.some((problem) => problem.kind === kind));
  return {
    targets: count(({ kind }) => kind === "target"),
    tokens: count(({ kind, expires }) => kind === "auth-token" || expires !== null),
    overdue: having("overdue"),
    unresolved: having("unresolved"),
    expired: having("expired"),
  };
}

/** One line for a person: how many there are, and what is wrong. */
export function summary({ counts, ok }: Report): string {
  const { targets, tokens } = counts;
  const all = `${some(targets, "target")} and ${some(tokens, "token")}`;
  const bad = (["unresolved", "expired", "overdue"] as const).filter((kind) => counts[kind] > 0);
  return ok
    ? `${capitalise(all)}: nothing is overdue, unresolved or expired.`
    : `${capitalise(all)}: ${bad.map((kind) => `${counts[kind]} ${kind}`).join(", ")}.`;
}

const some = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`;

/** Rows with the same sentence together, most often one cause of many failures. */
export function byProblem(rows: readonly Row[]): { problem: Problem; targets: string[] }[] {
  const found = new Map<string, { problem: Problem; targets: string[] }>();
  for (const row of rows)
    for (const problem of row.problems.filter(({ kind }) => kind === "unresolved")) {
      const same = found.get(problem.text) ?? { problem, targets: [] };
      const isId = parseId(row.target) !== undefined || row.kind === "list";
      same.targets.push(isId ? row.target : row.resource);
      found.set(problem.text, same);
    }
  return [...found.values()];
}

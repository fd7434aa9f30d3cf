import type { Reach, Verification } from "../rotation/state";

/**
 * What a row is about: a list as a whole, a target of a TokenRotation, a database's token of a group with `mint.per`, or an
 * AuthToken.
 */
export type RowKind = "list" | "target" | "minted-token" | "auth-token";

/** From worst to best. */
export const PROBLEMS = ["unresolved", "expired", "overdue"] as const;
export type ProblemKind = (typeof PROBLEMS)[number];

export interface Problem {
  kind: ProblemKind;
  /** A sentence, without secrets. */
  text: string;
}

/** What `status` says of one managed target or token. `--json` prints it as it is. */
export interface Row {
  /** `PROJECT/STACK` */
  stack: string;
  /** The resource's name in the program. */
  resource: string;
  urn: string;
  kind: RowKind;
  /** `acme/databases/app`; of a list `acme/databases` */
  target: string;
  /** How many targets a list has; null for anything else. */
  members: number | null;
  /** ISO 8601; null: this resource has never rotated it. */
  rotatedAt: string | null;
  /** When an AuthToken was minted. */
  mintedAt: string | null;
  /** What made it rotate last, in words. */
  by: string | null;
  /** JSON, shortened; `(secret)` where it is one. */
  trigger: string | null;
  rotateEvery: string | null;
  /** When it is next rotated by age. */
  dueAt: string | null;
  /** When its token is next minted again because it expires. */
  renewAt: string | null;
  /** When its token expires; null: the resource has no token for it. */
  expires: string | null;
  verification: Verification | null;
  /** By group, which tokens the last rotation was seen to reach. */
  reach: Record<string, Reach> | null;
  /** Whether `suspend` is true. */
  suspended: boolean;
  /** The worst of its problems. */
  status: ProblemKind | "ok";
  problems: readonly Problem[];
}

const NOTHING = {
  members: null,
  rotatedAt: null,
  mintedAt: null,
  by: null,
  trigger: null,
  rotateEvery: null,
  dueAt: null,
  renewAt: null,
  expires: null,
  verification: null,
  reach: null,
  suspended: false,
} satisfies Partial<Row>;

type Known = Pick<Row, "stack" | "resource" | "urn" | "kind" | "target" | "problems"> & Partial<Row>;

/** A row from what is known of it. */
export const rowOf = (known: Known): Row => {
  const { stack, resource, urn, kind, target, problems, ...rest } = known;
  const status = PROBLEMS.find((each) => problems.some((problem) => problem.kind === each)) ?? "ok";
  return { stack, resource, urn, kind, target, ...NOTHING, ...rest, status, problems };
};

/** When a row is counted from, and when something late counts as overdue. */
export interface Moment {
  now: Date;
  /** How late a rotation or a renewal may be. */
  graceMs: number;
}

/** What is wrong with a token that expires, if anything is. */
export function problemsOfToken(
  { expires, renewAt }: Pick<Row, "expires" | "renewAt">,
  { now, graceMs }: Moment,
): Problem[] {
  const isPast = (at: string, lateMs: number): boolean => Date.parse(at) + lateMs <= now.getTime();
  if (expires !== null && isPast(expires, 0))
    return [{ kind: "expired", text: `its token expired at ${expires}` }];
  if (renewAt !== null && isPast(renewAt, graceMs))
    return [{ kind: "overdue", text: `its token has been due to be minted again since ${renewAt}` }];
  return [];
}

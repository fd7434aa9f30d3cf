import assert from "node:assert/strict";
import type { Target } from "../../../src/values/scope";
import { targetsOf, type Program } from "../schedule/program";
import { mayMint, mayRead } from "../world/credentials";
import type { ModelOrganization } from "../world/organization";
import type { Part } from "../world/part";
import { isToApi, type Sent } from "../world/requests";

export const key = ({ kind, name }: Target): string => `${kind} ${name}`;

/** After so many unknown outcomes in a row, a run sends no further rotation. */
const UNKNOWN_IN_A_ROW = 3;
/** A request that is asked for this soon after a response was under way already. */
const UNDER_WAY_MS = 2;

/** What an `up` may rotate. */
export interface Permit {
  /** Whether there is a reason to rotate the target. */
  hasReason: (target: Target) => boolean;
  /** Whether a canary token of an earlier run is tried, whatever `verify` is now. */
  isWatched: (target: Target) => boolean;
  /** Whether an earlier rotation was seen to reach the whole group. */
  isReached: (group: string) => boolean;
}

/** Checks that no rotation was sent that must not be. */
export function maySend(
  organization: ModelOrganization,
  program: Program,
  { sent, circumstances }: Part,
  permit: Permit,
): void {
  for (const [i, each] of sent.entries()) if (each.kind === "rotate") mayRotate(each, sent.slice(0, i));
  waitsForTheLimit(sent);
  endsAfterUnknowns(sent);

  function mayRotate({ target, text }: Sent, earlier: readonly Sent[]): void {
    const targets = targetsOf(program);
    const { groupImpact, suspend, verify, mint } = program.rotation;
    const own = targets.find((each) => target && key(each) === key(target));
    assert(own, `${text}: not a target`);
    assert(permit.hasReason(own), `rule 1: ${key(own)} was rotated without a reason`);
    assert(suspend !== true, `rule 1: ${key(own)} was rotated although suspend is true`);
    const { credentials } = circumstances;
    if (mayRead(credentials)) assert(organization.exists(own), `rule 3: ${key(own)} does not exist`);
    const bystanders = organization
      .bystanders([own])
      .filter((name) => !targets.some((each) => each.name === name));
    assert(
      groupImpact !== "refuse" || bystanders.length === 0,
      `rule 3: groupImpact is "refuse", and ${bystanders.join(", ")} are affected`,
    );
    const canBeProven = mayMint(credentials, own.kind) && organization.databasesOf(own).length > 0;
    assert(
      verify !== "required" || canBeProven,
      'rule 3: verify is "required", but verification is impossible',
    );
    const { refused = [] } = circumstances;
    const isRefused = earlier.some(
      (each) =>
        each.kind === "mint" &&
        each.answer?.status === 403 &&
        each.target?.kind === own.kind &&
        !refused.includes(each.target.name),
    );
    const isOwnRefused = verify !== "off" && refused.includes(own.name);
    assert(
      (verify === "off" && mint === undefined) || (!isRefused && !isOwnRefused) || permit.isWatched(own),
      `rule 3: whoever rotates ${key(own)} must be able to mint`,
    );
    if (!permit.isWatched(own)) strandsNobody(own, earlier);
  }

  /** A member for which the API refuses to mint must not lose its token to the rotation of a different one. */
  function strandsNobody(own: Target, earlier: readonly Sent[]): void {
    const { groupImpact, verify } = program.rotation;
    const { refused = [] } = circumstances;
    const group = organization.groupOf(own);
    const isTried = ({ name }: Target): boolean =>
      earlier.some(
        ({ kind, target, answer }) => kind === "mint" && target?.name === name && answer?.status === 403,
      );
    const stranded = targetsOf(program).filter(
      (each) =>
        each.name !== own.name &&
        refused.includes(each.name) &&
        isTried(each) &&
        organization.groupOf(each) === group &&
        organization.exists(each) &&
        permit.hasReason(each) &&
        !permit.isWatched(each),
    );
    assert(
      verify === "off" || stranded.length === 0 || !(groupImpact === "refuse" || permit.isReached(group)),
      `rule 3: ${key(own)} was rotated, and no token can be minted for ${stranded.map(key).join(", ")}`,
    );
  }
}

/** A preview and a refresh change nothing. A refresh finishes a proof, for which it mints a token that nobody gets. */
export function changesNothing(sent: readonly Sent[], isRefresh: boolean): void {
  const isControl = ({ text }: Sent): boolean =>
    isRefresh && text.includes("?expiration=1h&authorization=read-only");
  const posts = sent.filter((each) => each.kind === "rotate" || (each.kind === "mint" && !isControl(each)));
  assert.deepEqual(posts, [], "rule 1: a preview or refresh changes nothing");
}

export function rotatesNothing(late: readonly Sent[]): void {
  const rotated = late.filter(({ kind }) => kind === "rotate").map(({ text }) => text);
  assert.deepEqual(rotated, [], "rule 2: a provider whose CLI is gone rotates");
}

export function sendsNothing(sent: readonly Sent[]): void {
  const texts = sent.map(({ text }) => text);
  assert.deepEqual(texts, [], "rule 1: a no-op up makes no API call");
}

/** After a 429 of the API, it gets no request before the time that it asked for. A database's own limit is a different one. */
function waitsForTheLimit(sent: readonly Sent[]): void {
  for (const { answer, text } of sent.filter(isToApi)) {
    if (answer?.status !== 429 || answer.retryAfterMs === 0) continue;
    const early = sent.find(
      (each) =>
        isToApi(each) &&
        each.askedAt > answer.at + UNDER_WAY_MS &&
        each.askedAt < answer.at + answer.retryAfterMs,
    );
    assert(
      early === undefined,
      `${early?.text ?? ""} was sent ${(early?.askedAt ?? 0) - answer.at} ms after ${text}`,
    );
  }
}

function endsAfterUnknowns(sent: readonly Sent[]): void {
  const rotates = sent.filter(({ kind, endedAt }) => kind === "rotate" && endedAt !== undefined);
  rotates.sort((a, b) => (a.endedAt ?? 0) - (b.endedAt ?? 0));
  const i = rotates.findIndex((_, first) => {
    const row = rotates.slice(first, first + UNKNOWN_IN_A_ROW);
    return row.length === UNKNOWN_IN_A_ROW && row.every(({ lost }) => lost);
  });
  const end = rotates[i + UNKNOWN_IN_A_ROW - 1]?.endedAt;
  if (i < 0 || end === undefined) return;
  const late = rotates.find(({ askedAt }) => askedAt > end + UNDER_WAY_MS);
  assert(
    late === undefined,
    `${late?.text ?? ""} was sent after ${UNKNOWN_IN_A_ROW} unknown outcomes in a row`,
  );
}

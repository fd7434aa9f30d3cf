import assert from "node:assert/strict";
import type { Pending, RotationState } from "../../../src/rotation/state";
import type { Target } from "../../../src/values/scope";
import type { Step } from "../world/engine";
import type { ModelOrganization } from "../world/organization";
import type { Work } from "./oracle";
import { key } from "./sending";
import type { Part } from "../world/part";
import { isToApi, type Sent } from "../world/requests";
import { isAll, isSingle, targetsOf, type Program } from "../schedule/program";

/** A step that saved the TokenRotation, and what the oracle knows about it. */
export interface Judged {
  program: Program;
  part: Part;
  step: Step;
  state: RotationState;
  /** The state before; absent if the resource is new. */
  before: RotationState | undefined;
  rotates: readonly Sent[];
  work: ReadonlyMap<string, Work>;
  /** Targets that the resource had rotated or adopted before. */
  seen: ReadonlySet<string>;
  isFull: boolean;
  /** Whether there was a rotation that the run could not know of. */
  isUncertain: boolean;
  begunAt: number;
  /** How many tokens there were before the run. Those that it minted between two rotations of one group are nobody's. */
  heldBefore: number;
  /** The time by the machine's clock, and how far that is ahead. */
  now: number;
  skewMs: number;
}

const mayHaveHappened = ({ executed, lost }: Sent): boolean => executed || lost;
/** The run ends at most this long after an old token was rejected, apart from the last requests. */
const GRACE_MS = 2_000;
const LAST_REQUESTS_MS = 100;
/** How long a group's first rotation is watched at most to learn what it reaches, and how far two tries of a token are apart. */
const LEARN_MS = 5_000;
const POLL_MS = 500;
const SECOND_MS = 1_000;
/** How far two machines' clocks may be apart. */
const CLOCK_SKEW_MS = 300_000;

/** Checks what a saved state claims. */
export async function judgeState(organization: ModelOrganization, judged: Judged): Promise<void> {
  rotationsAreRecorded(organization, judged);
  ageIsRecorded(judged);
  for (const target of targetsOf(judged.program)) targetIsTrue(organization, target, judged);
  endsInTime(organization, judged);
  reachIsTrue(organization, judged);
  await isVerified(organization, judged);
}

const sentTo = ({ rotates }: Judged, target: Target): Sent[] =>
  rotates.filter((sent) => sent.target && key(sent.target) === key(target));

const pendingBefore = ({ before }: Judged, { name }: Target): Pending | undefined => before?.pending?.[name];

/** What may have been rotated has a new entry, and nothing else. */
function rotationsAreRecorded(organization: ModelOrganization, judged: Judged): void {
  const { program, before, state } = judged;
  const targets = targetsOf(program);
  const isSent = judged.rotates.some(mayHaveHappened);
  const isResolved = targets.some((target) => pendingBefore(judged, target)?.status === "unknown");
  if (before && isSent)
    assert.notEqual(state.rotationId, before.rotationId, "it rotated, but rotationId is unchanged");
  if (before && !isSent && !isResolved)
    assert.equal(state.rotationId, before.rotationId, "it did not rotate, but rotationId changed");
  for (const target of targets) {
    const [was, is] = [before?.rotations[target.name], state.rotations[target.name]];
    const isOwn = sentTo(judged, target).some(mayHaveHappened);
    if (isOwn) assert.notEqual(is, was, `${key(target)} may have been rotated, but its entry is unchanged`);
    const mayHaveBeenReached = targets.some(
      (other) =>
        organization.reaches(other, target) &&
        (sentTo(judged, other).some(mayHaveHappened) || pendingBefore(judged, other) !== undefined),
    );
    const isForgotten = isAll(program) && is === undefined && !organization.exists(target);
    if (!isOwn && !mayHaveBeenReached && !isForgotten && !organization.isRotatedElsewhere)
      assert.equal(is, was, `${key(target)} was not rotated, but its entry changed`);
  }
}

/** Age counts from the last rotation of all targets, or of the only one. */
function ageIsRecorded(judged: Judged): void {
  const { before, state, program, isFull, begunAt, now, rotates } = judged;
  const from = (of: RotationState): number => Date.parse(of.rotatedAt ?? of.createdAt);
  const [is, was] = [from(state), before && from(before)];
  const [target] = targetsOf(program);
  const isRotated = rotates.some(({ executed, lost }) => executed && !lost);
  const isUnsure =
    isSingle(program) &&
    (rotates.some(mayHaveHappened) || (target && pendingBefore(judged, target)?.status === "unknown"));
  const isAhead =
    was !== undefined && program.rotation.rotateEvery !== undefined && was > begunAt + CLOCK_SKEW_MS;
  const isNew = was === undefined || isAhead || (isSingle(program) ? isRotated : isFull);
  if (isNew) assert(is >= begunAt && is <= now, "its age does not count from this run");
  else if (!isUnsure) assert.equal(is, was, "its age counts from a different time, but it did not rotate");
  else assert(is === was || is >= begunAt, "its age counts from a time between the runs");
}

/** What remains to be done is reported, and what is not reported is done. */
function targetIsTrue(organization: ModelOrganization, target: Target, judged: Judged): void {
  const { program, part, state, work, seen, isUncertain } = judged;
  const { suspend, verify } = program.rotation;
  const left = state.pending?.[target.name];
  const isReported = Object.hasOwn(state.failures, target.name);
  const isSilent =
    left === undefined ||
    (left.status === "unproven" && verify !== "required" && left.isNotMinted !== true) ||
    (left.status === "not-rotated" && suspend === true);
  assert(isSilent || isReported, `${key(target)} is ${left?.status}, but the step succeeded`);
  const isGone = !organization.exists(target) && !isSingle(program);
  const isKnownToBeGone = isGone && (isAll(program) || seen.has(key(target)));
  const { faults, credentials, refused = [] } = part.circumstances;
  const isUndisturbed =
    faults.length === 0 && refused.length === 0 && credentials === "full" && judged.step.did !== "nothing";
  if (isKnownToBeGone && isUndisturbed)
    assert(!isReported, `${key(target)} existed before and is gone, which is no failure`);
  const reason = work.get(key(target))?.reason;
  const before = work.get(key(target))?.keyChangesBefore ?? 0;
  const isDone = left === undefined ? !isReported : left.status === "unproven";
  if (reason === undefined || !isDone || isKnownToBeGone) return;
  assert(
    isUncertain || organization.keyChanges(target) > before,
    `${key(target)} was not rotated though ${reason}, but nothing remains to be done`,
  );
}

/**
 * Waiting for proof never lengthens an outage: once all rotations are made, the run ends soon after the first old token was rejected.
 * Until then it does not wait for proof: as long as it is not known what a group's first rotation reaches, it is not known which
 * rotations are to follow, whatever was seen in other groups.
 */
function endsInTime(organization: ModelOrganization, judged: Judged): void {
  const { part, rotates, program, now, skewMs } = judged;
  const { faults, limit } = part.circumstances;
  if (part.isRotatedElsewhere) return;
  const isResolving = targetsOf(program).some(
    (target) => pendingBefore(judged, target)?.status === "unknown",
  );
  if (part.rejectedAt === undefined || rotates.length === 0 || faults.length > 0 || isResolving) return;
  const ms = now - skewMs - Math.max(part.rejectedAt, rotatedUntil(organization, judged));
  // what the run still asks of the API waits for its limit
  const asked = part.sent.filter((sent) => isToApi(sent) && sent.at > (part.rejectedAt ?? 0)).length;
  // a new token is waited for until its database accepts it
  const lateMs = Math.max(
    0,
    ...part.sent.filter(({ isLate }) => isLate).map(({ at }) => at - (part.rejectedAt ?? 0)),
  );
  const limitedMs = limit === undefined ? 0 : (Math.ceil(asked / limit) + 1) * SECOND_MS;
  assert(
    ms <= GRACE_MS + LAST_REQUESTS_MS + limitedMs + lateMs,
    `rule 3: it ended ${ms} ms after old tokens were rejected`,
  );
}

/** When the last rotation was made, or it was known that none is to follow. */
function rotatedUntil(organization: ModelOrganization, { program, rotates }: Judged): number {
  const groups = targetsOf(program).map((target) => organization.groupOf(target));
  const seen = new Set<string>();
  const ends = rotates.map(({ target, at, endedAt = at }) => {
    const group = target?.kind === "database" ? organization.groupOf(target) : undefined;
    if (target === undefined || group === undefined || seen.has(group)) return endedAt;
    seen.add(group);
    const isWatched = groups.filter((each) => each === group).length > 1;
    return endedAt + (isWatched ? Math.min(LEARN_MS, organization.rejectionDelay(target) + POLL_MS) : 0);
  });
  return Math.max(...ends);
}

/** On current servers, a database's rotation reaches neither its group's tokens nor those of other databases. */
function reachIsTrue(organization: ModelOrganization, { state, program, before }: Judged): void {
  if (organization.isRotatedElsewhere) return;
  if (organization.emulator.platform.options.serverGeneration !== "current") return;
  if (targetsOf(program).some(({ kind }) => kind === "group") || organization.hasChanged) return;
  for (const [group, reach] of Object.entries(state.reach ?? {})) {
    if (before?.reach?.[group] === reach) continue;
    assert.notEqual(reach.siblings, "rejected", `reach says that siblings in ${group} were rejected`);
    assert.notEqual(reach.group, "rejected", `reach says that tokens of ${group} were rejected`);
  }
}

/** `verified` means that every token from before the last rotation is rejected. */
async function isVerified(organization: ModelOrganization, judged: Judged): Promise<void> {
  const { program, state, step, isUncertain, heldBefore } = judged;
  if (
    state.verification !== "verified" ||
    step.did === "nothing" ||
    isUncertain ||
    organization.isRotatedElsewhere
  )
    return;
  for (const target of targetsOf(program)) {
    const isRotated = Object.hasOwn(state.rotations, target.name);
    if (!isRotated || state.pending?.[target.name] !== undefined) continue;
    const last = organization.rotations(target);
    const old = organization.held
      .slice(0, heldBefore)
      .filter((held) => !held.isForTrial && key(held.target) === key(target));
    for (const { jwt, rotationsBefore } of old)
      assert(
        rotationsBefore >= last || !(await organization.accepts(target, jwt)),
        `verification is "verified", but ${key(target)} accepts a token from before the last rotation`,
      );
  }
}

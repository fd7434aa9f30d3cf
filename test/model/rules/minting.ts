import assert from "node:assert/strict";
import type { RotationState } from "../../../src/rotation/state";
import type { Target } from "../../../src/values/scope";
import { targetsOf, type Program } from "../schedule/program";
import type { ModelOrganization } from "../world/organization";
import type { Part } from "../world/part";
import { isForTrial, type Sent } from "../world/requests";
import { key } from "./sending";

/** The requests of a run are milliseconds apart, and nothing that the run waits for comes before a token. */
const NEXT_MS = 300;
/** How long a group's first rotation is watched to learn what it reached, and the last look. */
const LEARN_MS = 5_000 + 1_500;

const isDelivered = (each: Sent): boolean =>
  each.kind === "mint" && each.answer?.status === 200 && !isForTrial(each);
const mayHaveHappened = ({ executed, lost }: Sent): boolean => executed || lost;

/** Checks what a run that mints did between a rotation and the new token. */
export function judgeMinting(
  organization: ModelOrganization,
  program: Program,
  { sent, circumstances }: Part,
  state: RotationState,
): void {
  const { mint, maxUnavailable, parallelism } = program.rotation;
  if (mint === undefined) return;
  const rotates = sent.filter(({ kind }) => kind === "rotate");
  const tokensOf = (target: Target): Sent[] =>
    sent.filter(
      (each) =>
        isDelivered(each) &&
        each.target !== undefined &&
        (key(each.target) === key(target) ||
          (mint.per === "database" &&
            target.kind === "group" &&
            organization.groupOf(each.target) === target.name)),
    );
  const { credentials, faults, limit, refused = [] } = circumstances;
  const isRefused = (target: Target): boolean =>
    refused.includes(target.name) ||
    organization.databasesOf(target).some(({ name }) => refused.includes(name));
  // a 429 to a rotation holds up minting too, for as long as it says
  const isUndisturbed =
    credentials === "full" &&
    limit === undefined &&
    faults.every(({ on, trouble }) => on === "rotate" && !trouble.startsWith("429"));
  if (isUndisturbed) {
    everyMemberHasItsToken();
    tokensFollow();
  }
  fewAreDark(maxUnavailable ?? parallelism ?? 8);

  /** Nobody is left without a token, whatever happened to the others. */
  function everyMemberHasItsToken(): void {
    for (const target of targetsOf(program)) {
      if (isRefused(target)) continue;
      const left = state.pending?.[target.name]?.status;
      assert.notEqual(
        left,
        "not-minted",
        `${key(target)} has no token, though nothing kept the run from minting`,
      );
      const isMember =
        state.rotations[target.name] !== undefined || state.failures[target.name] === undefined;
      if (!isMember || !organization.exists(target) || isNew(target)) continue;
      const names =
        mint?.per === "database" && target.kind === "group"
          ? Object.entries(state.endpoints ?? {}).flatMap(([name, { group }]) =>
              group === target.name ? [name] : [],
            )
          : [target.name];
      assert(hasNone(target) || names.length > 0, `${key(target)} has no token`);
      for (const name of names) assert(state.tokens?.[name] !== undefined, `${name} has no token`);
    }
  }

  /** A group without databases, each of which would have a token. */
  function hasNone(target: Target): boolean {
    return mint?.per === "database" && organization.databasesOf(target).length === 0;
  }

  /** A database that "all" has by now, and of which the resource has no record. */
  function isNew({ name }: Target): boolean {
    return (
      program.members !== undefined &&
      state.rotations[name] === undefined &&
      state.pending?.[name] === undefined &&
      state.tokens?.[name] === undefined
    );
  }

  /** The mint follows the rotation immediately. */
  function tokensFollow(): void {
    for (const [i, rotate] of rotates.entries()) {
      const { target } = rotate;
      if (target === undefined || !mayHaveHappened(rotate) || !organization.exists(target)) continue;
      if (hasNone(target) || isRefused(target)) continue;
      const next = tokensOf(target).find((each) => each.at >= rotate.at);
      const end = rotate.endedAt ?? rotate.at;
      const isLeader = !rotates.slice(0, i).some(isInGroupOf(target));
      // of members whose rotations follow while it is not known what the first one reached, the last one decides
      const last = isLeader
        ? end
        : Math.max(...rotates.filter(isInGroupOf(target)).map((each) => each.endedAt ?? 0));
      const ms = (next?.at ?? Infinity) - last;
      assert(ms <= NEXT_MS, `rule 3: the token of ${key(target)} was minted ${ms} ms after its rotation`);
    }
    for (const target of targetsOf(program)) {
      const first = rotates.find((each) => isInGroupOf(target)(each) && mayHaveHappened(each));
      const isOwn = rotates.some((each) => each.target && key(each.target) === key(target));
      const next = tokensOf(target)[0];
      if (first === undefined || isOwn || next === undefined || target.kind === "group") continue;
      // its old token is accepted until then, or its database would not accept a new one
      const lateness = ({ name }: Target): number => organization.acceptanceDelays[name] ?? 0;
      const spare = first.target ? organization.rejectionDelay(first.target) : 0;
      // a member that is not to be rotated itself waits for the roll
      const roll = first.target ? lateness(first.target) : 0;
      const ms = next.at - Math.max(lateness(target), spare, roll) - (first.endedAt ?? first.at);
      assert(
        ms <= LEARN_MS,
        `rule 3: the token of ${key(target)} was minted ${ms} ms after its group's rotation`,
      );
    }
  }

  function isInGroupOf(target: Target): (sent: Sent) => boolean {
    return (each) =>
      each.target !== undefined && organization.groupOf(each.target) === organization.groupOf(target);
  }

  /** At most `maxUnavailable` groups wait for the token of their first rotation. */
  function fewAreDark(most: number): void {
    for (const [i, rotate] of rotates.entries()) {
      const { target } = rotate;
      const earlier = rotates.slice(0, i);
      if (target === undefined || earlier.some(isInGroupOf(target))) continue;
      const leaders = earlier.filter(
        (each, j) =>
          each.target && mayHaveHappened(each) && !earlier.slice(0, j).some(isInGroupOf(each.target)),
      );
      const dark = leaders.filter(
        ({ target: led, at }) =>
          led &&
          !hasNone(led) &&
          !tokensOf(led).some(
            ({ at: then, answer }) => then >= at && (answer?.at ?? Infinity) <= rotate.askedAt,
          ),
      );
      assert(
        dark.length < most,
        `rule 3: ${key(target)} was rotated while ${dark.length} were without a token, of at most ${most}`,
      );
    }
  }
}

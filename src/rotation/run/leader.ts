// The first rotation of a group, which shows what rotations in the group reach.
import { setTimeout as sleep } from "node:timers/promises";
import type { SavedCanary } from "../../core/canary";
import { reachedBy, type Attempt } from "./attempt";
import { groupOf, type Prepared, type RunSettings } from "./preflight";
import { prove, type Seen } from "./prove";
import type { Reach } from "../state";

/** How long the first rotation of a group is watched to learn whether it reaches the group's other databases. */
const LEARN_MS = 5_000;
/** A database accepts a new token within this time, unless it is late. */
const PROMPT_MS = 500;

const isOwn = ({ label }: SavedCanary): boolean => label === "database";

/**
 * The first of a group's members, watched beside the canary token of another one. No other resource of the program rotates that
 * member, as it may do with a different database of the group: what happens to its token is the first one's doing.
 */
export function watching(leader: Prepared, rest: readonly Prepared[]): Prepared {
  const other = rest.flatMap(({ canaries = [] }) => canaries.filter(isOwn))[0];
  if (leader.canaries === undefined || other === undefined) return leader;
  const own = leader.canaries.filter(({ label }) => label !== "siblings");
  return { ...leader, canaries: [...own, { ...other, label: "siblings" }] };
}

/** What a group's first rotation did to the tokens of its other databases. */
export async function learn(run: RunSettings, sent: Attempt): Promise<Reach["siblings"]> {
  if (!sent.canaries.some(({ label }) => label === "siblings")) return undefined;
  const seen: Seen = (await prove(run, [sent], LEARN_MS, LEARN_MS))(sent);
  if (seen.verdict === "rejected") sent.seen = seen;
  sent.siblings = seen.reach?.[groupOf(sent.task)]?.siblings;
  return sent.siblings;
}

/**
 * Whether another member's old token is rejected while the first one's new token is still not accepted: the others must not be without
 * a token for as long as that one's database is late.
 *
 * @param minting ends when the first one's token is accepted, or given up
 */
export async function reachesEarly(
  run: RunSettings,
  sent: Attempt,
  rest: readonly Prepared[],
  minting: Promise<unknown>,
): Promise<boolean> {
  const other = rest.find(({ canaries = [] }) => canaries.some(isOwn));
  if (sent.lost !== undefined || other === undefined) return false;
  const watched = reachedBy(sent, other);
  while (!(await isSettled(minting, PROMPT_MS)))
    if ((await prove(run, [watched], LEARN_MS))(watched).verdict === "rejected") return true;
  return false;
}

async function isSettled(promise: Promise<unknown>, withinMs: number): Promise<boolean> {
  const over = new AbortController();
  const late = sleep(withinMs, false, { signal: over.signal }).catch(() => true);
  try {
    return await Promise.race([promise.then(() => true), late]);
  } finally {
    over.abort();
  }
}

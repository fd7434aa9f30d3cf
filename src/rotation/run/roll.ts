import { Permits, Places, inParallel } from "../../values/places";
import { groupBy } from "../../values/record";
import { targetId } from "../../values/scope";
import { conclude, reachedBy, send, type Attempt } from "./attempt";
import type { Result } from "../next-state";
import { learn, reachesEarly, watching } from "./leader";
import { groupOf, type Prepared, type RunSettings, type Task } from "./preflight";
import { prepareAll } from "./prepare";
import { GRACE_MS, isDark, prove } from "./prove";
import { noneAvailable } from "./errors";
import { describeProgress } from "../report";

const PROGRESS_EVERY_MS = 5_000;
/** After so many members of a group whose rotations failed, the others no longer wait to see what a first one reaches. */
const MOST_LEADERS = 3;

/**
 * Checks all targets before it rotates the first one, rotates those that may be and mints their tokens, several in parallel, and then
 * proves all rotations together. A request that was seen not to have happened is sent once more. One that fails does not stop the others.
 *
 * @param onProgress receives a sentence every few seconds
 * @returns the results by the target's name, in the order of the tasks
 */
export async function rollAll(
  run: RunSettings,
  tasks: readonly Task[],
  parallelism: number,
  onProgress: (sentence: string) => void,
): Promise<Map<string, Result>> {
  const results = new Map<string, Result>();
  const roll = new Roll(run, parallelism, results);
  const start = performance.now();
  const progress = setInterval(
    () => onProgress(describeProgress(roll.rotated, roll.failed, tasks.length, performance.now() - start)),
    PROGRESS_EVERY_MS,
  );
  try {
    let { ready, attempts } = await prepareAll(run, tasks, parallelism, results);
    const kept = tasks.filter(({ target }) => isKept(results.get(target.name)));
    const rotating = new Set(ready.map(({ task }) => groupOf(task)));
    const reached = kept.filter((task) => rotating.has(groupOf(task)));
    // a rotation may invalidate a token that is minted before it, and without verification nobody would find out
    const later = new Set(run.verify === "off" ? reached : []);
    const first = kept.filter((task) => !later.has(task));
    await run.minter?.mintAllDue([...first, ...attempts.map(({ task }) => task)], parallelism);
    const holders = new Set(kept);
    while (ready.length + attempts.length > 0) {
      attempts.push(...(await roll.all(ready)));
      await run.minter?.mintAllDue([...later], parallelism);
      const seenOf = await prove(
        run,
        attempts.filter(({ seen }) => seen === undefined),
        isDark(attempts, results.values()) ? GRACE_MS : Infinity,
      );
      for (const { task } of attempts) holders.add(task);
      // a request that is sent again may invalidate what was minted after the first one of its group
      const sentTo = new Set(attempts.map(({ task }) => groupOf(task)));
      await run.minter?.checkAgain([...holders].filter((task) => sentTo.has(groupOf(task))));
      ready = [];
      await inParallel(attempts, parallelism, async (sent) => {
        const concluded = await conclude(run, sent, sent.seen ?? seenOf(sent));
        if ("again" in concluded) ready.push(concluded.again);
        else results.set(sent.task.target.name, concluded);
        // its token may be from before the rotation, which was only found out now
        if (!sent.isNew && "kind" in concluded && concluded.kind === "rotated" && concluded.isNew)
          await run.minter?.mintRest(sent.task);
      });
      attempts = [];
    }
  } finally {
    clearInterval(progress);
  }
  return new Map(
    tasks.flatMap(({ target: { name } }) => {
      const result = results.get(name);
      return result ? [[name, result]] : [];
    }),
  );
}

/** Whether this run does not rotate a target that exists: it is adopted, or a proof that an earlier run left is given up. */
const isKept = (result: Result | undefined): boolean =>
  result?.kind === "adopted" || result?.kind === "rotated";

/** Passes over the targets that may be rotated: at most so many in parallel, and at most so many without a token. */
class Roll {
  private readonly places: Places;
  private readonly permits: Permits;
  private attempts: Attempt[] = [];
  /** So far, for the progress. */
  rotated = 0;

  constructor(
    private readonly run: RunSettings,
    parallelism: number,
    private readonly results: Map<string, Result>,
  ) {
    this.places = new Places(parallelism);
    this.permits = new Permits(run.maxUnavailable);
  }

  get failed(): number {
    return [...this.results.values()].filter(({ kind }) => kind === "failed").length;
  }

  async all(ready: readonly Prepared[]): Promise<Attempt[]> {
    this.attempts = [];
    const groups = groupBy(ready, ({ task }) => groupOf(task));
    await Promise.all([...groups].map(([group, members]) => this.group(group, members)));
    return this.attempts;
  }

  /**
   * The members of a group. What its first rotation reaches decides: if it reaches all, no other is sent; if only its own
   * database, each member is rotated and gets its token in turn; if that is not known, all are rotated before any token is minted.
   */
  private async group(group: string, members: readonly Prepared[], leaders = 1): Promise<void> {
    const [leader, ...rest] = members;
    if (leader === undefined) return;
    if (group === "" || rest.length === 0) {
      await Promise.all(members.map((each) => this.rotate(each, true)));
      return;
    }
    let early: Promise<Prepared[] | undefined> | undefined;
    const sent = await this.rotate(watching(leader, rest), true, (sent, minting) => {
      early = reachesEarly(this.run, sent, rest, minting).then((isReached) =>
        isReached ? this.mintReached(sent, rest) : undefined,
      );
    });
    if (sent === "failed") {
      if (leaders < MOST_LEADERS) await this.group(group, rest, leaders + 1);
      else await this.rotateTogether(rest);
      return;
    }
    const isRefused = sent === "refused" || this.run.minter?.errors.has(leader.task.target.name) === true;
    let reached = await early;
    if (reached === undefined && !isRefused && (await learn(this.run, sent)) === "rejected")
      reached = await this.mintReached(sent, rest);
    const left = reached ? rest.filter((each) => !reached.includes(each)) : rest;
    if (isRefused) for (const { task } of left) this.refuse(task);
    else if (sent.siblings === "accepted") await Promise.all(left.map((each) => this.rotate(each, true)));
    // nothing could ever show that these were reached
    else if (left.length > 0) await this.rotateTogether(left, [leader, ...(reached ?? [])]);
  }

  /**
   * Mints for members that their group's first rotation reached.
   *
   * @returns those of whom a canary token can prove it
   */
  private async mintReached(sent: Attempt, rest: readonly Prepared[]): Promise<Prepared[]> {
    sent.siblings = "rejected";
    const reached = rest.filter(({ canaries = [] }) => canaries.length > 0);
    this.attempts.push(...reached.map((each) => reachedBy(sent, each)));
    this.rotated += reached.length;
    await this.mintTogether(reached);
    return reached;
  }

  /**
   * Rotates members before it mints any token, because each rotation may invalidate all of the group's.
   *
   * @param dark members that are without a token already
   */
  private async rotateTogether(members: readonly Prepared[], dark: readonly Prepared[] = []): Promise<void> {
    const sent = await Promise.all(members.map((each) => this.rotate(each, false)));
    await this.mintTogether([...dark, ...members.filter((_, i) => typeof sent[i] === "object")]);
  }

  private async mintTogether(members: readonly Prepared[]): Promise<void> {
    await Promise.all(
      members.map(async (each) => {
        // as fast as the API gives tokens
        if (!(await this.mint(each, this.places))) this.permits.lose(false);
      }),
    );
  }

  /** @param onSent is called when the request was sent, and the token is being minted */
  private rotate(
    prepared: Prepared,
    mints: boolean,
    onSent: (sent: Attempt, minting: Promise<unknown>) => void = () => undefined,
  ): Promise<Attempt | "failed" | "refused"> {
    const { run, permits } = this;
    const { target } = prepared.task;
    return this.places.use(async () => {
      const isBounded = mints && run.minter !== undefined;
      if (isBounded && !(await permits.take())) {
        this.refuse(prepared.task);
        return "refused";
      }
      const sent = await send(run, prepared);
      if ("kind" in sent) {
        this.results.set(target.name, sent);
        if (isBounded) permits.give();
        return "failed";
      }
      this.attempts.push(sent);
      this.rotated += 1;
      if (!isBounded) return sent;
      const minting = this.mint(prepared);
      onSent(sent, minting);
      if (await minting) permits.give();
      else permits.lose(true);
      return sent;
    });
  }

  private refuse({ target }: Task): void {
    const error = noneAvailable(targetId(this.run.client.organization, target));
    this.results.set(target.name, { kind: "failed", error });
  }

  private async mint({ task }: Prepared, places?: Places): Promise<boolean> {
    return (await this.run.minter?.mintAll(task, places)) ?? true;
  }
}

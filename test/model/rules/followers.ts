import assert from "node:assert/strict";
import type { RotationState } from "../../../src/rotation/state";
import type { TokenState } from "../../../src/token/state";
import { targetId, type Target } from "../../../src/values/scope";
import { rotationStateOf, type SavedResource, type Step } from "../world/engine";
import type { ModelOrganization } from "../world/organization";
import type { Process } from "../world/process";
import type { Sent } from "../world/requests";
import { targetsOf, type Program } from "../schedule/program";

export const targetsIn = (saved: SavedResource | undefined): readonly Target[] =>
  saved ? targetsOf({ rotation: saved.outputs as unknown as Program["rotation"] }) : [];

/** Whether an AuthToken is one that its database has not accepted, so that the next `up` mints another. */
export const hasRejectedToken = (state: ReadonlyMap<string, SavedResource>): boolean =>
  [...state.values()].some(({ type, outputs }) => type === "token" && outputs["rejected"] === true);

/** The ids of targets with a token of which the run reports that a different resource's rotation has invalidated it. */
const casualtiesIn = (state: ReadonlyMap<string, SavedResource>): Set<string> =>
  new Set(
    [...state.values()].flatMap(({ outputs }) =>
      Object.keys(outputs["failures"] ?? {}).map((name) => name.replace(/^token of | \(\d+ of \d+\)$/g, "")),
    ),
  );

const idOf = (target: Target): string => targetId("acme", target);

/** A token in the state: a program's AuthToken, or one that the rotation minted. */
interface Held {
  /** The resource that has it. */
  name: string;
  target: Target;
  jwt: string;
  /** Whether its resource knows where it can be tried. */
  isTried: boolean;
  /** Whether nobody tries it, as `verify: "off"` says. */
  isOff: boolean;
}

/** Checks that whoever depends on a rotation has a token from after it. */
export class Followers {
  /** By the resource, rotations that happened or may have happened, and that its state records. */
  readonly #rotations = new Map<string, Sent[]>();
  /** Tokens that were accepted when the run ended, and whose key was replaced before: they die without notice. */
  readonly #dying = new Set<string>();
  /** Whether tokens died with their database. Only a refresh detects that. */
  #mayBeDead = false;

  constructor(private readonly organization: ModelOrganization) {}

  /**
   * @param isOther whether the TokenRotation is a new one, which has no record of what happened before. A token that the one before left
   *   behind is tried then: it is replaced if it is dead, and kept while it is still accepted, which `judge` checks
   */
  note(name: string, sent: readonly Sent[], isOther: boolean): void {
    const before = isOther ? [] : (this.#rotations.get(name) ?? []);
    const now = sent.filter(({ kind, executed, lost }) => kind === "rotate" && (executed || lost));
    this.#rotations.set(name, [...before, ...now]);
  }

  mayBeDead(): void {
    this.#mayBeDead = true;
  }

  /** A refresh without faults notes every token that is rejected. */
  async refreshed(state: ReadonlyMap<string, SavedResource>): Promise<void> {
    this.#mayBeDead = false;
    await this.noteDying(state);
  }

  /** After an `up`. */
  async judge(
    { sent, circumstances: { credentials, faults, refused = [] } }: Process,
    steps: readonly Step[] | undefined,
    state: ReadonlyMap<string, SavedResource>,
    { isSuccess, isUncertain }: { isSuccess: boolean; isUncertain: boolean },
  ): Promise<void> {
    const isDone = new Set(steps?.filter(({ error }) => error === undefined).map(({ name }) => name));
    const isUndisturbed =
      credentials === "full" && refused.length === 0 && faults.every(({ on }) => on === "rotate");
    const casualties = casualtiesIn(state);
    for (const held of tokensIn(state)) {
      if (!isDone.has(held.name)) continue;
      this.#isFresh(held);
      if (isUncertain || this.#mayBeDead || this.#dying.has(held.jwt) || !held.isTried) continue;
      if (!isSuccess && (!isUndisturbed || casualties.has(idOf(held.target)))) continue;
      if (this.organization.databasesOf(held.target).length === 0) continue;
      // nobody tries a token again that an earlier run could not try
      const isEarlier = this.#indexOf(held) < (sent[0]?.heldBefore ?? Infinity);
      const isUntried = held.isOff || isEarlier || faults.some(({ on }) => on === "probe");
      const isValid = isUntried
        ? await this.organization.willAccept(held.target, held.jwt)
        : await this.organization.accepts(held.target, held.jwt);
      assert(
        isValid,
        `an up ${isSuccess ? "succeeded" : "went on"}, but the token of ${held.name} is rejected`,
      );
    }
    await this.noteDying(state);
  }

  /** Nobody holds a token from before a rotation of its own target or group. */
  #isFresh({ name, target, jwt }: Held): void {
    const i = this.#indexOf({ jwt });
    assert(i >= 0, `the token of ${name} was never minted`);
    if (!this.organization.exists(target)) return; // there is nothing that it opens
    const group = this.organization.groupOf(target);
    const last = this.#rotations
      .get(name === "beside" ? name : "rotation")
      ?.findLast(
        ({ target: rotated }) =>
          rotated &&
          (rotated.kind === "group"
            ? rotated.name === group
            : target.kind === "database" && rotated.name === target.name),
      );
    assert(
      last === undefined || i >= last.heldBefore,
      `${name} holds a token from before the rotation ${last?.text}, of which the run knew`,
    );
  }

  #indexOf({ jwt }: Pick<Held, "jwt">): number {
    return this.organization.held.findIndex((each) => each.jwt === jwt);
  }

  /** After a rotation: what is still accepted although its key was replaced. */
  async noteDying(state: ReadonlyMap<string, SavedResource>): Promise<void> {
    for (const { target, jwt } of tokensIn(state)) {
      const before = this.organization.heldOf(jwt)?.keyChangesBefore ?? 0;
      if (this.organization.keyChanges(target) > before && (await this.organization.accepts(target, jwt)))
        this.#dying.add(jwt);
    }
  }
}

const tokensIn = (state: ReadonlyMap<string, SavedResource>): Held[] =>
  [...state].flatMap(([name, saved]) => {
    if (saved.type === "rotation") return mintedIn(name, rotationStateOf(saved));
    const [target] = targetsIn(saved);
    if (target === undefined) return [];
    const { token, endpoint, rejected, verify } = saved.outputs as unknown as TokenState;
    // the run has said so, and the next one mints another token
    return rejected === true
      ? []
      : [{ name, target, jwt: token, isTried: endpoint !== undefined, isOff: verify === "off" }];
  });

/** The tokens of a rotation, without those of members for which it reports a failure. */
function mintedIn(
  name: string,
  { scope, mint, tokens = {}, endpoints = {}, failures, verify }: RotationState,
): Held[] {
  const isOfGroups = ("group" in scope || "groups" in scope) && mint?.per !== "database";
  return Object.entries(tokens).flatMap(([of, jwt]): Held[] => {
    const endpoint = endpoints[of];
    const isReported = Object.hasOwn(failures, of) || Object.hasOwn(failures, endpoint?.group ?? "");
    const target: Target = { kind: isOfGroups ? "group" : "database", name: of };
    return isReported
      ? []
      : [{ name, target, jwt, isTried: endpoint?.hostname !== undefined, isOff: verify === "off" }];
  });
}

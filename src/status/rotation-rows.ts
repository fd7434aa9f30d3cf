import { renewalAt } from "../core/mint";
import { isPresent } from "../core/unknown";
import { dueAt, isInFuture, membersOf } from "../rotation/plan";
import { describeAhead } from "../rotation/report";
import { casualtyNames, type RotationState } from "../rotation/state";
import { own } from "../values/record";
import { parseSubject, targetId, type Subject, type Target } from "../values/scope";
import { nameList } from "../values/text";
import type { ExportedResource } from "./export";
import { problemsOfToken, rowOf, type Moment, type Problem, type Row } from "./row";
import { rotationState } from "./shape";
import { SECRET, clean, describeTrigger } from "./words";

const unresolved = (text: string): Problem => ({ kind: "unresolved", text });

/** The rows of a TokenRotation: a list's own, then one for each target and for each token of a group's databases. */
export function rowsOfRotation(stack: string, resource: ExportedResource, moment: Moment): Row[] {
  const state = rotationState(resource);
  const rotation = new Rotation(stack, resource, state, parseSubject(state), moment);
  return rotation.rows();
}

class Rotation {
  constructor(
    private readonly stack: string,
    private readonly resource: ExportedResource,
    private readonly state: RotationState,
    private readonly subject: Subject,
    private readonly moment: Moment,
  ) {}

  rows(): Row[] {
    const members = this.members();
    const whole = this.problemsOfWhole();
    const targets = members.flatMap((member) => [
      this.rowOfTarget(member, this.subject.isList ? [] : whole),
      ...this.tokensOf(member),
    ]);
    return this.subject.isList ? [this.rowOfList(members.length, whole), ...targets] : targets;
  }

  /** Those of the plan, and those that failed: what is pending is a secret, which an export encrypts. */
  private members(): Target[] {
    const members = [...membersOf(this.subject, this.state)];
    const known = new Set(members.map(({ name }) => name));
    const failed = Object.keys(this.state.failures).filter((name) => !known.has(name));
    return [...members, ...failed.map((name) => ({ kind: this.subject.kind, name }))];
  }

  private rowOfList(count: number, problems: readonly Problem[]): Row {
    const { state, subject } = this;
    return rowOf({
      ...this.common(state.rotatedAt),
      kind: "list",
      target: subject.id,
      members: count,
      reach: state.reach ?? null,
      // what its members have is counted there
      problems: count === 0 ? [...problems, ...this.overdue()] : problems,
    });
  }

  private rowOfTarget(target: Target, whole: readonly Problem[]): Row {
    const { state, subject, moment } = this;
    const { name } = target;
    const token = this.isPerDatabase ? NO_TOKEN : this.tokenNamed(name);
    const failure = own(state.failures, name);
    return rowOf({
      ...this.common(own(state.rotations, name), name),
      ...token,
      // which trigger rotated it last is not recorded where it failed under the current one
      ...(failure !== undefined && { by: null }),
      kind: "target",
      target: targetId(subject.organization, target),
      reach: this.reachOf(target),
      problems: [
        ...(failure === undefined ? [] : [unresolved(clean(failure))]),
        ...whole,
        ...problemsOfToken(token, moment),
        ...this.overdue(),
      ],
    });
  }

  private get isPerDatabase(): boolean {
    return this.subject.kind === "group" && this.state.mint?.per === "database";
  }

  /** A group's tokens with `mint.per`, which each have a row. */
  private tokensOf(group: Target): Row[] {
    if (!this.isPerDatabase) return [];
    const { state, subject, moment } = this;
    return Object.entries(state.endpoints ?? {})
      .filter(([, endpoint]) => endpoint.group === group.name)
      .map(([name]) => {
        const token = this.tokenNamed(name);
        return rowOf({
          ...this.common(own(state.rotations, group.name), group.name),
          ...token,
          dueAt: null,
          kind: "minted-token",
          target: targetId(subject.organization, { kind: "database", name }),
          problems: problemsOfToken(token, moment),
        });
      });
  }

  /** When a token of `mint` expires. */
  private tokenNamed(name: string): Pick<Row, "expires" | "renewAt"> {
    const { endpoints = {}, expirations = {}, mint } = this.state;
    if (own(endpoints, name) === undefined) return NO_TOKEN;
    const expires = own(expirations, name);
    if (expires === undefined) return { expires: "never", renewAt: null };
    return { expires, renewAt: renewalAt(new Date(expires), mint?.renewBefore).toISOString() };
  }

  /** What all rows of the resource have in common. */
  private common(at: string | undefined, name?: string) {
    const { stack, state, resource } = this;
    const due = dueAt(state, state.rotateEvery);
    return {
      stack,
      resource: clean(resource.name),
      urn: clean(resource.urn),
      rotatedAt: at ?? null,
      by: at === undefined ? null : this.cause(name),
      trigger: this.trigger(),
      rotateEvery: state.rotateEvery ?? null,
      dueAt: due?.toISOString() ?? null,
      verification: at === undefined ? null : (state.verification ?? null),
      suspended: state.suspend === true,
    };
  }

  private trigger(): string | null {
    return describeTrigger(this.state.trigger, this.resource.secrets.has("trigger"));
  }

  /** What made a target rotate last; without a name, the whole list. */
  private cause(name?: string): string | null {
    const { state, resource } = this;
    if (name !== undefined && state.joined?.includes(name)) return "joining";
    const isHeld = resource.secrets.has("heldTrigger") || state.heldTrigger !== undefined;
    switch (state.cause) {
      case "trigger":
        return `trigger ${(isHeld ? SECRET : this.trigger()) ?? "(removed)"}`;
      case "age":
        return `age${isPresent(state.rotateEvery) ? ` (${state.rotateEvery})` : ""}`;
      case "creation":
        return "creation";
    }
  }

  /** The group of a database is only known where it has a token, or where no other can be meant. */
  private reachOf({ kind, name }: Target): Row["reach"] {
    const { reach = {}, endpoints = {} } = this.state;
    const only = this.subject.isList ? undefined : Object.keys(reach)[0];
    const group = kind === "group" ? name : (own(endpoints, name)?.group ?? only);
    const seen = group === undefined ? undefined : own(reach, group);
    return group === undefined || seen === undefined ? null : { [group]: seen };
  }

  private overdue(): Problem[] {
    const { state, moment } = this;
    const due = dueAt(state, state.rotateEvery);
    if (due === undefined || due.getTime() + moment.graceMs > moment.now.getTime()) return [];
    const held = state.suspend === true ? ", and suspend is true" : "";
    const every = `rotateEvery ${String(state.rotateEvery)}`;
    return [{ kind: "overdue", text: `due since ${due.toISOString()} (${every})${held}` }];
  }

  /** What concerns the resource as a whole. */
  private problemsOfWhole(): Problem[] {
    const { state, resource, moment } = this;
    const dead = casualtyNames(state.casualties ?? {});
    const problems: Problem[] = [];
    if (resource.secrets.has("heldTrigger") || state.heldTrigger !== undefined)
      problems.push(
        unresolved("the trigger changed, but suspend is true, so nothing rotates until it is false"),
      );
    if (this.hasPending && Object.keys(state.failures).length === 0)
      problems.push(unresolved(state.suspend === true ? WAITS : UNFINISHED));
    if (dead.length > 0)
      problems.push(
        unresolved(
          `its rotation invalidated tokens of this program that are not minted again yet: ${clean(nameList(dead))}`,
        ),
      );
    if (isInFuture(state, moment.now)) problems.push(unresolved(describeAhead(state)));
    return problems;
  }

  private get hasPending(): boolean {
    return this.resource.secrets.has("pending") || Object.keys(this.state.pending ?? {}).length > 0;
  }
}

const NO_TOKEN = { expires: null, renewAt: null };
const WAITS = "a rotation waits until suspend is false";
const UNFINISHED = "an earlier update left work pending, which the next `pulumi up` continues";

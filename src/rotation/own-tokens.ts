// The tokens that a resource's state keeps: which of them are dead, and which are tried after rotations of other resources.
import type { Survey } from "../core/blast-radius";
import { Silence } from "../core/breaker";
import type { Context } from "../core/context";
import type { Saved } from "../core/protocol";
import { managedToken, type ManagedToken } from "../core/run-ledger";
import { TursoError } from "../turso/errors";
import { inParallel } from "../values/places";
import { own } from "../values/record";
import type { Target } from "../values/scope";
import { withoutToken } from "./pending";
import type { RotationState } from "./state";

/** A token of `mint`, and the name of the target that it was minted for. */
interface OwnToken {
  of: string;
  managed: ManagedToken;
}

const PARALLEL_PROBES = 16;
const PROBE_MS = 2_000;

/** The targets of which a refresh sees a token rejected. */
export async function deadTokens(context: Context, saved: Saved<RotationState>): Promise<string[]> {
  const client = context.client(saved.state.organization);
  const dead = new Set<string>();
  await inParallel(ownTokens(saved), PARALLEL_PROBES, async ({ of, managed: { hostname, token } }) => {
    const { verdict } = await client.probe(hostname, token, { timeoutMs: PROBE_MS });
    if (verdict === "rejected") dead.add(of);
  });
  return [...dead];
}

/** The targets with a token of a database that was deleted and made again under its name, so that the token is dead. */
export function recreated({ tokens = {}, endpoints = {}, mint }: RotationState, found: Survey): string[] {
  const isPerDatabase = mint?.per === "database";
  return Object.keys(tokens).flatMap((name) => {
    const { databaseId: before, group = "" } = own(endpoints, name) ?? {};
    const of = isPerDatabase ? group : name;
    const radius = found.get(of);
    if (before === undefined || radius === undefined || radius instanceof TursoError) return [];
    const now = radius.endpoints.get(name)?.databaseId;
    // a group's own token is tried at any of its databases
    const isOfDatabase = isPerDatabase || radius.target.kind === "database";
    return isOfDatabase && now !== undefined && now !== before ? [of] : [];
  });
}

/** Tries those of a resource's tokens that a rotation of this run may have invalidated, and notes which the data plane rejects. */
export async function tryOwnTokens(context: Context, saved: Saved<RotationState>): Promise<void> {
  const { ledger } = context;
  const suspects = ownTokens(saved).filter(({ managed }) => ledger.mayHaveInvalidated(managed));
  if (suspects.length === 0) return;
  const client = context.client(saved.state.organization);
  const silence = new Silence();
  await inParallel(suspects, PARALLEL_PROBES, async ({ managed }) => {
    // a rotation that is under way may still invalidate a token that is accepted now
    await ledger.quiet(managed);
    const { hostname, token } = managed;
    const { verdict } = ledger.hasInvalidated(managed)
      ? { verdict: "rejected" }
      : await silence.ask(() => client.probe(hostname, token, { timeoutMs: PROBE_MS }));
    if (verdict === "rejected") ledger.noteDead(managed);
  });
}

/** The saved state, with the tokens that were noted as dead left to the update. */
export function withDeadTokens({ ledger }: Context, saved: Saved<RotationState>): Saved<RotationState> {
  const dead = ownTokens(saved).filter(({ managed }) => ledger.isDead(managed));
  const names = dead.map(({ of }) => of);
  return names.length === 0 ? saved : { ...saved, state: withoutTokens(saved.state, names) };
}

/** The state with these members' tokens left to the next update. Those that were gone are there again. */
export function withoutTokens(
  { gone: wereGone = [], ...state }: RotationState,
  names: readonly string[],
): RotationState {
  const gone = wereGone.filter((name) => !names.includes(name));
  const pending = { ...state.pending };
  for (const name of names) pending[name] = withoutToken(own(pending, name));
  return {
    ...state,
    ...(gone.length > 0 && { gone }),
    ...(Object.keys(pending).length > 0 && { pending }),
  };
}

/**
 * Puts a resource's tokens on record, so that a later rotation of the run finds out whether it invalidates them.
 *
 * @param replaced names of targets whose tokens the update replaces
 */
export function holdOwnTokens(
  { ledger }: Context,
  saved: Saved<RotationState>,
  replaced: ReadonlySet<string>,
): void {
  for (const { of, managed } of ownTokens(saved)) if (!replaced.has(of)) ledger.holds(managed);
}

/** Those that some database can reject. */
function ownTokens({ subject, state }: Saved<RotationState>): OwnToken[] {
  const { organization, tokens = {}, endpoints = {}, mint } = state;
  const isPerDatabase = subject.kind === "group" && mint?.per === "database";
  return Object.entries(tokens).flatMap(([name, token]) => {
    const target: Target = isPerDatabase ? { kind: "database", name } : { kind: subject.kind, name };
    const managed = managedToken(organization, target, token, own(endpoints, name));
    return managed ? [{ of: isPerDatabase ? managed.group : name, managed }] : [];
  });
}

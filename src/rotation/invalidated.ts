// The tokens that a resource has minted, while other resources of the same run rotate.
import { Silence } from "../core/breaker";
import type { Context } from "../core/context";
import type { Saved } from "../core/protocol";
import type { ManagedToken } from "../core/run-ledger";
import { inParallel } from "../values/places";
import { own } from "../values/record";
import { targetId, type Target } from "../values/scope";
import { withoutToken } from "./next-state";
import type { Pending, RotationState } from "./state";

/** A token of `mint`, and the name of the target that it was minted for. */
interface OwnToken {
  of: string;
  managed: ManagedToken;
}

const PARALLEL_PROBES = 16;
const PROBE_MS = 2_000;

/** Tries those of a resource's tokens that a rotation of this run may have invalidated, and notes which the data plane rejects. */
export async function tryOwnTokens(context: Context, old: Saved<RotationState>): Promise<void> {
  const { ledger } = context;
  const suspects = ownTokens(old).filter(({ managed }) => ledger.mayHaveInvalidated(managed));
  if (suspects.length === 0) return;
  const client = context.client(old.state.organization);
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

/** The saved state, in which the targets of dead tokens are to have new ones. */
export function withDeadTokens({ ledger }: Context, old: Saved<RotationState>): Saved<RotationState> {
  const dead = ownTokens(old).filter(({ managed }) => ledger.isDead(managed));
  if (dead.length === 0) return old;
  const pending: Record<string, Pending> = { ...old.state.pending };
  for (const { of } of dead) pending[of] = withoutToken(own(pending, of));
  return { ...old, state: { ...old.state, pending } };
}

/**
 * Puts a resource's tokens on record, so that a later rotation of the run finds out whether it invalidates them.
 *
 * @param replaced names of targets whose tokens the update replaces
 */
export function holdOwnTokens(
  { ledger }: Context,
  old: Saved<RotationState>,
  replaced: readonly string[],
): void {
  for (const { of, managed } of ownTokens(old)) if (!replaced.includes(of)) ledger.holds(managed);
}

function ownTokens({ subject, state }: Saved<RotationState>): OwnToken[] {
  const { organization, tokens = {}, endpoints = {}, mint } = state;
  const isPerDatabase = mint?.per === "database";
  return Object.entries(tokens).flatMap(([name, token]) => {
    const { hostname, group = "" } = own(endpoints, name) ?? {};
    if (hostname === undefined) return []; // nothing could ever reject it
    const target: Target = { kind: isPerDatabase ? "database" : subject.kind, name };
    const managed = { id: targetId(organization, target), organization, target, group, hostname, token };
    return [{ of: isPerDatabase && subject.kind === "group" ? group : name, managed }];
  });
}

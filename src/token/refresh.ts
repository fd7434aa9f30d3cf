import { endpointOf, type Endpoint } from "../core/blast-radius";
import type { Context } from "../core/context";
import type { ReadResult, Saved } from "../core/protocol";
import { describeUnread } from "../turso/advice";
import { TursoError, attempt } from "../turso/errors";
import { targetOf, type Target } from "../values/scope";
import type { TokenState } from "./state";

/** Asks the data plane whether it still accepts the token. Only its rejection counts, or that its database is a different one. */
export async function refresh(
  context: Context,
  { subject, state }: Saved<TokenState>,
): Promise<ReadResult<TokenState>> {
  const { id, organization } = subject;
  const target = targetOf(subject);
  const kept: ReadResult<TokenState> = { gone: false, state };
  const dead: ReadResult<TokenState> = { gone: false, state: { ...state, rejected: true } };
  const warn = (text: string): void => context.notify("warning", text, `${id} read`);
  const client = context.client(organization);
  const found = await attempt(() => endpointOf(context.lookups(organization), target));
  if (found instanceof TursoError) {
    if (found.isGone) {
      warn(`${id} no longer exists (${found.answer}), so its token leaves the state.`);
      return { gone: true };
    }
    // whoever may not look it up can still ask the database that accepted the token
    const { hostname } = state.endpoint ?? {};
    if (hostname !== undefined && (await client.probe(hostname, state.token)).verdict === "rejected") {
      warn(rejects(id));
      return dead;
    }
    warn(describeUnread(found, context.hasConfiguredToken));
    return kept;
  }
  if (isOther(target, state.endpoint, found)) {
    warn(
      `${id}: the database was deleted and made again under its name, so its token is dead; the next update mints a new one.`,
    );
    return dead;
  }
  if (found.hostname === undefined) return kept;
  const seen = await client.probe(found.hostname, state.token);
  switch (seen.verdict) {
    case "accepted":
      return kept;
    case "unclear":
      warn(
        `${id}: could not determine whether the database still accepts its token (${seen.why}). The state stays as it is.`,
      );
      return kept;
    case "rejected":
      warn(rejects(id));
      return dead;
  }
}

const rejects = (id: string): string =>
  `${id}: the database rejects its token, so the next update mints a new one.`;

/** Whether a different database has the name now. A group's endpoint is any of its databases. */
function isOther({ kind }: Target, before: Endpoint | undefined, now: Endpoint): boolean {
  const [old, current] = [before?.databaseId, now.databaseId];
  return kind === "database" && old !== undefined && current !== undefined && old !== current;
}

import { renewalAt } from "../core/mint";
import { isPresent } from "../core/unknown";
import { reasonToMint } from "../token/plan";
import type { TokenState } from "../token/state";
import { parseSubject } from "../values/scope";
import type { ExportedResource } from "./export";
import { problemsOfToken, rowOf, type Moment, type Problem, type Row } from "./row";
import { tokenState } from "./shape";
import { clean, describeTrigger } from "./words";

/** By the URN of each TokenRotation of the stack, when its targets were last rotated. */
export type Rotations = ReadonlyMap<string, Record<string, string>>;

export function rowOfToken(
  stack: string,
  resource: ExportedResource,
  rotations: Rotations,
  moment: Moment,
): Row {
  const state = tokenState(resource);
  const { expiresAt, renewBefore } = state;
  const trigger = describeTrigger(state.trigger, resource.secrets.has("trigger"));
  const token = {
    expires: expiresAt ?? "never",
    renewAt: expiresAt === undefined ? null : renewalAt(new Date(expiresAt), renewBefore).toISOString(),
  };
  return rowOf({
    stack,
    resource: clean(resource.name),
    urn: clean(resource.urn),
    kind: "auth-token",
    target: parseSubject(state).id,
    ...token,
    mintedAt: state.mintedAt,
    by: state.rotation ? "its rotation" : trigger === null ? "creation" : `trigger ${trigger}`,
    trigger,
    problems: [...invalid(resource, state, rotations, moment), ...problemsOfToken(token, moment)],
  });
}

/** Whether it has to be minted again for any reason but its expiry. */
function invalid(
  { dependencies }: ExportedResource,
  state: TokenState,
  rotations: Rotations,
  { now }: Moment,
): Problem[] {
  const [current] = (dependencies["rotation"] ?? []).map((urn) => rotations.get(urn)).filter(isPresent);
  const lasting = { ...state };
  delete lasting.expiresAt;
  const rotation = state.rotation && { ...state.rotation, ...(current && { rotations: current }) };
  const why = reasonToMint(lasting, { ...lasting, ...(rotation && { rotation }) }, now);
  return why === undefined
    ? []
    : [{ kind: "unresolved", text: `${why}, and it has not been minted again yet` }];
}

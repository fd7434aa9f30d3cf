import type { InternalAxiosRequestConfig } from "axios";
import type { Target } from "../../../src/values/scope";
import type { PlannedFault } from "../schedule/faults";
import type { ModelOrganization } from "./organization";

/** A database that does not know the new key yet says the same as one that no longer knows the old one. */
export const LATE: PlannedFault = { on: "probe", skip: 0, times: 1, when: "before", trouble: "stray 401" };

/** Whether a database does not know the key yet that signed the token. */
export function isLate(organization: ModelOrganization, database: string, jwt: string): boolean {
  const delay = organization.acceptanceDelays[database];
  const held = delay === undefined ? undefined : organization.heldOf(jwt);
  if (delay === undefined || held === undefined) return false;
  return isOfNewKey(organization, held) && organization.now() < lastKeyAt(organization, held.target) + delay;
}

/** Whether a request tries a token at a database that does not know its key yet. */
export function triesLateToken(
  organization: ModelOrganization,
  { url = "", baseURL, headers }: InternalAxiosRequestConfig,
): boolean {
  const database = organization.databaseAt(new URL(url, baseURL || undefined).href);
  const jwt = String(headers.get("authorization") ?? "").replace(/^Bearer /, "");
  return database !== undefined && isLate(organization, database, jwt);
}

const isOfNewKey = (
  organization: ModelOrganization,
  { target, keyChangesBefore }: { target: Target; keyChangesBefore: number },
): boolean => keyChangesBefore === organization.keyChanges(target);

/** When the target's key was replaced last. */
const lastKeyAt = (organization: ModelOrganization, target: Target): number =>
  organization.emulator.platform.rotations.findLast((rotated) => organization.reaches(rotated, target))?.at ??
  -Infinity;

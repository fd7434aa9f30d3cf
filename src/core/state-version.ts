/**
 * The error of a state that this version cannot read.
 *
 * @param version what the state says of itself
 */
export const unreadableState = (id: string, version: unknown): Error =>
  new Error(
    `Reading the state of ${id}: its stateVersion is ${JSON.stringify(version) ?? "missing"}, and this version of pulumi-turso-tokens reads 1. Nothing was changed. Install the version that wrote the state, or a newer one.`,
  );

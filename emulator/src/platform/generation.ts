/**
 * What rotating one database does: on `current` servers it reaches the tokens of that database only, on
 * `legacy-group` every token of the group, and `legacy-dedicated` refuses it.
 */
export const SERVER_GENERATIONS = ["current", "legacy-group", "legacy-dedicated"] as const;

export type ServerGeneration = (typeof SERVER_GENERATIONS)[number];

export function requireGeneration(value: string): ServerGeneration {
  const generation = SERVER_GENERATIONS.find((each) => each === value);
  if (generation !== undefined) return generation;
  const names = SERVER_GENERATIONS.map((each) => `"${each}"`);
  throw new RangeError(
    `The server generation must be ${names.slice(0, -1).join(", ")} or ${names.at(-1)}, not "${value}".`,
  );
}

/** What a listing reports as the version of a group's servers. */
export function versionOf(generation: ServerGeneration): string {
  return generation === "current" ? "tech-preview" : "legacy";
}

import { groupBy } from "./record";
import { nameList } from "./text";

/** At most this many causes are shown; a fleet may fail in many ways. */
const MOST_CAUSES = 5;

/**
 * What a resource that needs another run says of it; undefined if it needs none.
 *
 * @param failures by name, why it needs another run
 */
export function describeUnfinished(
  id: string,
  failures: Readonly<Record<string, string>>,
): string | undefined {
  const summary = summarise(failures);
  return summary && `${id}: ${summary} The next \`pulumi up\` does only what is left.`;
}

/**
 * What failed, one sentence per cause; undefined if nothing did.
 *
 * @param failures by name, why it needs another run
 */
export function summarise(failures: Readonly<Record<string, string>>): string | undefined {
  const byCause = groupBy(Object.entries(failures), ([, cause]) => cause);
  const count = Object.keys(failures).length;
  if (count === 0) return undefined;
  const causes = [...byCause].map(([cause, entries]) => {
    const names = entries.map(([name]) => name);
    return `${names.length > 1 ? `${names.length} (${nameList(names)})` : names.join("")}: ${cause}`;
  });
  return `${count} ${count === 1 ? "target needs" : "targets need"} another run. ${firstCauses(causes)}`;
}

/** The first few of many causes, each a sentence, and how many more there are. */
export function firstCauses(causes: readonly string[]): string {
  const rest = causes.length - MOST_CAUSES;
  const more = rest > 0 ? [`And ${rest} more ${rest === 1 ? "cause" : "causes"}.`] : [];
  return [...causes.slice(0, MOST_CAUSES), ...more].join(" ");
}

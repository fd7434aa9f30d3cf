import type { Violation } from "./block";

const NAMES = /\b(app|reports|lone|extra|other|ghost|default|solo|bare)\b/g;
const TIMES = /\d{4}-\d\d-\d\dT[\d:.]+Z/g;
const NUMBERS = /(?<!rule )\b\d+/g;

/** What violations of the same sort have in common: their sentence, without the names and numbers of the one schedule. */
export const kindOf = (message: string): string =>
  message.replace(NAMES, "NAME").replace(TIMES, "TIME").replace(NUMBERS, "N");

const MOST_EXAMPLES = 5;

/** What a soak has found so far. */
export class Tally {
  schedules = 0;
  readonly seeds: number[] = [];
  readonly #kinds = new Map<string, Violation[]>();

  /** @returns whether it is the first of its kind */
  add(violation: Violation): boolean {
    const kind = kindOf(violation.message);
    const known = this.#kinds.get(kind);
    if (known) known.push(violation);
    else this.#kinds.set(kind, [violation]);
    return known === undefined;
  }

  get violations(): number {
    return [...this.#kinds.values()].flat().length;
  }

  /** How much was played and how fast, and each kind of violation with where it was found; the most frequent one first. */
  summary(ms: number): string {
    const rate = ((this.schedules / ms) * 1000).toFixed(1);
    const [first = 0] = this.seeds;
    const last = this.seeds.at(-1) ?? first;
    const seeds = first === last ? `seed ${first}` : `seeds ${first} to ${last}`;
    const head = `${this.schedules} schedules in ${(ms / 1000).toFixed(1)} s, ${rate} a second (${seeds}): ${this.violations} violations`;
    const kinds = [...this.#kinds].sort(([, a], [, b]) => b.length - a.length);
    return [head, ...kinds.map(([kind, found]) => `  ${found.length} x ${kind} (${examples(found)})`)].join(
      "\n",
    );
  }
}

function examples(found: readonly Violation[]): string {
  const shown = found.slice(0, MOST_EXAMPLES).map(({ seed, index }) => `--seed ${seed} --only ${index}`);
  return [...shown, ...(found.length > MOST_EXAMPLES ? ["..."] : [])].join(", ");
}
